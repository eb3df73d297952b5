//! Fitting a learner on all rows.

pub mod boost;
pub mod checkpoint;
pub mod context;
pub mod design_rows;
pub mod finished_model;
pub mod linear;
pub(crate) mod linear_plan;
pub mod model_spec;
pub mod newton;
pub mod newton_start;
pub mod recycle;
pub mod sampling;
pub mod sgd;
pub mod slice;
pub mod trees;
pub(crate) mod trees_plan;
