//! Which learner with which options: what `--model` means.

use crate::learner::{gbdt::BoosterOptions, logistic::LogisticOptions};

/// A learner and its options.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case", tag = "learner")]
pub enum ModelSpec {
    /// Histogram gradient boosting.
    Gbdt(BoosterOptions),
    /// Logistic regression.
    Logistic(LogisticOptions),
}
