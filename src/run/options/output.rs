//! The output directory of a run.

use std::path::PathBuf;

/// The directory of a run's files, and which of them are written.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct OutputOptions {
    /// The directory.
    pub out_dir: PathBuf,
    /// Replace an earlier run in the directory.
    pub overwrite: bool,
    /// Continue the run in the directory from its checkpoint.
    pub resume: bool,
    /// Seconds between checkpoints; 0 for one after every round.
    pub checkpoint_seconds: u64,
    /// Write a copy of the data without the pruned columns.
    pub trimmed: bool,
    /// Reload the saved model and check it on the test rows.
    pub verify: bool,
    /// Write the valid and test rows with their predictions.
    pub predictions: bool,
}

impl OutputOptions {
    /// The defaults of `rowmill incremental`: a checkpoint after every batch.
    pub fn incremental() -> Self {
        Self {
            checkpoint_seconds: 0,
            ..Self::default()
        }
    }
}

impl Default for OutputOptions {
    fn default() -> Self {
        Self {
            out_dir: PathBuf::from("rowmill-run"),
            overwrite: false,
            resume: false,
            checkpoint_seconds: 10,
            trimmed: true,
            verify: true,
            predictions: false,
        }
    }
}
