//! Opening: the dataset with the roles of its columns, its target, splits from a column, validation rows.

pub mod base_scores;
pub mod classes;
pub(crate) mod plan_builder;
pub mod planned_output;
pub mod split_column;
pub mod target;
pub mod training_data;
pub mod validation;
