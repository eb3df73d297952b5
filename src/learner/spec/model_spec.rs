//! A learner and its options, and what only the data can fill in of them.

use crate::{
    error::Result,
    learner::{
        ClassWeight,
        gbdt::{BoosterOptions, Loss},
        logistic::LogisticOptions,
        spec::{linear, metrics, trees},
    },
};

/// A learner and its options.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case", tag = "learner")]
pub enum ModelSpec {
    /// Histogram gradient boosting.
    Gbdt(BoosterOptions),
    /// Logistic regression.
    Logistic(LogisticOptions),
}

impl ModelSpec {
    /// The learner's name.
    pub fn learner(&self) -> &'static str {
        match self {
            Self::Gbdt(_) => "gbdt",
            Self::Logistic(_) => "logistic",
        }
    }

    /// The options as they are used, under the names that `--model` takes.
    pub fn effective(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Gbdt(options) => trees::effective(options),
            Self::Logistic(options) => linear::effective(options),
        }
    }

    /// The loss if the target is a number.
    pub fn regression_loss(&self) -> Loss {
        match self {
            Self::Gbdt(options) => options.regression_loss(),
            Self::Logistic(_) => Loss::SquaredError,
        }
    }

    /// Refuses metrics of the learning curve that mean nothing for what is learned.
    ///
    /// # Errors
    /// [`Error::Usage`](crate::Error::Usage) naming the metric and those that could be used.
    pub fn check_metrics(&self, loss: Loss) -> Result<()> {
        match self {
            Self::Gbdt(options) => metrics::check(&options.eval_metric, loss),
            Self::Logistic(_) => Ok(()),
        }
    }

    /// Rounds without a better valid loss before training stops, where asked for.
    pub fn early_stopping_rounds(&self) -> Option<u32> {
        match self {
            Self::Gbdt(options) => options.early_stopping_rounds,
            Self::Logistic(_) => None,
        }
    }

    /// Looks up the features that constraints name. `features` are the names in the model's order, and
    /// whether they are texts.
    ///
    /// # Errors
    /// [`Error::Dataset`](crate::Error::Dataset) for a feature that is not there, a list of the wrong length, or a direction
    /// asked of a text.
    pub fn resolve_features(&mut self, features: &[(&str, bool)]) -> Result<()> {
        if let Self::Gbdt(options) = self {
            options.feature_constraints = options.constraints.resolve(features)?;
        }
        Ok(())
    }

    /// Leaves out features of those that [`Self::resolve_features`] saw.
    pub fn leave_out_features(&mut self, kept: &[bool]) {
        if let Self::Gbdt(options) = self {
            options.feature_constraints.leave_out(kept);
        }
    }

    /// True if predictions must fall or rise with a feature.
    pub fn is_monotone(&self, feature: usize) -> bool {
        match self {
            Self::Gbdt(options) => options.feature_constraints.direction(feature as u32) != 0,
            Self::Logistic(_) => false,
        }
    }

    /// Fills in what only the data can tell: class weights, and the penalty that `C` means beside the
    /// sum of the weighted losses.
    ///
    /// `classes` are the target's classes with their training rows, empty for regression; `weight` is
    /// that of all training rows.
    ///
    /// # Errors
    /// [`Error::Dataset`](crate::Error::Dataset) for a weight of a class that the target does not have, or class weights
    /// where there are no classes.
    pub fn resolve(&mut self, classes: &[(&str, u64)], weight: f64) -> Result<()> {
        let (weight_of_classes, class_weights) = match self {
            Self::Gbdt(options) => (&options.class_weight, &mut options.class_weights),
            Self::Logistic(options) => (&options.class_weight, &mut options.class_weights),
        };
        // Factors that a caller gave stay.
        if *weight_of_classes != ClassWeight::Equal {
            *class_weights = weight_of_classes.factors(classes)?;
        }
        if let Self::Logistic(options) = self {
            options.resolve_strength(weight * mean_factor(classes, &options.class_weights));
        }
        Ok(())
    }
}

/// The mean class weight over the training rows, 1 without any.
fn mean_factor(classes: &[(&str, u64)], class_weights: &[f64]) -> f64 {
    let rows: u64 = classes.iter().map(|(_, rows)| rows).sum();
    if class_weights.is_empty() || rows == 0 {
        return 1.0;
    }
    let weighted = classes.iter().zip(class_weights);
    let weight: f64 = weighted
        .map(|((_, rows), factor)| *rows as f64 * factor)
        .sum();
    weight / rows as f64
}
