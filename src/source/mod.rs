//! Parquet files, in and out: the only room that knows the format.

pub mod write;
