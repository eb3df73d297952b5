//! Copies of Parquet files with some columns left out: encoded column chunks are copied as they
//! are, and only footers are new.
//!
//! ```text
//! input file: chunk a | chunk b | chunk c | footer
//!                |                    |
//! output:     chunk a |            chunk c | new footer      temporary name, read back, renamed
//! ```
//!
//! Nothing is decoded, so that rows, their order, values, nulls, types, encodings and statistics are
//! what they were. Every file is read back before it gets its name: its footer is parsed again and
//! its chunks' bytes are compared with the input's by their hash. Page indexes and Bloom filters are
//! left out: they are optional, and point to places in the old file.
//!
//! Files of a dataset beside are not copied.

mod arrow;
mod base64;
mod constant;
mod dataset;
mod output;
mod schema;
mod summary;

#[cfg(test)]
mod tests;

pub(crate) use dataset::{copy_to_directory, copy_to_file, fits_one_file};
pub(crate) use summary::CopySummary;
