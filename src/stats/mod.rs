//! Mergeable statistics: moments, co-moments, category counts, the row sample's threshold and the cut
//! points that follow from it, metrics.
//!
//! A statistic sees batches, is merged with the statistics of other row groups or threads, and is
//! finished into an answer. Counts and metrics are integers or fixed point, so that any order of
//! merging gives the same bits; moments are f64 and are merged in row-group order.

pub mod categories;
pub mod comoments;
pub mod cuts;
pub mod exact_sum;
pub mod metrics;
pub mod moments;
pub mod sample;

pub use categories::CategoryCounts;
pub use comoments::{CoMoments, CoMomentsPlan, PairMoments};
pub use exact_sum::ExactSum;
pub use moments::{Moments, MomentsStream};
