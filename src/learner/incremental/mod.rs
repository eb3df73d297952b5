//! Learners that see each batch once: [`Learner::partial_fit`] in bounded memory.
//!
//! ```text
//!   batch --> checked --> blocks of rows --> standardised, imputed --> learned
//!   (ndarray views)       (256 or 64)        (running moments)         (Newton, or averaged SGD)
//! ```
//!
//! [`OnlineNewton`] is the default and needs memory for the square of its parameters;
//! [`AveragedSgd`] needs a few vectors. Both are pipelines: the raw numbers go in, and what imputes
//! and standardises them learns as they come. [`OnlineTrees`] grows boosted trees; its first rows fix the
//! bins. The state is a function of options and batches: what is random is keyed by seed and row.
//!
//! ```
//! use ndarray::array;
//! use rowmill::learner::online::{Batch, Declared, Learner, Merge, OnlineNewton};
//! use rowmill::learner::logistic::LogisticOptions;
//!
//! let declared = Declared::new(&["length", "score"], &["neither", "donor"])?;
//! let mut learner = OnlineNewton::new(declared.clone(), &LogisticOptions::default())?;
//! // A row each; missing values are NaN. Labels are the classes' places.
//! let features = array![[1.0, 0.1], [2.0, f64::NAN], [3.0, 0.7], [4.0, 0.9]];
//! let labels = array![0.0, 0.0, 1.0, 1.0];
//! learner.partial_fit(&Batch::new(features.view(), labels.view()))?;
//! let probabilities = learner.predict(features.view().into())?;
//! assert!(probabilities[[0, 1]] < 0.5 && probabilities[[3, 1]] > 0.5);
//!
//! // A learner of other rows, perhaps on another machine.
//! let mut other = OnlineNewton::new(declared, &LogisticOptions::default())?;
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
mod declared;
mod file;
mod newton;
mod pipeline;
mod rescale;
mod sgd;
mod standardizer;
mod step;
mod trees;

use std::path::Path;

use ndarray::Array2;

use crate::{
    error::{Error, Result},
    format::file as model_file,
    limits::Limits,
};

pub use batch::{Batch, Table};
pub use declared::Declared;
pub use newton::NewtonStep;
pub use pipeline::{Frozen, Pipeline};
pub use sgd::SgdStep;
pub use step::Step;
pub use trees::{LearnBlock, OnlineTrees, TreesOptions, online_histogram_bytes};

/// Logistic regression by a Newton step a block of at most 256 rows, as good as the batch fit after
/// one pass. Memory: two triangles over all parameters.
pub type OnlineNewton = Pipeline<NewtonStep>;

/// Logistic regression by averaged stochastic gradient descent, for more parameters than
/// [`OnlineNewton`] takes. Memory: a few vectors of all parameters.
pub type AveragedSgd = Pipeline<SgdStep>;

/// What learns from batches that it sees once.
///
/// Guarantees of every implementation:
///
/// * **Bounded memory**: a function of features, classes and options, never of rows or batches.
/// * **Deterministic**: the state is a function of the options and the sequence of batches alone.
/// * **All or nothing**: a batch that is an error leaves the learner as it was, to the last bit.
/// * **Continuable**: a learner that was saved and loaded goes on as if it had never been.
pub trait Learner {
    /// Learns from a batch.
    ///
    /// # Errors
    /// [`Error::Dataset`] for a batch without rows, of other columns than declared, with a
    /// label that is no declared class (NaN is none), or with weights that are negative or above 1e12.
    fn partial_fit(&mut self, batch: &Batch<'_>) -> Result<()>;

    /// The probability of each class for each row: rows by classes. Before the first batch all classes
    /// are equally likely.
    ///
    /// # Errors
    /// [`Error::Dataset`] for other columns than declared.
    fn predict(&self, features: Table<'_>) -> Result<Array2<f64>>;

    /// Rows learned from, those of weight 0 included.
    fn rows(&self) -> u64;

    /// What the batches have to be.
    fn declared(&self) -> &Declared;

    /// The learner's file: checksummed, the same bytes for the same learner.
    fn to_bytes(&self) -> Vec<u8>;

    /// Reads a file's bytes, trusting none of them.
    ///
    /// # Errors
    /// A sentence, for anything that is not a sound learner of this kind.
    fn from_bytes(bytes: &[u8]) -> Result<Self, String>
    where
        Self: Sized;

    /// Writes [`Self::to_bytes`] under a temporary name and renames it.
    ///
    /// # Errors
    /// [`Error::Io`] where the system refuses.
    fn save(&self, path: &Path) -> Result<()> {
        model_file::write(path, &self.to_bytes()).map(|_| ())
    }

    /// Reads a learner from a file that may come from anywhere.
    ///
    /// # Errors
    /// [`Error::Io`] where the system refuses, [`Error::Format`] for what [`Self::from_bytes`] refuses.
    fn load(path: &Path) -> Result<Self>
    where
        Self: Sized,
    {
        let bytes = model_file::read(path, Limits::default().model_bytes_max)?;
        Self::from_bytes(&bytes).map_err(|flaw| Error::format(path, flaw))
    }

    /// Bytes held, by capacity.
    fn heap_bytes(&self) -> usize;
}

/// Learners of which two can become one, as if it had seen the rows of both.
pub trait Merge: Learner {
    /// Takes in what another learner with the same declaration and options has learned. The result
    /// is close to, and not bit for bit, what one learner of all rows would be.
    ///
    /// # Errors
    /// [`Error::Dataset`] when features, classes or options differ; the learner is as it was.
    fn merge(&mut self, other: &Self) -> Result<()>;
}

#[cfg(test)]
mod tests;
