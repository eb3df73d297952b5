//! Learning by batches: what `rowmill incremental` does beyond `rowmill train`.
//!
//! ```text
//!   training rows in row order --> batches --> scored --> learned --> learner.rowmill
//!                                                |                        |
//!                                     progressive validation        --resume, --init-model
//! ```
//!
//! `batches` learns from data that are read more than once, `once` from files or a stream that are read
//! once. The other steps of the run, splits,
//! survey, evaluation and reports, are those of `train`.

mod batches;
mod curve;
mod feeder;
mod file;
mod learner;
mod once;
mod saver;
mod started;

use std::path::PathBuf;

pub(super) use batches::fit_online;
pub use curve::{Curve, CurvePoint};
pub(super) use feeder::batch_bytes;
pub(super) use once::{MESSAGE_SHARE_OF_MEMORY, Source, learn_once, open_job, slice_rows};
pub use started::initial_options;
pub(super) use started::{Started, declared_target, started_from};

/// What a run by batches is told beside a training's options.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct OnlineOptions {
    /// Training rows of a batch; at least 1.
    pub batch_rows: usize,
    /// Whether each row is read once: no scan, no survey, no exact passes at the end.
    pub one_pass: bool,
    /// The learner that the run goes on with: a run's directory, its model or its `learner.rowmill`.
    pub init_model: Option<PathBuf>,
    /// The classes there will be, whether or not the data have them yet; `None` asks profile and data.
    pub classes: Option<Vec<String>>,
}
