//! One pass over data by several threads: lanes, bounded channels, sinks, order, progress.
//!
//! The only room that starts threads. [`parquet_pass`] streams row groups through lanes into sinks
//! and merges what they yield in row-group order; [`block_pass`] hands the blocks of scratch files
//! to workers. An error, a panic or a request to stop in any thread ends the pass as an error.

mod blocks;
mod context;
mod lane;
mod parquet;
mod progress;
mod queue;
mod sink;
mod tasks;

pub(crate) use blocks::{block_pass, parallel_map};
pub use context::Context;
pub(crate) use context::PassReport;
pub(crate) use parquet::{ParquetPass, parquet_pass};
pub use progress::{Progress, Silent};
pub(crate) use sink::{Sink, Slice};
pub(crate) use tasks::{TaskThreads, Tasks};
