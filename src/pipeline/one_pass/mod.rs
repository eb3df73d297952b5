//! one_pass

pub mod columns;
pub mod first;
pub mod held_out;
pub mod learner;
pub mod learning;
pub mod linear;
pub(crate) mod plan;
pub mod rows;
pub mod sizes;
pub mod source;
pub mod trees;
