//! Histogram gradient boosting.

pub mod options;

pub use options::{BoosterOptions, Loss};
