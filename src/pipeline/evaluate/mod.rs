//! evaluate

pub mod base_scores;
pub mod evaluation;
pub mod from_codes;
pub mod from_source;
pub mod progressive;
