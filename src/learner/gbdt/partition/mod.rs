//! The partition of rows into the leaves of a growing tree.

mod lists;
mod rows;
mod rule;
pub mod vectors;

pub use lists::{NO_SLOT, RowLists};
pub use rows::{NONE, count, partition_rows};
pub use rule::PartitionRule;
