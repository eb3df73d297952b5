//! Logistic regression by streamed Newton passes.

pub mod options;

pub use options::LogisticOptions;
