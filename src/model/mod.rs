//! The result of a training: trees or coefficients, their predictions, and the model's file.
//!
//! A model is immutable, self-contained and knows nothing of training. Read in this order:
//!
//! ```text
//!   binning   value -> code (a byte)          coder   the same, fast, a column at a time
//!   features  name, type, binning             link    margin -> probability
//!   tree      node splits over codes          ensemble  base margins + trees
//!   linear    intercepts + coefficients       predict   both, over blocks and batches
//!   container sections, checksums             bundle    the whole `Model` and its file
//!   summary   a model in a few figures        show      the same as text
//! ```

pub mod binning;
pub mod bins;
pub mod coder;
pub mod features;

pub mod link;
pub mod tree;

pub mod ensemble;
pub mod linear;

pub mod predict;

pub mod bundle;

pub mod show;
pub mod summary;

mod codec;
mod cut_table;
mod file;
mod records;
mod validate;

pub use binning::Binning;
pub use bins::Bins;
pub use bundle::{About, Body, ExcludedColumn, Model, Roles};
pub use coder::Coder;
pub use ensemble::{Ensemble, Importance};
pub use features::{FeatureSpec, Unseen};
pub use linear::{Column, Linear, Reading};
pub use link::Link;
#[cfg(test)]
pub use predict::LinearPredictor;
pub use predict::{ByteTrees, Predictor};
pub use tree::{Leaf, Node, NodeSplit, Rule, Tree};

#[cfg(test)]
mod tests;
