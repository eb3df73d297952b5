//! Metrics of predictions: mergeable tables of a fixed size, finished into numbers for people.
//!
//! Every table is integers or fixed point, so any order of updates and merges gives the same bits.
//! Ranking metrics (AUC-ROC, AUC-PR) come from histograms of the margin and carry an interval that
//! certainly holds the value an exact sort of all rows would give.
//!
//! Definitions are scikit-learn's. A metric that is undefined (no positive rows, no predicted
//! positives) is `None`, which is `null` in JSON, never a number that looks like an answer.
//! Weights play no part: a metric counts rows.

mod binary;
mod bins;
mod catalogue;
mod confusion;
mod deviation;
mod fixed;
pub(crate) mod formulas;
mod groups;
mod multiclass;
mod regression;
mod rows;
#[cfg(test)]
mod tests;

pub(crate) use binary::{BinaryMetrics, BinaryTable};
pub(crate) use bins::ScoreBins;
pub(crate) use catalogue::{Accumulator, Metric};
pub(crate) use confusion::ClassCounts;
pub(crate) use deviation::Deviation;
pub(crate) use groups::{GroupConfusion, GroupF1};
pub(crate) use multiclass::{MulticlassMetrics, MulticlassTable};
pub(crate) use regression::{RegressionMetrics, RegressionTable};
