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
mod gathered;
mod learner;
mod learning;
mod options;

pub use learner::{LearnBlock, OnlineTrees};
pub use learning::online_histogram_bytes;
pub use options::TreesOptions;
