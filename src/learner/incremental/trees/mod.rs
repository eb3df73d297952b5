//! Gradient-boosted trees from batches, each read once.
//!
//! ```text
//!   first rows --> bins, fixed from then on (or given: a survey's)
//!   batch --> codes --> refreshes leaf values --> trees on batch + reservoir --> reservoir
//! ```
//!
//! The number of trees and the expected rows are declared, and the trees are spread over the rows. A
//! batch after the last tree is an error. `StreamBooster` grows the trees.

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
