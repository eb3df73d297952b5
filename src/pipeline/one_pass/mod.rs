//! one_pass

pub mod columns;
pub mod fed;
pub mod first;
pub mod held_out;
pub mod learning;
pub mod linear;
pub mod rows;
pub mod sizes;
pub mod source;
pub mod trees;

#[cfg(test)]
mod tests;
