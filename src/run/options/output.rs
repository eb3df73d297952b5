//! The output directory of a run.

use std::path::PathBuf;

/// The directory of a run's files, and which of them are written.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct OutputOptions {
    /// The directory.
    pub out_dir: PathBuf,
    /// Whether a run in it is replaced.
    pub overwrite: bool,
    /// Whether the run in it continues from its checkpoint.
    pub resume: bool,
    /// Seconds between checkpoints; 0 for one after every round.
    pub checkpoint_seconds: u64,
    /// Whether the data without the pruned columns are written too.
    pub trimmed: bool,
    /// Whether the saved model is opened again and checked on the test rows.
    pub verify: bool,
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
        }
    }
}
