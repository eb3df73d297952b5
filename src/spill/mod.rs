//! A map from 64-bit keys to counters and a name, of any size in bounded memory.
//!
//! ```text
//!   add ---> table in memory --full--> sorted run on disk --16 of a level--> one of the next
//!                    \______________________ | ______________________________/
//!                                            v
//!                                   entries in key order
//! ```
//!
//! Counters of one key add up, wherever they are, so the answer does not depend on when the table
//! was full. Runs are unnamed temporary files, which the system removes however the process ends.

mod entry;
mod map;
mod merge;
mod run;
mod table;

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use entry::Entry;
pub(crate) use map::SpillMap;
pub(crate) use merge::Entries;
