//! coding

pub mod binning;
pub mod codes;
pub(crate) mod plan;
