//! one_pass

pub mod first_rows;
pub mod held_out;
pub mod learner;
pub mod linear;
pub mod one_pass_fit;
pub mod rows;
pub mod sizes;
pub mod slice;
pub mod source;
pub mod trees;
