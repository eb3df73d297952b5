//! The part that both boosters share: options, features and layout, and the trees grown so far.

use crate::{
    data::CodeLayout,
    learner::gbdt::{
        BoosterOptions, BoosterPlan, Loss,
        constants::Constants,
        features::{FeatureCodes, FeatureDraw, assert_layout},
        gain::Regularisation,
        grower::Grower,
        growth_context::GrowthContext,
        quantise::Scale,
        replay::CompiledTree,
    },
    model::{Ensemble, Tree},
};

/// An ensemble that grows, with everything its trees are grown from.
#[derive(Debug)]
pub(crate) struct EnsembleBuilder {
    pub(crate) options: BoosterOptions,
    pub(crate) features: Vec<FeatureCodes>,
    pub(crate) layout: CodeLayout,
    pub(crate) plan: BoosterPlan,
    pub(crate) constants: Constants,
    /// Finished trees, round by round.
    pub(crate) trees: Vec<Tree>,
}

impl EnsembleBuilder {
    /// An ensemble of no trees.
    ///
    /// # Panics
    /// If features and layout do not belong together.
    pub(crate) fn new(
        options: BoosterOptions,
        loss: Loss,
        features: Vec<FeatureCodes>,
        layout: CodeLayout,
        plan: BoosterPlan,
    ) -> Self {
        assert_layout(&features, &layout);
        Self {
            constants: Constants::new(&options, loss),
            options,
            features,
            layout,
            plan,
            trees: Vec::new(),
        }
    }

    /// Trees a round.
    pub(crate) fn outputs(&self) -> usize {
        self.constants.objective.outputs()
    }

    /// Rounds whose trees are finished.
    pub(crate) fn rounds(&self) -> u32 {
        (self.trees.len() / self.outputs()) as u32
    }

    pub(crate) fn growth_context(&self) -> GrowthContext<'_> {
        GrowthContext {
            options: &self.options,
            features: &self.features,
            layout: &self.layout,
            plan: &self.plan,
        }
    }

    /// The trees of a round, one root each.
    pub(crate) fn grower(&self, round: u32, scale: Scale) -> Grower {
        let draw = FeatureDraw::new(&self.layout, self.features.len(), &self.options, round);
        let rules = Regularisation::new(&self.options, scale);
        Grower::new(self.growth_context(), self.outputs(), draw, rules)
    }

    /// A finished tree in the form that finds rows' leaves.
    pub(crate) fn compile(&self, tree: &Tree) -> CompiledTree {
        CompiledTree::new(tree, &self.features, &self.layout)
    }

    /// By feature, whether trees may be split on it: features that were left out are not laid out.
    pub(crate) fn laid_out(&self) -> Vec<bool> {
        let mut laid_out = vec![false; self.features.len()];
        for member in self.layout.byte_columns.iter().flatten() {
            laid_out[member.feature as usize] = true;
        }
        laid_out
    }

    /// The finished ensemble.
    pub(crate) fn into_ensemble(self) -> Ensemble {
        Ensemble {
            outputs: self.constants.objective.outputs(),
            base_margin: self.constants.base_margins,
            link: self.constants.objective.link(),
            trees: self.trees,
        }
    }

    /// Bytes held by trees, by capacity.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.trees.iter().map(Tree::heap_bytes).sum()
    }
}
