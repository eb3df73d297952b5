//! Predictions: over code blocks, over batches of values.
//!
//! Every predictor is cheap to clone (the model part is shared) and owns its working memory, so each
//! thread has its own. Margins are f32 and output-major: output `k` of row `i` at `k * rows + i`.
//! They depend on the row alone, never on how rows are cut into blocks or batches.

mod blend;
pub(crate) mod byte_trees;
pub(crate) mod linear;
pub(crate) mod predictor;
mod tile;
mod walk;

pub use byte_trees::ByteTrees;
#[cfg(test)]
pub(crate) use linear::LinearPredictor;
pub use predictor::Predictor;
