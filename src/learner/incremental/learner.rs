//! The interface of learners that see each batch once.

use std::path::Path;

use ndarray::Array2;

use crate::{
    error::{Error, Result},
    format::file as model_file,
    learner::incremental::{
        batch::{Batch, Table},
        schema::BatchSchema,
    },
    limits::Limits,
};

/// A learner that sees each batch once.
///
/// Guarantees of every implementation:
///
/// * **Bounded memory**: a function of features, classes and options, never of rows or batches.
/// * **Deterministic**: the state is a function of the options and the sequence of batches alone.
/// * **All or nothing**: a batch that is an error leaves the learner as it was, to the last bit.
/// * **Continuable**: a learner that was saved and loaded continues as if it had never been saved.
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

    /// Training rows so far, those of weight 0 included.
    fn rows(&self) -> u64;

    /// The schema of the batches.
    fn schema(&self) -> &BatchSchema;

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

    /// Reads a learner from an untrusted file.
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
