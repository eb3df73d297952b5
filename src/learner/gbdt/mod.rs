//! Histogram gradient boosting.

pub mod best_first;
pub mod booster;
pub mod checkpoint;
pub mod constraints;
pub mod curve;
pub mod features;
pub mod gain;
pub mod grower;
pub mod histogram;
pub mod kernel;
pub mod lists;
pub mod loss;
pub mod metric;
pub mod options;
pub mod parallel;
pub mod pass;
pub mod plan;
pub mod quantise;
pub mod renew;
pub mod replay;
pub mod sample;
pub mod split;
pub mod stream;
pub mod summary;
pub mod tree;
pub mod vectors;
pub mod worker;

pub use booster::Booster;
pub use checkpoint::BoosterCheckpoint;
pub use constraints::{Constraints, FeatureKey};
pub use curve::RoundLoss;
pub use features::FeatureCodes;
pub use metric::RoundMetric;
pub use options::{BoosterOptions, Growth, Loss};
pub use parallel::{Parallel, Serial};
pub use pass::{Access, PassRequest};
pub use plan::BoosterPlan;
pub use sample::Sampling;
pub use summary::LabelSummary;
pub use worker::{Worker, WorkerPart};

#[cfg(test)]
mod harness;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;
