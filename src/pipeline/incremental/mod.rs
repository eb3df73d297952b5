//! Training by batches: the steps of `rowmill incremental` beyond those of `rowmill train`.
//!
//! ```text
//!   training rows in row order --> batches --> scored --> learned --> learner.rowmill
//!                                                |                        |
//!                                     progressive validation        --resume, --init-model
//! ```
//!
//! `linear` reads the source, `trees` reads codes on scratch. [`crate::pipeline::one_pass`] reads each row once.
//! Splits, survey, evaluation and reports are those of `train`.

pub(crate) mod declared_target;
pub(crate) mod earlier_learner;
pub(crate) mod exact_fit;
pub(crate) mod learner_file;
pub(crate) mod linear;
pub(crate) mod linear_learner;
pub(crate) mod plan;
pub(crate) mod row_feeder;
pub(crate) mod saver;
pub(crate) mod stored_learner;
pub(crate) mod tree_feeder;
pub(crate) mod trees;
