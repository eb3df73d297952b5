//! Learning by batches: what `rowmill incremental` does beyond `rowmill train`.
//!
//! ```text
//!   training rows in row order --> batches --> scored --> learned --> learner.rowmill
//!                                                |                        |
//!                                     progressive validation        --resume, --init-model
//! ```
//!
//! `linear` learns from data that are read more than once, `trees` from codes on scratch. Rows that are read
//! once are learned in [`crate::pipeline::one_pass`]. Splits, survey, evaluation and reports are those of
//! `train`.

pub mod declared_target;
pub mod earlier_learner;
pub mod exact_fit;
pub mod learner_file;
pub mod linear;
pub mod linear_learner;
pub(crate) mod plan;
pub mod row_feeder;
pub mod saver;
pub mod tree_feeder;
pub mod trees;
