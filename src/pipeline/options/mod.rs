//! Options of the steps, by topic. A command combines them.

mod columns;
mod data;
mod incremental;
mod resources;
mod split;

pub use columns::{ColumnOptions, ProfileChoice};
pub use data::DataOptions;
pub(crate) use data::STANDARD_INPUT;
pub use incremental::IncrementalOptions;
pub use resources::ResourceOptions;
pub use split::{SplitOptions, SplitRule};
