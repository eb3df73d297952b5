//! Learners that see each batch once: [`Learner::partial_fit`] in bounded memory.
//!
//! ```text
//!   batch --> checked --> blocks of rows --> standardised, imputed --> learned
//!   (ndarray views)       (256 or 64)        (running moments)         (Newton, or averaged SGD)
//! ```
//!
//! [`OnlineNewton`] is the default and needs memory for the square of its parameters;
//! [`AveragedSgd`] needs a few vectors. Both are pipelines: the raw numbers go in, and the statistics
//! that impute and standardise them are updated with each batch. [`OnlineTrees`] grows boosted trees;
//! its first rows fix the bins. The state is a function of options and batches: random choices are keyed by
//! seed and row.
//!
//! ```
//! use ndarray::array;
//! use rowmill::learner::incremental::{Batch, BatchSchema, Learner, Merge, OnlineNewton};
//! use rowmill::options::LogisticOptions;
//!
//! let schema = BatchSchema::new(&["length", "score"], &["neither", "donor"])?;
//! let mut learner = OnlineNewton::new(schema.clone(), &LogisticOptions::default())?;
//! // A row each; missing values are NaN. Labels are the classes' places.
//! let features = array![[1.0, 0.1], [2.0, f64::NAN], [3.0, 0.7], [4.0, 0.9]];
//! let labels = array![0.0, 0.0, 1.0, 1.0];
//! learner.partial_fit(&Batch::new(features.view(), labels.view()))?;
//! let probabilities = learner.predict(features.view().into())?;
//! assert!(probabilities[[0, 1]] < 0.5 && probabilities[[3, 1]] > 0.5);
//!
//! // A learner of other rows, perhaps on another machine.
//! let mut other = OnlineNewton::new(schema, &LogisticOptions::default())?;
//! other.partial_fit(&Batch::new(features.view(), labels.view()))?;
//! learner.merge(&other)?;
//! assert_eq!(learner.rows(), 8);
//!
//! // Whatever is wrong with a batch, the learner is as it was.
//! let labels = array![0.0, 0.0, 2.0, 1.0];
//! let error = learner.partial_fit(&Batch::new(features.view(), labels.view())).unwrap_err();
//! assert!(error.to_string().contains("label 2 of row 2"));
//! assert_eq!(learner.rows(), 8);
//! # Ok::<(), rowmill::Error>(())
//! ```

mod batch;
mod file;
mod learner;
mod newton;
mod pipeline;
mod rescale;
mod schema;
mod sgd;
mod standardizer;
mod step;
mod trees;

pub use batch::{Batch, Table};
pub use learner::{Learner, Merge};
pub use newton::{NewtonStep, OnlineNewton};
pub use pipeline::{Pipeline, PipelineSnapshot};
pub use schema::BatchSchema;
pub use sgd::{AveragedSgd, SgdStep};
pub use step::Step;
pub use trees::{LearnBlock, OnlineTrees, TreesOptions, online_histogram_bytes};

#[cfg(test)]
mod tests;
