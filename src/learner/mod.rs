//! Learners: mutable while training, turned into a [`Model`](crate::Model) at the end.
//!
//! Learners work on blocks and batches lent to them and know neither files nor threads.

pub(crate) mod class_weight;
pub(crate) mod elementary;
pub(crate) mod gbdt;
pub mod incremental;
mod link;
pub(crate) mod logistic;
pub(crate) mod spec;

pub(crate) use class_weight::ClassWeight;
pub(crate) use spec::{ModelChoice, ModelSpec};
