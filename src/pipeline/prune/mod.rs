//! Pruning: drops columns that are constant, duplicate, or highly correlated with another.

pub mod correlate;
pub mod findings;
pub mod gather;
pub mod in_training;
pub mod options;
pub mod plan;
pub mod screening;
pub mod trimmed;
pub mod work;
