//! Fitting on all rows: trees from codes, logistic regression from values, and the buffers they share.

pub mod boost;
pub mod buffer_pool;
pub mod checkpoint;
pub mod context;
pub mod design_rows;
pub mod finished_model;
pub mod linear;
pub(crate) mod linear_plan;
pub mod linear_spec;
pub mod model_spec;
pub mod newton;
pub mod newton_start;
pub mod sampling;
pub mod sgd;
pub mod slice;
pub mod trees;
pub(crate) mod trees_plan;
