//! Options of the booster, checked once.

use crate::{
    data::Task,
    learner::{
        ClassWeight,
        gbdt::{
            Sampling,
            constraints::{Constraints, FeatureConstraints},
        },
    },
    limits::Limits,
    stats::metrics::{Deviation, Metric},
};

/// The loss that the trees minimise.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// Logistic loss of a margin and a label in {0, 1}.
    BinaryLogLoss,
    /// Cross-entropy of the softmax of one margin a class.
    Softmax {
        /// The number of classes.
        classes: u16,
    },
    /// Half the squared error.
    SquaredError,
    /// The absolute error: leaves are medians.
    AbsoluteError,
    /// The pinball loss: leaves are quantiles.
    Quantile {
        /// The quantile, in (0, 1).
        alpha: f64,
    },
    /// Poisson deviance of a count, whose logarithm is the margin.
    Poisson {
        /// Hessians are taken this far above the margin, which makes steps smaller; not negative.
        delta_step_max: f64,
    },
}

impl Loss {
    /// The kind of target.
    pub fn task(self) -> Task {
        match self {
            Self::BinaryLogLoss => Task::Binary,
            Self::Softmax { .. } => Task::Multiclass,
            Self::SquaredError
            | Self::AbsoluteError
            | Self::Quantile { .. }
            | Self::Poisson { .. } => Task::Regression,
        }
    }

    /// The metric that numbers have beside the usual errors, and the scale of their margins.
    pub fn deviation(self) -> Deviation {
        match self {
            Self::BinaryLogLoss
            | Self::Softmax { .. }
            | Self::SquaredError
            | Self::AbsoluteError => Deviation::None,
            Self::Quantile { alpha } => Deviation::Pinball { alpha },
            Self::Poisson { .. } => Deviation::Poisson,
        }
    }

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

/// The order in which nodes are split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub enum Growth {
    /// All nodes of a level, larger gains first where the leaf budget ends (XGBoost's `depthwise`).
    #[default]
    #[serde(rename = "depthwise", alias = "depth_wise")]
    DepthWise,
    /// The leaf of the largest gain in the whole tree (XGBoost's `lossguide`, LightGBM's way).
    #[serde(rename = "lossguide", alias = "leaf_wise")]
    LeafWise,
}

/// Options of the trees, under the names that users type. Every field is in its range (the constructor of the learner's
/// specification checks).
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct BoosterOptions {
    /// Rounds: trees for one output, `trees * classes` for softmax. At least 1.
    #[serde(alias = "trees")]
    pub n_estimators: u32,
    /// Factor on leaf values, in (0, 1].
    #[serde(alias = "shrinkage")]
    pub learning_rate: f64,
    /// The order in which nodes are split.
    #[serde(default, alias = "growth")]
    pub grow_policy: Growth,
    /// Edges from the root to the deepest leaf, at least 1.
    #[serde(alias = "depth_max")]
    pub max_depth: u32,
    /// Leaves of a tree, at least 2.
    #[serde(alias = "leaves_max")]
    pub num_leaves: u32,
    /// Bins of a numeric feature, 2 to 255, the one for missing values apart.
    #[serde(alias = "bins_max")]
    pub max_bin: u16,
    /// L2 penalty on leaf values, not negative.
    #[serde(alias = "lambda_l2")]
    pub reg_lambda: f64,
    /// L1 penalty on leaf values, not negative.
    #[serde(alias = "lambda_l1")]
    pub reg_alpha: f64,
    /// Smallest sum of hessians in a child.
    #[serde(alias = "child_hessian_min")]
    pub min_child_weight: f64,
    /// Smallest number of rows in a child, estimated from the hessian as LightGBM does.
    #[serde(alias = "child_rows_min")]
    pub min_child_samples: u32,
    /// Smallest gain of a node split (XGBoost's `gamma`).
    #[serde(alias = "gain_min")]
    pub min_split_gain: f64,
    /// Share of the features each tree may use, in (0, 1].
    #[serde(alias = "feature_fraction")]
    pub colsample_bytree: f64,
    /// Share of a tree's features that each level may use, in (0, 1].
    #[serde(default = "whole", alias = "level_fraction")]
    pub colsample_bylevel: f64,
    /// Share of a level's features that each node may use, in (0, 1].
    #[serde(default = "whole", alias = "node_fraction")]
    pub colsample_bynode: f64,
    /// Largest magnitude of a leaf value before shrinkage; 0 for no limit.
    #[serde(default, alias = "value_max")]
    pub max_delta_step: f64,
    /// Constraints on predictions as the user gave them; [`crate::learner::ModelSpec::resolve_features`]
    /// turns it into `feature_constraints`.
    #[serde(default)]
    pub constraints: Constraints,
    /// The same by the model's features.
    #[serde(default)]
    pub feature_constraints: FeatureConstraints,
    /// The loss where the target is a number, no loss of classes; `None` for the squared error.
    #[serde(
        default,
        alias = "regression_loss",
        deserialize_with = "stored_objective"
    )]
    pub objective: Option<Loss>,
    /// Metrics after each round beside the loss.
    #[serde(default, alias = "eval_metrics")]
    pub eval_metric: Vec<Metric>,
    /// The metric that early stopping watches; `None` for the loss.
    #[serde(default, alias = "watched_metric")]
    pub early_stopping_metric: Option<Metric>,
    /// Rounds without a better valid loss, or watched metric, before training stops; `None` trains
    /// all of them.
    pub early_stopping_rounds: Option<u32>,
    /// Factor on the weight of positive rows (binary only), above 0.
    #[serde(alias = "positive_weight")]
    pub scale_pos_weight: f64,
    /// Factor on the weight of each class; empty for 1 everywhere.
    pub class_weights: Vec<f64>,
    /// The weights of classes as the user gave them; [`crate::learner::ModelSpec::resolve`] turns them
    /// into `class_weights`.
    #[serde(flatten)]
    pub class_weight: ClassWeight,
    /// The training rows that grow a tree.
    #[serde(default)]
    pub sampling: Sampling,
    /// Rounds that a sample serves, at least 1.
    #[serde(default = "one")]
    pub sample_keep: u32,
    /// Seed of every random choice.
    pub seed: u64,
}

