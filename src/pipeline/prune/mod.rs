//! Pruning: drops columns that are constant, duplicate, or highly correlated with another.

pub(crate) mod correlate;
pub(crate) mod findings;
pub(crate) mod gather;
pub(crate) mod in_training;
pub(crate) mod options;
pub(crate) mod plan;
pub(crate) mod screening;
pub(crate) mod trimmed;
pub(crate) mod work;
