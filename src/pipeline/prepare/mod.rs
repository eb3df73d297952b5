//! What the training rows are: labels, groups, splits, statistics, cut points.

pub mod assign;
pub mod bins;
pub(crate) mod plan;
pub mod scan;
pub mod splitting;
pub mod survey;
