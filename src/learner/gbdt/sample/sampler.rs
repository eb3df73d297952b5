//! The state of a booster that grows trees from samples.

use crate::{
    learner::gbdt::sample::{
        growth::SampleGrower, selection::ThresholdForecast, store::SampleRows,
    },
    model::Tree,
};

/// The state between the passes of a booster that grows trees from samples.
#[derive(Debug, Default)]
pub(crate) struct Sampler {
    pub(crate) forecast: ThresholdForecast,
    /// Trees that grew since the last pass, round by round.
    pub(crate) pending: Vec<Tree>,
    /// The memory of the sample; the collector owns it during a pass.
    pub(crate) rows: Option<SampleRows>,
    /// The memory in which its trees grow.
    pub(crate) sample_grower: Option<SampleGrower>,
}

impl Sampler {}
