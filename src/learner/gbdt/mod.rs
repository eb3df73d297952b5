//! Histogram gradient boosting.

pub mod best_first;
pub mod boost;
pub mod checkpoint;
mod constants;
pub mod constraints;
pub mod curve;
mod ensemble_builder;
pub mod features;
pub mod gain;
pub mod grower;
pub mod growth_context;
pub mod histogram;
pub mod kernel;
pub mod loss;
pub mod metric;
pub mod options;
pub mod partition;
pub mod pass;
pub mod plan;
pub mod quantise;
pub mod renew;
pub mod replay;
pub mod sample;
mod search;
pub mod split;
pub mod stream;
pub mod summary;
pub mod tree;
pub mod value_range;
pub mod worker;
mod worker_buffers;
mod worker_part;

pub use boost::Booster;
pub use checkpoint::BoosterCheckpoint;
pub use constraints::{Constraints, FeatureKey};
pub use curve::RoundLoss;
pub use features::FeatureCodes;
pub use options::{BoosterOptions, Growth, Loss};
pub use pass::{Access, PassRequest};
pub use plan::BoosterPlan;
pub use sample::Sampling;
pub use worker::Worker;
#[cfg(test)]
pub use worker_part::WorkerPart;

#[cfg(test)]
mod harness;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;
