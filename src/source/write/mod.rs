//! A small typed Parquet writer: a table is a list of row groups, a row group a slice per column.
//!
//! ```text
//! create(path)          write_row_group(columns)*             finish()
//! temp file beside it   one column after the other, in slices  sync, rename, sync the directory
//! ```
//!
//! Nothing is seen under the final name before `finish`; dropping the writer removes the temporary
//! file. Memory: one compressed row group's columns are written as they come, so what is held is a
//! slice's levels and values, and one page and dictionary of one column.

mod column;
mod data;
mod file;
mod options;

#[cfg(test)]
mod tests;

pub use data::ColumnData;
pub use file::TableWriter;
#[cfg(test)]
pub(crate) use options::Compression;
pub use options::{ColumnKind, ColumnSpec, WriteOptions};
