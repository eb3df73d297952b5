//! Opening: the dataset with the roles of its columns, its target, splits from a column, validation rows.

pub(crate) mod base_scores;
pub(crate) mod classes;
pub(crate) mod plan_builder;
pub(crate) mod planned_output;
pub(crate) mod split_column;
pub(crate) mod target;
pub(crate) mod training_data;
pub(crate) mod validation;
