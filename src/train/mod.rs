//! The recipe: which passes in what order. Start reading here.
//!
//! [`train`] is the whole of it:
//!
//! 1. [`job`]: open the data, give every column its part, check the baseline; [`classes`]: what is
//!    learned. [`input`]: nothing is written over the data or among them.
//! 2. [`mod@plan`]: what the run will hold in memory; refused here if that is too much.
//! 3. [`scan`]: labels and groups of all rows, into the [`rows`] file.
//! 4. [`assign`]: every row's split, and the proof that no group is in two; [`validation`]: rows from elsewhere.
//! 5. [`survey`]: what the training rows say about each feature, and the hash sample.
//!    [`mod@prune`]: which columns add nothing, where that is asked; [`trimmed`]: a copy without them.
//! 6. [`bins`]: cut points, dictionaries, the layout of codes.
//! 7. [`binning`] and [`boost`] for trees, [`newton`] or gradient descent for logistic regression. Columns
//!    under suspicion are compared while they are binned.
//!    [`reuse`] finds codes that another run left, and steps 3 to 7 up to the codes are skipped;
//!    [`checkpoint`] is what a stopped run of trees goes on from.
//!    [`online`] learns by batches before.
//! 8. [`scores`] or [`predict`]: metrics of all splits; [`base`]: the base model's on the same rows.

pub mod appended;
pub mod assign;
pub mod base;
pub mod binning;
pub mod bins;
pub mod block_memory;
pub mod boost;
pub mod checkpoint;
pub mod classes;
pub mod evaluate;
pub mod ingredients;
pub mod input;
pub mod job;
pub mod known;
pub mod newton;
pub mod online;
pub mod options;
pub mod output;
pub mod plan;
pub mod predict;
pub mod prune;
pub mod reuse;
pub mod rows;
pub mod scan;
pub mod scores;
pub mod selection;
pub mod split_column;
pub mod state;
pub mod survey;
pub mod target;
pub mod trimmed;
pub mod validation;

mod codes;
mod design_rows;
mod fit;
mod model_spec;
mod recipe;
mod sampling;
mod sgd;
mod slice;
mod spares;
mod start;
mod store;

#[cfg(test)]
mod tests;

pub use options::TrainOptions;
pub use recipe::{Trained, context, plan, train, verify};
