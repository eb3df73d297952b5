//! Memory, threads and scratch.

use std::path::PathBuf;

use crate::{
    limits::{Limits, MEMORY_DEFAULT_BYTES},
    platform::parallel::threads_default,
};

/// Memory, threads and scratch of a run.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct ResourceOptions {
    /// Directory of scratch files; `None` for the output directory.
    pub scratch_dir: Option<PathBuf>,
    /// Accept a scratch directory in memory (tmpfs).
    pub allow_tmpfs: bool,
    /// Keep the codes at the end, for other runs on the same data.
    pub keep_scratch: bool,
    /// The memory limit.
    pub memory_bytes: u64,
    /// Threads.
    pub threads: usize,
    /// Bounds; `batch_rows_max` is the user's `--batch-size`.
    #[serde(skip)]
    pub limits: Limits,
}

impl Default for ResourceOptions {
    fn default() -> Self {
        Self {
            scratch_dir: None,
            allow_tmpfs: false,
            keep_scratch: false,
            memory_bytes: MEMORY_DEFAULT_BYTES,
            threads: threads_default(),
            limits: Limits::default(),
        }
    }
}
