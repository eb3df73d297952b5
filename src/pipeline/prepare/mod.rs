//! The passes before the fit: labels and groups of all rows, splits, statistics, cut points.

pub(crate) mod assign;
pub(crate) mod assign_spec;
pub(crate) mod bins;
pub(crate) mod block_assigner;
pub(crate) mod plan;
pub(crate) mod scan;
pub(crate) mod split_checks;
pub(crate) mod splitting;
pub(crate) mod survey;
