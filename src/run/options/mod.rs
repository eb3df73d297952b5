//! Options of runs.

pub mod incremental;
pub mod train;
