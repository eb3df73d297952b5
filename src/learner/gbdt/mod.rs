//! Histogram gradient boosting.

pub mod elementary;
pub mod exact;
pub mod kernel;
pub mod options;

pub use options::{BoosterOptions, Loss};
