//! The table of the files in a run's directory.

use crate::{
    pipeline::{evaluate::predictions::NAME as PREDICTIONS, session::output},
    report::{coefficients, delta, features, metrics, run, splits},
};

/// One file of a run's directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Artefact {
    /// The name in the run's directory.
    pub name: &'static str,
    /// A description for people.
    pub what: &'static str,
}

/// The files of a run's directory, in reading order.
pub const ARTEFACTS: [Artefact; 10] = [
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
        what: "the split of each group",
    },
    Artefact {
        name: PREDICTIONS,
        what: "the valid and test rows with their predictions",
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
