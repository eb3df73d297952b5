//! Memory plans of runs.

mod linear;
pub(crate) mod plan;
mod predictions;
mod trees;

pub use plan::*;
