//! The options of each command, and their contradictions.

mod incremental;
mod output;
mod train;

pub(crate) use incremental::check_incremental;
pub use output::OutputOptions;
pub use train::TrainOptions;
