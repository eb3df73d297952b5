//! A map from 64-bit keys to counters and a name, of any size in bounded memory.

pub(crate) mod map;
pub(crate) mod merge;
mod run;
mod table;
#[cfg(test)]
mod tests;

pub use map::{Entry, SpillMap};
pub use merge::Entries;
