//! Options of the booster, checked once.

use crate::learner::gbdt::{
    EvalMetric, Sampling,
    constraints::{Constraints, FeatureConstraints},
};

/// What the trees minimise.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// Logistic loss of a margin and a label in {0, 1}.
    BinaryLogLoss,
    /// Cross-entropy of the softmax of one margin a class.
    Softmax {
        /// How many classes.
        classes: u16,
    },
    /// Half the squared error.
    SquaredError,
    /// The absolute error: leaves are medians.
    AbsoluteError,
    /// The pinball loss: leaves are quantiles.
    Quantile {
        /// Which quantile, in (0, 1).
        alpha: f64,
    },
    /// Poisson deviance of a count, whose logarithm is the margin.
    Poisson {
        /// Hessians are taken this far above the margin, which makes steps smaller; not negative.
        delta_step_max: f64,
    },
}

impl Loss {
    /// Trees a round.
    pub fn outputs(self) -> usize {
        match self {
            Self::Softmax { classes } => usize::from(classes),
            Self::BinaryLogLoss
            | Self::SquaredError
            | Self::AbsoluteError
            | Self::Quantile { .. }
            | Self::Poisson { .. } => 1,
        }
    }
}

/// Which node is split next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Growth {
    /// All nodes of a level, larger gains first where the leaf budget ends (XGBoost's `depthwise`).
    #[default]
    DepthWise,
    /// The leaf of the largest gain in the whole tree (XGBoost's `lossguide`, LightGBM's way).
    LeafWise,
}

/// What the user asked of the trees. Every field is in its range (the constructor of the learner's
/// specification checks).
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct BoosterOptions {
    /// Rounds: trees for one output, `trees * classes` for softmax. At least 1.
    pub trees: u32,
    /// Factor on leaf values, in (0, 1].
    pub shrinkage: f64,
    /// Which node is split next.
    #[serde(default)]
    pub growth: Growth,
    /// Edges from the root to the deepest leaf, at least 1.
    pub depth_max: u32,
    /// Leaves of a tree, at least 2.
    pub leaves_max: u32,
    /// Bins of a numeric feature, 2 to 255, the one for missing values apart.
    pub bins_max: u16,
    /// L2 penalty on leaf values, not negative.
    pub lambda_l2: f64,
    /// L1 penalty on leaf values, not negative.
    pub lambda_l1: f64,
    /// Smallest sum of hessians in a child.
    pub child_hessian_min: f64,
    /// Smallest number of rows in a child, estimated from the hessian as LightGBM does.
    pub child_rows_min: u32,
    /// Smallest gain of a node split (`gamma`).
    pub gain_min: f64,
    /// Share of the features each tree may use, in (0, 1].
    pub feature_fraction: f64,
    /// Share of a tree's features that each level may use, in (0, 1].
    #[serde(default = "whole")]
    pub level_fraction: f64,
    /// Share of a level's features that each node may use, in (0, 1].
    #[serde(default = "whole")]
    pub node_fraction: f64,
    /// Largest magnitude of a leaf value before shrinkage; 0 for no limit.
    #[serde(default)]
    pub value_max: f64,
    /// What predictions must keep to, as the user gave it; [`crate::learner::ModelSpec::resolve_features`]
    /// turns it into `feature_constraints`.
    #[serde(default)]
    pub constraints: Constraints,
    /// The same by the model's features.
    #[serde(default)]
    pub feature_constraints: FeatureConstraints,
    /// What is minimised where the target is a number: no loss of classes.
    #[serde(default = "squared_error")]
    pub regression_loss: Loss,
    /// What is measured after each round beside the loss.
    #[serde(default)]
    pub eval_metrics: Vec<EvalMetric>,
    /// Which of them early stopping watches; `None` for the loss.
    #[serde(default)]
    pub watched_metric: Option<EvalMetric>,
    /// Rounds without a better valid loss, or watched metric, before training stops; `None` trains
    /// all of them.
    pub early_stopping_rounds: Option<u32>,
    /// Factor on the weight of positive rows (binary only), above 0.
    pub positive_weight: f64,
    /// Factor on the weight of each class; empty for 1 everywhere. Filled by the recipe for `balanced`.
    pub class_weights: Vec<f64>,
    /// Whether `class_weights` is to be filled as n / (classes * n of the class).
    pub balanced: bool,
    /// Weights by class name as the user gave them; [`crate::learner::ModelSpec::resolve`] turns them
    /// into `class_weights`.
    #[serde(default)]
    pub named_class_weights: Vec<(String, f64)>,
    /// Which training rows grow a tree.
    #[serde(default)]
    pub sampling: Sampling,
    /// Rounds that a sample serves, at least 1.
    #[serde(default = "one")]
    pub sample_keep: u32,
    /// Seed of every random choice.
    pub seed: u64,
}

fn whole() -> f64 {
    1.0
}

fn one() -> u32 {
    1
}

impl BoosterOptions {
    /// The factor on the weight of the rows of each class; none where labels are numbers.
    pub(super) fn class_factors(&self, classes: usize) -> Vec<f64> {
        let mut factors = vec![1.0; classes];
        for (factor, given) in factors.iter_mut().zip(&self.class_weights) {
            *factor *= given;
        }
        if let [_, positive] = &mut factors[..] {
            *positive *= self.positive_weight;
        }
        factors
    }
}

impl Default for BoosterOptions {
    fn default() -> Self {
        Self {
            trees: 100,
            shrinkage: 0.1,
            growth: Growth::DepthWise,
            depth_max: 6,
            leaves_max: 64,
            bins_max: 255,
            lambda_l2: 1.0,
            lambda_l1: 0.0,
            child_hessian_min: 1e-3,
            child_rows_min: 20,
            gain_min: 0.0,
            feature_fraction: 1.0,
            level_fraction: 1.0,
            node_fraction: 1.0,
            value_max: 0.0,
            constraints: Constraints::default(),
            feature_constraints: FeatureConstraints::default(),
            regression_loss: squared_error(),
            eval_metrics: Vec::new(),
            watched_metric: None,
            early_stopping_rounds: None,
            positive_weight: 1.0,
            class_weights: Vec::new(),
            balanced: false,
            named_class_weights: Vec::new(),
            sampling: Sampling::Exact,
            sample_keep: 1,
            seed: 42,
        }
    }
}

fn squared_error() -> Loss {
    Loss::SquaredError
}
