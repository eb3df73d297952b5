//! A model in a few figures, for people and scripts.

use crate::data::Task;
use crate::model::{
    binning::Binning,
    bundle::{Body, Model},
    ensemble::{Ensemble, Importance},
    tree::Tree,
};

/// The figures of a model that need no data. Serialises to JSON.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub(crate) struct Summary {
    /// The rowmill that trained it.
    pub rowmill_version: String,
    /// `gbdt` or `logistic`.
    pub learner: &'static str,
    /// The kind of target.
    pub task: Task,
    /// The target column.
    pub target: String,
    /// Class names in order.
    pub classes: Vec<String>,
    /// Training rows.
    pub train_rows: u64,
    /// The dataset's fingerprint, in hexadecimal.
    pub data_fingerprint: String,
    /// Input columns.
    pub features: usize,
    /// Of them text.
    pub text_features: usize,
    /// Columns that are no features.
    pub excluded: usize,
    /// Codes of all features, the ones for missing values apart.
    pub bins: u64,
    /// Figures of the trees, if it has some.
    pub trees: Option<TreeFigures>,
    /// Figures of the coefficients, if it has some.
    pub linear: Option<LinearFigures>,
    /// Features by importance, the largest first; without those of no importance.
    pub importance: Vec<FeatureImportance>,
}

/// Figures of an ensemble.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub(crate) struct TreeFigures {
    /// Trees.
    pub trees: usize,
    /// Rounds; one tree an output each.
    pub rounds: usize,
    /// Nodes with and without children.
    pub nodes: usize,
    /// Leaves of all trees.
    pub leaves: usize,
    /// The deepest leaf: edges from its root.
    pub depth_max: u32,
    /// Margins before the first tree.
    pub base_margin: Vec<f32>,
}

/// Figures of a linear model.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub(crate) struct LinearFigures {
    /// Columns of the design.
    pub columns: usize,
    /// One an output.
    pub intercepts: Vec<f64>,
}

/// One feature's part.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub(crate) struct FeatureImportance {
    /// The column's name.
    pub name: String,
    /// Of all features' gain, or of all coefficients' absolute values; sums to 1.
    pub share: f64,
    /// Figures of the node splits; `None` for linear models.
    pub splits: Option<Importance>,
}

impl Summary {
    /// Sums a model up. O(nodes + features).
    pub(crate) fn of(model: &Model) -> Self {
        let about = &model.about;
        let features = &model.features;
        let bins = features.iter().map(|feature| match &feature.binning {
            Binning::Numeric { cuts } if cuts.is_empty() => 0,
            binning => u64::from(binning.codes_without_missing()),
        });
        let (trees, linear) = match &model.body {
            Body::Trees(ensemble) => (Some(tree_figures(ensemble)), None),
            Body::Linear(linear) => {
                let figures = LinearFigures {
                    columns: linear.columns.len(),
                    intercepts: linear.intercepts.clone(),
                };
                (None, Some(figures))
            }
        };
        Self {
            rowmill_version: about.rowmill_version.clone(),
            learner: model.body.name(),
            task: about.task,
            target: about.roles.target.clone(),
            classes: about.classes.clone(),
            train_rows: about.train_rows,
            data_fingerprint: format!("{:016x}", about.data_fingerprint),
            features: features.len(),
            text_features: features.iter().filter(|feature| feature.is_text()).count(),
            excluded: about.roles.excluded.len(),
            bins: bins.sum(),
            trees,
            linear,
            importance: importance(model),
        }
    }
}

fn tree_figures(ensemble: &Ensemble) -> TreeFigures {
    let trees = &ensemble.trees;
    TreeFigures {
        trees: trees.len(),
        rounds: ensemble.rounds(),
        nodes: trees.iter().map(|tree| tree.nodes.len()).sum(),
        leaves: trees.iter().map(|tree| tree.leaves().count()).sum(),
        depth_max: trees.iter().map(Tree::depth).max().unwrap_or(0),
        base_margin: ensemble.base_margin.clone(),
    }
}

/// Features by share, ties by their order in the model.
fn importance(model: &Model) -> Vec<FeatureImportance> {
    let features = model.features.len();
    let (weights, splits): (Vec<f64>, Vec<Option<Importance>>) = match &model.body {
        Body::Trees(ensemble) => ensemble
            .importance(features)
            .into_iter()
            .map(|importance| (importance.gain, Some(importance)))
            .unzip(),
        Body::Linear(linear) => {
            let weights = linear.importance(features);
            (weights, vec![None; features])
        }
    };
    let total: f64 = weights.iter().sum();
    let mut ranked: Vec<FeatureImportance> = model
        .features
        .iter()
        .zip(weights)
        .zip(splits)
        .filter(|((_, weight), _)| *weight > 0.0)
        .map(|((feature, weight), splits)| FeatureImportance {
            name: feature.name.clone(),
            share: weight / total,
            splits,
        })
        .collect();
    ranked.sort_by(|one, other| other.share.total_cmp(&one.share));
    ranked
}
