//! Codes of all rows for trees: the decision which features to code, and the binning pass that writes them.

pub(crate) mod binning;
pub(crate) mod codes;
pub(crate) mod plan;
