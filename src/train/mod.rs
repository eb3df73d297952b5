//! The recipe: which passes in what order.

pub mod options;

pub use options::TrainOptions;
