//! Evaluation of a finished model: from codes, from the raw data, and of base scores.

pub mod base_scores;
pub mod evaluation;
pub mod from_codes;
pub mod from_source;
pub(crate) mod plan;
pub(crate) mod prediction_pass;
pub mod progressive;
