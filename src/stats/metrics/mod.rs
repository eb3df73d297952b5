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
pub mod formulas;
mod groups;
mod multiclass;
mod regression;
mod rows;
#[cfg(test)]
mod tests;

pub use binary::{BinaryMetrics, BinaryTable};
pub use bins::ScoreBins;
pub use catalogue::{Accumulator, Metric};
pub use confusion::ClassCounts;
pub use deviation::Deviation;
pub use groups::{GroupConfusion, GroupF1};
pub use multiclass::{MulticlassMetrics, MulticlassTable};
pub use regression::{RegressionMetrics, RegressionTable};
