//! What makes it a run: one recipe a command.

pub mod cache;
pub mod checkpoint;
pub mod data_guard;
pub mod directory;
pub mod identity;
pub mod model_spec;
pub mod options;
pub mod plan;
pub(crate) mod predictions;
pub mod prune;
pub mod train;

#[cfg(test)]
mod tests;
