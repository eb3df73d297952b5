//! Evaluation of a finished model: from codes, from the raw data, and of base scores.

pub mod base_scores;
pub mod code_pass;
pub mod evaluation;
pub(crate) mod plan;
pub(crate) mod prediction_pass;
pub(crate) mod predictions;
pub mod progressive;
pub mod source_pass;
