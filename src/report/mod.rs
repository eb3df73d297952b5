//! The artefacts of a run: metrics, tables and records, each file whole or not at all.
//!
//! Every artefact is one file here: a plain input type, a `NAME`, and a `write` into the run's
//! directory. Groups and features come as iterators, so nothing here grows with the data. To add an
//! artefact: write its file, and add its line to [`ARTEFACTS`].
//!
//! A metric that is undefined is `null` in JSON and an empty cell in CSV. One exception, the same
//! everywhere: the F1 of *one group* counts as 0 where it is undefined, in means over groups and in
//! deltas. `docs/notes/artefacts.md` lists every key and column with its unit.

pub(crate) mod artefacts;
pub(crate) mod coefficients;
pub(crate) mod delta;
pub(crate) mod features;
pub(crate) mod metrics;
pub(crate) mod pruned;
pub(crate) mod run;
pub(crate) mod splits;

#[cfg(feature = "cli")]
pub(crate) mod terminal;

mod csv_file;
mod text;

#[cfg(test)]
mod tests;

pub(crate) use crate::pipeline::evaluate::predictions::NAME as PREDICTIONS;

pub use artefacts::{ARTEFACTS, Artefact};
pub(crate) use delta::{DeltaInput, GroupOutcome};
pub use delta::{DeltaSummary, DeltaTally};
pub use features::{FeatureRow, FeatureStatus};
pub use metrics::{MetricsRecord, SplitRecord};
pub use run::{DatasetRecord, PassRecord, RunRecord};
pub(crate) use splits::SplitRow;
