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

pub use blocks::{block_pass, parallel_map};
pub use context::{Context, PassReport};
pub use parquet::{ParquetPass, parquet_pass};
pub use progress::{Progress, Silent};
pub use sink::{Sink, Slice};
pub use tasks::{TaskThreads, Tasks};
