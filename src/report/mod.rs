//! What a run leaves behind: its metrics, tables and records, each file whole or not at all.
//!
//! Every artefact is one file here: a plain input type, a `NAME`, and a `write` into the run's
//! directory. Groups and features come as iterators, so nothing here grows with the data. To add an
//! artefact: write its file, and add its line to [`ARTEFACTS`].
//!
//! A metric that is undefined is `null` in JSON and an empty cell in CSV. One exception, the same
//! everywhere: the F1 of *one group* counts as 0 where it is undefined, in means over groups and in
//! deltas. `docs/notes/artefacts.md` lists every key and column with its unit.

pub mod coefficients;
pub mod delta;
pub mod features;
pub mod metrics;
pub mod pruned;
pub mod run;
pub mod splits;

#[cfg(feature = "cli")]
pub mod terminal;

mod csv_file;
mod text;

#[cfg(test)]
mod tests;

use crate::pipeline::session::output;

pub use delta::{DeltaInput, DeltaSummary, DeltaTally, GroupOutcome};
pub use features::{FeatureRow, FeatureStatus};
pub use metrics::{MetricsRecord, SplitRecord};
pub use run::{DatasetRecord, PassRecord, RunRecord};
pub use splits::SplitRow;

/// One file of a run's directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Artefact {
    /// Its name in the run's directory.
    pub name: &'static str,
    /// What it is, for a person.
    pub what: &'static str,
}

/// The files of a run's directory, in the order a person reads them.
pub const ARTEFACTS: [Artefact; 9] = [
    Artefact {
        name: "model.rowmill",
        what: "the trained model; `rowmill show` prints it",
    },
    Artefact {
        name: metrics::NAME,
        what: "metrics of each split",
    },
    Artefact {
        name: delta::NAME,
        what: "each held-out group against the baseline",
    },
    Artefact {
        name: features::NAME,
        what: "each column: used or not and why, its range, its importance",
    },
    Artefact {
        name: coefficients::NAME,
        what: "the linear model on the data's scale, with standard errors",
    },
    Artefact {
        name: splits::NAME,
        what: "which group is in which split",
    },
    Artefact {
        name: output::CHECKPOINT,
        what: "the trees for `--resume`, to which more can be added",
    },
    Artefact {
        name: output::LEARNER,
        what: "the learner for `--resume` and `--init-model`",
    },
    Artefact {
        name: run::NAME,
        what: "options, data, memory and time of the run",
    },
];
