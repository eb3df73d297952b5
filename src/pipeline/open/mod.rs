//! open

pub mod base_scores;
pub mod classes;
pub mod planned_output;
pub mod split_column;
pub mod target;
pub mod training_data;
pub mod validation;
