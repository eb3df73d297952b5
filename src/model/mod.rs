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

pub(crate) mod binning;
pub(crate) mod bins;
pub(crate) mod coder;
pub(crate) mod features;

pub(crate) mod link;
pub(crate) mod tree;

pub(crate) mod ensemble;
pub(crate) mod linear;

pub(crate) mod predict;

pub(crate) mod bundle;

pub(crate) mod show;
pub(crate) mod summary;

mod codec;
mod cut_table;
mod file;
mod records;
mod validate;

pub use binning::Binning;
pub(crate) use bins::Bins;
pub use bundle::Model;
pub(crate) use bundle::{About, Body, ExcludedColumn, Roles};
pub(crate) use coder::Coder;
pub use ensemble::Ensemble;
pub(crate) use ensemble::Importance;
pub use features::{FeatureSpec, Unseen};
pub(crate) use linear::{Column, Linear, Reading};
pub use link::Link;
#[cfg(test)]
pub(crate) use predict::LinearPredictor;
pub use predict::{ByteTrees, Predictor};
pub use tree::{Leaf, Node, NodeSplit, Rule, Tree};

#[cfg(test)]
mod tests;
