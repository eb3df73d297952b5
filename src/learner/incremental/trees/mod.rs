//! Gradient-boosted trees from batches that are seen once.
//!
//! ```text
//!   first rows --> bins, fixed from then on (or given: a survey's)
//!   batch --> codes --> refreshes leaf values --> trees on batch + reservoir --> reservoir
//! ```
//!
//! The budget of trees is declared, and the rows that are expected: the trees are spread over them. A
//! batch after the last tree is an error. What grows trees is `StreamBooster`.

mod bins;
mod budget;
mod coding;
mod file;
mod first_rows;
mod learner;
mod options;
mod trainer;

pub use learner::{LearnBlock, OnlineTrees};
pub use options::TreesOptions;
pub use trainer::online_histogram_bytes;
