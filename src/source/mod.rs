//! Parquet files, in and out, and Arrow streams: the only room that knows the formats.
//!
//! ```text
//! path or glob --discover--> files --footer--> Dataset: schema, row groups, sums
//!                                                |
//!      LaneReader (one a thread): row group -> column -> slices of Values
//!        chunk: its bytes, bounded    pages: headers checked    column: decoded, converted
//! ```
//!
//! Files are not trusted: sizes are checked before anything is allocated, page
//! headers are walked before the decoder sees them, checksums are verified where there are any,
//! panics of the decoder become errors, rows are counted. Every error names the place.

mod arrow;
mod chunk;
mod column;
pub(crate) mod copy;
mod cost;
mod dataset;
mod delta;
mod discover;
mod estimate;
mod file_type;
mod footer;
mod guard;
mod lane;
mod numbers;
mod opening;
mod pages;
mod text;
mod thrift;
mod unify;
pub(crate) mod write;

#[cfg(test)]
mod tests;

pub(crate) use arrow::ArrowStream;
pub(crate) use dataset::DataFile;
pub use dataset::Dataset;
pub(crate) use discover::{DatasetPattern, real};
pub use lane::LaneReader;
pub use opening::OpenOptions;
