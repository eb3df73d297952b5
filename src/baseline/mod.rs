//! Baseline tables: the metrics of an earlier system by group.

mod discover;
mod guard;
mod read;
mod table;
#[cfg(test)]
mod tests;

pub use discover::discover;
pub use table::{Baseline, BaselineColumns, BaselineCounts, BaselineRow};
