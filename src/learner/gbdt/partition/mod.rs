//! The partition of rows into the leaves of a growing tree.

mod lists;
mod rows;
mod rule;
pub(crate) mod vectors;

pub use lists::{NO_SLOT, RowLists};
pub use rows::partition_rows;
pub(crate) use rows::{NONE, count};
pub use rule::PartitionRule;
