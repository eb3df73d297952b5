//! Codes of all rows for trees: the decision which features to code, and the binning pass that writes them.

pub mod binning;
pub mod codes;
pub(crate) mod plan;
