//! `run.json`: what was asked, on which data, and what it took.

use std::{io::Write, path::Path};

use serde_json::Value;

use crate::{
    error::Result, memory_plan::MemoryPlan, pipeline::open::validation::Validation,
    platform::atomic,
};

/// The file's name.
pub(crate) const NAME: &str = "run.json";

/// One pass over the data.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct PassRecord {
    /// `scan`, `survey`, `binning`, `trees`, ...
    pub name: String,
    /// Seconds from its start to its end.
    pub seconds: f64,
    /// Rows it saw; of a pass that is repeated, the rows of all repetitions.
    pub rows: u64,
    /// Bytes it read from Parquet or scratch.
    pub bytes_read: u64,
    /// Rows a second; `None` for a pass too short to tell.
    pub rows_per_second: Option<f64>,
}

impl PassRecord {
    /// A pass and its speed.
    pub fn new(name: impl Into<String>, seconds: f64, rows: u64, bytes_read: u64) -> Self {
        Self {
            name: name.into(),
            seconds,
            rows,
            bytes_read,
            rows_per_second: (seconds > 0.0).then(|| (rows as f64 / seconds).round()),
        }
    }
}

/// The input, validation rows from elsewhere included.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize)]
pub struct DatasetRecord {
    /// As the user named it.
    pub path: String,
    /// Parquet files.
    pub files: u64,
    /// Row groups of all files.
    pub row_groups: u64,
    /// Rows of all files.
    pub rows: u64,
    /// Columns of the unified schema.
    pub columns: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// Rows left out for want of a label.
    pub rows_without_label: u64,
    /// The share of `--val-dir` in all that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<Validation>,
}

/// Everything `run.json` says. Fields are its keys.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize)]
pub struct RunRecord {
    /// The version of rowmill.
    pub rowmill_version: String,
    /// Every option of the run, defaults filled in.
    pub options: Value,
    /// The seed of every random choice.
    pub seed: u64,
    /// The kind of target: `binary`, `multiclass`, `regression`.
    pub task: String,
    /// The target column.
    pub target: String,
    /// Class names in class order; empty for regression.
    pub classes: Vec<String>,
    /// The column whose rows stay together, if any.
    pub group_column: Option<String>,
    /// The profile that gave roles to columns, if any.
    pub profile: Option<String>,
    /// The input.
    pub dataset: DatasetRecord,
    /// The hash of the files' names, sizes and footers, in hexadecimal.
    pub data_fingerprint: String,
    /// The path of the baseline table.
    pub baseline: Option<String>,
    /// Features of the model.
    pub features: u64,
    /// Trees of the model; `None` for logistic regression.
    pub trees: Option<u64>,
    /// The SHA-256 of bins, base margins and trees; `None` for logistic regression.
    pub trees_sha256: Option<String>,
    /// The SHA-256 of categories and coefficients; `None` for trees.
    pub coefficients_sha256: Option<String>,
    /// The model file's SHA-256, as `sha256sum` prints it.
    pub model_sha256: String,
    /// True if the reloaded model gave the same test metrics; `None` without `--verify`.
    pub verified: Option<bool>,
    /// The value of `--memory`.
    pub memory_limit_bytes: u64,
    /// The plan's largest phase.
    pub memory_plan_bytes: u64,
    /// The most memory that the process held, as the kernel counts it.
    pub peak_rss_bytes: Option<u64>,
    /// The plan, line by line.
    pub memory_plan: MemoryPlan,
    /// The scratch directory of an earlier run whose codes were used; `None` if they were made anew.
    pub reused_scratch: Option<String>,
    /// Rounds of the checkpoint that the run went on from; `None` for a run from the beginning.
    pub resumed_rounds: Option<u32>,
    /// Bytes of the scratch files at their largest.
    pub scratch_bytes: u64,
    /// Threads.
    pub threads: usize,
    /// Seconds from the start to the end of the run.
    pub seconds_total: f64,
    /// Seconds from the start to the saved model; evaluation and verification come after.
    pub seconds_to_model: f64,
    /// The passes in the order of the run.
    pub passes: Vec<PassRecord>,
    /// The warnings of the run.
    pub warnings: Vec<String>,
}

/// Writes the record. The last artefact of a run: where it is, the run is finished.
///
/// # Errors
/// [`crate::error::Error::Io`] naming the file.
pub(crate) fn write(directory: &Path, run: &RunRecord) -> Result<()> {
    atomic::write(directory.join(NAME), |writer| {
        serde_json::to_writer_pretty(&mut *writer, run)?;
        writer.write_all(b"\n")
    })
}
