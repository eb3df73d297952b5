//! The passes before the fit: labels and groups of all rows, splits, statistics, cut points.

pub mod assign;
pub mod assign_spec;
pub mod bins;
pub mod block_assigner;
pub(crate) mod plan;
pub mod scan;
pub mod split_checks;
pub mod splitting;
pub mod survey;
