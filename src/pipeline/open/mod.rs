//! open

pub mod classes;
pub(crate) mod plan_builder;
pub mod planned_output;
pub mod split_column;
pub mod target;
pub mod training_data;
pub mod validation;
