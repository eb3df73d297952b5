//! How good predictions are: mergeable tables of a fixed size, finished into numbers for people.
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
mod confusion;
mod exact_sum;
mod fixed;
mod groups;
mod multiclass;
mod regression;
#[cfg(test)]
mod tests;

pub use binary::{BinaryMetrics, BinaryTable};
#[cfg(test)]
pub use bins::BINS;
pub use bins::{Interval, ScoreBins};
pub use confusion::ClassCounts;
pub use groups::{GroupConfusion, GroupF1};
pub use multiclass::{MulticlassMetrics, MulticlassTable};
pub use regression::{Deviation, RegressionMetrics, RegressionTable};

/// The rows of a slice of `len`, or those at the indexes given.
fn rows_at(len: usize, at: Option<&[u32]>) -> impl Iterator<Item = usize> + '_ {
    let (all, chosen) = match at {
        Some(indexes) => (0..0, indexes),
        None => (0..len, &[][..]),
    };
    all.chain(chosen.iter().map(|&index| index as usize))
}
