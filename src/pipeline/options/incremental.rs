//! Learning by batches.

use std::path::PathBuf;

use crate::error::{Error, Result};

/// Options of an incremental run, beside those of a training.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct IncrementalOptions {
    /// Training rows of a batch; at least 1.
    #[serde(rename = "batch_size")]
    pub batch_rows: usize,
    /// Read each row once: no scan, no survey, no final fit on all rows.
    pub one_pass: bool,
    /// The learner that the run continues: a run's directory, its model or its `learner.rowmill`.
    pub init_model: Option<PathBuf>,
    /// All classes of the target, whether or not the data have them yet; `None` takes those of profile and data.
    pub classes: Option<Vec<String>>,
    /// Rows of data that do not say how many they have, for trees.
    #[serde(rename = "expected_rows")]
    pub rows_expected: Option<u64>,
    /// Rounds of trees that an earlier learner grows in addition; `None` for the same rate per row as before.
    pub more_trees: Option<u32>,
}

impl Default for IncrementalOptions {
    fn default() -> Self {
        Self {
            batch_rows: 200_000,
            one_pass: false,
            init_model: None,
            classes: None,
            rows_expected: None,
            more_trees: None,
        }
    }
}

impl IncrementalOptions {
    /// The rows of the data, or the rows that are expected of a stream.
    ///
    /// # Errors
    /// [`Error::Usage`] for a stream without an expectation.
    pub(crate) fn rows_expected(&self, rows_of_files: Option<u64>) -> Result<u64> {
        rows_of_files.or(self.rows_expected).ok_or_else(|| {
            Error::Usage(
                "a stream does not say how many rows it has, and trees are spread over the rows; say about how \
                 many will come with --expected-rows (more are an error)"
                    .to_owned(),
            )
        })
    }
}
