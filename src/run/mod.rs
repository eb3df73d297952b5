//! The commands: one recipe each for `train`, `incremental`, one-pass runs and `prune`, with their options,
//! memory plan, cache of codes and artefacts.

pub(crate) mod options;

pub(crate) mod admission;
pub(crate) mod artefacts;
pub(crate) mod cache;
pub(crate) mod calls;
pub(crate) mod earlier_learner;
pub(crate) mod incremental;
pub(crate) mod one_pass;
pub(crate) mod plan;
pub(crate) mod planning;
pub(crate) mod predictions;
pub(crate) mod prune;
pub(crate) mod train;
pub(crate) mod trained;

#[cfg(test)]
mod tests;
