//! The inputs of tree growth, for all nodes or for the split of one.

use crate::{
    data::CodeLayout,
    learner::gbdt::{BoosterOptions, BoosterPlan, features::FeatureCodes, gain::Regularisation},
};

/// The facts that trees are grown by, the same for all rounds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GrowthContext<'a> {
    /// The user's options.
    pub options: &'a BoosterOptions,
    /// The codes of each feature.
    pub features: &'a [FeatureCodes],
    /// The place of features in byte columns.
    pub layout: &'a CodeLayout,
    /// The histograms that are kept, and the tiles of those that are not.
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

/// The facts that decide the children of a node split.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SplitContext<'a> {
    /// The user's options.
    pub options: &'a BoosterOptions,
    /// The rules of the round.
    pub rules: &'a Regularisation,
    /// The codes of each feature.
    pub features: &'a [FeatureCodes],
    /// The place of features in byte columns.
    pub layout: &'a CodeLayout,
}
