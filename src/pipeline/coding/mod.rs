//! coding

pub mod binning;
pub mod codes;
