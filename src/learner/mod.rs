//! Learners: mutable while training, turned into a [`Model`](crate::Model) at the end.
//!
//! Learners borrow blocks and batches, and depend neither on files nor on threads.

pub(crate) mod class_weight;
pub(crate) mod elementary;
pub(crate) mod gbdt;
pub mod incremental;
mod link;
pub(crate) mod logistic;
pub(crate) mod spec;

pub(crate) use class_weight::ClassWeight;
pub(crate) use spec::{ModelChoice, ModelSpec};
