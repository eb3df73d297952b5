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

pub mod declared_target;
pub mod earlier_learner;
pub mod exact_fit;
pub mod learner_file;
pub mod linear;
pub mod linear_learner;
pub(crate) mod plan;
pub mod row_feeder;
pub mod saver;
pub mod stored_learner;
pub mod tree_feeder;
pub mod trees;
