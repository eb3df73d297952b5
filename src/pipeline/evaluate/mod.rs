//! Evaluation of a finished model: from codes, from the raw data, and of base scores.

pub(crate) mod base_scores;
pub(crate) mod code_pass;
pub(crate) mod evaluation;
pub(crate) mod plan;
pub(crate) mod prediction_pass;
pub(crate) mod predictions;
pub(crate) mod progressive;
pub(crate) mod source_pass;
