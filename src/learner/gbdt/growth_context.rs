//! The facts that trees are grown by, for all nodes or for the split of one.

use crate::{
    data::CodeLayout,
    learner::gbdt::{BoosterOptions, BoosterPlan, features::FeatureCodes, gain::Regularisation},
};

/// What trees are grown from, the same for all rounds.
#[derive(Debug, Clone, Copy)]
pub struct GrowthContext<'a> {
    /// What the user asked for.
    pub options: &'a BoosterOptions,
    /// The codes of each feature.
    pub features: &'a [FeatureCodes],
    /// Where features lie in bytes.
    pub layout: &'a CodeLayout,
    /// What is kept and what is tiled.
    pub plan: &'a BoosterPlan,
}

impl<'a> GrowthContext<'a> {
    pub(crate) fn split_context(self, rules: &'a Regularisation) -> SplitContext<'a> {
        SplitContext {
            options: self.options,
            rules,
            features: self.features,
            layout: self.layout,
        }
    }
}

/// What decides what children look like.
#[derive(Debug, Clone, Copy)]
pub struct SplitContext<'a> {
    /// What the user asked for.
    pub options: &'a BoosterOptions,
    /// The rules of the round.
    pub rules: &'a Regularisation,
    /// The codes of each feature.
    pub features: &'a [FeatureCodes],
    /// Where features lie in bytes.
    pub layout: &'a CodeLayout,
}
