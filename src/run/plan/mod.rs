//! Memory plans of runs.

mod linear;
pub(crate) mod plan;
mod trees;

pub use plan::*;