/// Files of before name the squared error, which is the default.
fn stored_objective<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Loss>, D::Error> {
    let stored: Option<Loss> = serde::Deserialize::deserialize(deserializer)?;
    Ok(stored.filter(|loss| *loss != Loss::SquaredError))
}

fn whole() -> f64 {
    1.0
}

fn one() -> u32 {
    1
}

impl BoosterOptions {
    /// The loss where the target is a number.
    pub fn regression_loss(&self) -> Loss {
        self.objective.unwrap_or(Loss::SquaredError)
    }

    /// The factor on the weight of the rows of each class; none where labels are numbers.
    pub(super) fn class_factors(&self, classes: usize) -> Vec<f64> {
        let mut factors = vec![1.0; classes];
        for (factor, given) in factors.iter_mut().zip(&self.class_weights) {
            *factor *= given;
        }
        if let [_, positive] = &mut factors[..] {
            *positive *= self.scale_pos_weight;
        }
        factors
    }
}

impl BoosterOptions {
    /// The defaults of XGBoost, where these trees have the option.
    pub fn xgboost() -> Self {
        Self {
            learning_rate: 0.3,
            min_child_weight: 1.0,
            min_child_samples: 1,
            ..Self::depth_wise()
        }
    }

    /// The defaults of LightGBM, where these trees have the option.
    pub fn lightgbm() -> Self {
        Self {
            grow_policy: Growth::LeafWise,
            max_depth: Limits::DEFAULT.depth_max as u32,
            num_leaves: 31,
            reg_lambda: 0.0,
            ..Self::depth_wise()
        }
    }

    /// A hundred trees of depth 6, each grown from every training row.
    pub(crate) fn depth_wise() -> Self {
        Self {
            n_estimators: 100,
            learning_rate: 0.1,
            grow_policy: Growth::DepthWise,
            max_depth: 6,
            num_leaves: 64,
            sampling: Sampling::Exact,
            sample_keep: 1,
            ..Self::default()
        }
    }
}

/// `gbdt` on the command line. Measured to reach the libraries' scores soonest:
/// `docs/notes/sampling.md`.
impl Default for BoosterOptions {
    fn default() -> Self {
        Self {
            n_estimators: 120,
            learning_rate: 0.12,
            grow_policy: Growth::LeafWise,
            max_depth: Limits::DEFAULT.depth_max as u32,
            num_leaves: 63,
            max_bin: 255,
            reg_lambda: 1.0,
            reg_alpha: 0.0,
            min_child_weight: 1e-3,
            min_child_samples: 20,
            min_split_gain: 0.0,
            colsample_bytree: 1.0,
            colsample_bylevel: 1.0,
            colsample_bynode: 1.0,
            max_delta_step: 0.0,
            constraints: Constraints::default(),
            feature_constraints: FeatureConstraints::default(),
            objective: None,
            eval_metric: Vec::new(),
            early_stopping_metric: None,
            early_stopping_rounds: None,
            scale_pos_weight: 1.0,
            class_weights: Vec::new(),
            class_weight: ClassWeight::Equal,
            sampling: Sampling::Auto,
            sample_keep: 8,
            seed: 42,
        }
    }
}
