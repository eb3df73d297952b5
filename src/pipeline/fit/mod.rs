//! fit

pub mod boost;
pub mod design_rows;
pub mod fitting;
pub mod newton;
pub mod newton_start;
pub mod recycle;
pub mod sampling;
pub mod sgd;
pub mod slice;
