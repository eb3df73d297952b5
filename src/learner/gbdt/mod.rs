//! Histogram gradient boosting.

pub(crate) mod best_first;
pub(crate) mod boost;
pub(crate) mod checkpoint;
mod constants;
pub(crate) mod constraints;
pub(crate) mod curve;
mod ensemble_builder;
pub(crate) mod features;
pub(crate) mod gain;
pub(crate) mod grower;
pub(crate) mod growth_context;
pub(crate) mod histogram;
pub(crate) mod kernel;
pub(crate) mod loss;
pub(crate) mod metric;
pub(crate) mod options;
pub(crate) mod partition;
pub(crate) mod pass;
pub(crate) mod plan;
pub(crate) mod quantise;
pub(crate) mod renew;
pub(crate) mod replay;
pub(crate) mod sample;
mod search;
pub(crate) mod split;
pub(crate) mod stream;
pub(crate) mod summary;
pub(crate) mod tree;
pub(crate) mod value_range;
pub(crate) mod worker;
mod worker_buffers;
mod worker_part;

pub(crate) use boost::Booster;
pub(crate) use checkpoint::BoosterCheckpoint;
pub(crate) use constraints::{Constraints, FeatureKey};
pub(crate) use curve::RoundLoss;
pub(crate) use features::FeatureCodes;
pub use options::{BoosterOptions, Growth, Loss};
pub(crate) use pass::{Access, PassRequest};
pub(crate) use plan::BoosterPlan;
pub use sample::Sampling;
pub(crate) use worker::Worker;
#[cfg(test)]
pub(crate) use worker_part::WorkerPart;

#[cfg(test)]
mod harness;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;
