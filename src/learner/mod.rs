//! Learners: mutable while training, turned into a `model` at the end.
//!
//! Learners borrow blocks and batches, and depend neither on files nor on threads.

mod class_weight;
pub mod elementary;
pub mod gbdt;
pub mod incremental;
mod link;
pub mod logistic;
pub mod spec;

pub use class_weight::ClassWeight;
pub use incremental::{Batch, Learner, Merge};
pub use spec::{ModelChoice, ModelSpec};
