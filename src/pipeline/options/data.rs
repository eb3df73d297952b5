//! The dataset and the tables beside it.

use std::path::PathBuf;

/// The dataset's name that means the standard input.
pub(crate) const STANDARD_INPUT: &str = "-";

/// The dataset, its validation rows and its baseline.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct DataOptions {
    /// A Parquet file, a directory or a glob; `-` for an Arrow stream on the standard input.
    pub dataset: String,
    /// Another dataset, whose labelled rows are the valid split; `valid_size` is 0 then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<String>,
    /// The baseline table; `None` looks for one beside the dataset.
    pub baseline: Option<PathBuf>,
}
