//! What makes it a run: one recipe a command, over values that each phase returns.

pub mod options;

pub(crate) mod admission;
pub(crate) mod artefacts;
pub(crate) mod cache;
pub(crate) mod calls;
pub(crate) mod earlier_learner;
pub(crate) mod incremental;
pub(crate) mod one_pass;
pub mod plan;
pub mod planning;
pub mod prune;
pub mod train;
pub(crate) mod trained;

#[cfg(test)]
mod tests;
