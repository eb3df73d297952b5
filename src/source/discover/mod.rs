//! The files of a dataset: one file, a directory, or a glob, in natural name order.
//!
//! Hidden files, `_SUCCESS` and the like, and whatever is not `.parquet` are left out. In a
//! directory only sub-directories named `key=value` are entered; the key becomes a column.

mod hive;
mod path_pattern;
mod search;
mod walk;

#[cfg(test)]
mod tests;

pub(super) use hive::HIVE_MISSING;
pub(crate) use search::{DatasetPattern, real};
pub(super) use walk::{FileEntry, discover};
