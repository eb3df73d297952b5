//! Mergeable statistics: moments, co-moments, category counts, the row sample's threshold and the cut
//! points that follow from it, metrics.
//!
//! A statistic sees batches, is merged with the statistics of other row groups or threads, and is
//! finished into an answer. Counts and metrics are integers or fixed point, so that any order of
//! merging gives the same bits; moments are f64 and are merged in row-group order.

pub(crate) mod categories;
pub(crate) mod comoments;
pub(crate) mod cuts;
pub(crate) mod exact_sum;
pub(crate) mod metrics;
pub(crate) mod moments;
pub(crate) mod sample;

pub(crate) use categories::CategoryCounts;
pub(crate) use comoments::{CoMoments, CoMomentsPlan, PairMoments};
pub(crate) use exact_sum::ExactSum;
pub(crate) use moments::{Moments, MomentsStream};
