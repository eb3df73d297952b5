//! Fitting on all rows: trees from codes, logistic regression from values, and the buffers they share.

pub(crate) mod boost;
pub(crate) mod buffer_pool;
pub(crate) mod checkpoint;
pub(crate) mod context;
pub(crate) mod design_rows;
pub(crate) mod finished_model;
pub(crate) mod linear;
pub(crate) mod linear_plan;
pub(crate) mod linear_spec;
pub(crate) mod model_spec;
pub(crate) mod newton;
pub(crate) mod newton_start;
pub(crate) mod sampling;
pub(crate) mod sgd;
pub(crate) mod slice;
pub(crate) mod trees;
pub(crate) mod trees_plan;
