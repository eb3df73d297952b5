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

pub(crate) mod first_rows;
pub(crate) mod held_out;
pub(crate) mod learner;
pub(crate) mod linear;
pub(crate) mod one_pass_fit;
pub(crate) mod plan;
pub(crate) mod reread;
pub(crate) mod rows;
pub(crate) mod sizes;
pub(crate) mod slice;
pub(crate) mod source;
pub(crate) mod trees;

#[cfg(test)]
mod tests;
