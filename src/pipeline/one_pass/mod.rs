//! Training on data that are read once: no scan, no survey, no second pass.
//!
//! ```text
//!   Parquet or Arrow stream --> slices --> label, group, split by hash
//!                                            |
//!  first training rows fix design or bins ---+--> training rows: batches, scored and learned
//!                                            +--> held-out rows: stored, scored at the end
//! ```
//!
//! The first rows are held until design or bins are fixed, and then used like all others.

pub mod first_rows;
pub mod held_out;
pub mod learner;
pub mod linear;
pub mod one_pass_fit;
pub(crate) mod plan;
pub(crate) mod reread;
pub mod rows;
pub mod sizes;
pub mod slice;
pub mod source;
pub mod trees;

#[cfg(test)]
mod tests;
