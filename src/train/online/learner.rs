//! The learners that `rowmill incremental` offers, behind one name.

use crate::{
    error::Result,
    learner::{
        logistic::{LogisticOptions, Solver},
        online::{AveragedSgd, Declared, Learner, OnlineNewton, Pipeline, Step},
    },
    model::{Body, Column, FeatureSpec, Linear, Link, Reading},
};

/// A learner of batches.
#[derive(Debug)]
pub(super) enum OnlineLearner {
    /// Logistic regression by block online Newton.
    Newton(OnlineNewton),
    /// Logistic regression by averaged gradient descent.
    Sgd(AveragedSgd),
}

impl OnlineLearner {
    /// A learner that has seen nothing, of these design columns and classes.
    ///
    /// # Errors
    /// As [`Pipeline::new`].
    pub(super) fn new(
        options: &LogisticOptions,
        features: &[FeatureSpec],
        columns: &[Column],
        classes: &[String],
    ) -> Result<Self> {
        let names: Vec<String> = names(features, columns);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let classes: Vec<&str> = classes.iter().map(String::as_str).collect();
        let declared = Declared::new(&names, &classes)?;
        match options.solver {
            Solver::Newton => OnlineNewton::new(declared, options).map(Self::Newton),
            Solver::Sgd => AveragedSgd::new(declared, options).map(Self::Sgd),
        }
    }

    /// Reads a learner that was written with this solver.
    ///
    /// # Errors
    /// A sentence.
    pub(super) fn from_bytes(bytes: &[u8], solver: Solver) -> Result<Self, String> {
        match solver {
            Solver::Newton => OnlineNewton::from_bytes(bytes).map(Self::Newton),
            Solver::Sgd => AveragedSgd::from_bytes(bytes).map(Self::Sgd),
        }
    }

    /// What it is as a learner.
    pub(super) fn as_dyn(&self) -> &dyn Learner {
        match self {
            Self::Newton(learner) => learner,
            Self::Sgd(learner) => learner,
        }
    }

    /// The same, to be fed.
    pub(super) fn as_dyn_mut(&mut self) -> &mut dyn Learner {
        match self {
            Self::Newton(learner) => learner,
            Self::Sgd(learner) => learner,
        }
    }

    /// What it has learned, as a model of these design columns.
    pub(super) fn body(&self, columns: &[Column], link: Link) -> Body {
        match self {
            Self::Newton(learner) => Body::Linear(linear(learner, columns, link)),
            Self::Sgd(learner) => Body::Linear(linear(learner, columns, link)),
        }
    }

    /// Design columns that did not vary in any row so far, ascending.
    pub(super) fn constant_columns(&self) -> Vec<usize> {
        match self {
            Self::Newton(learner) => learner.constant_columns(),
            Self::Sgd(learner) => learner.constant_columns(),
        }
    }
}

/// The coefficients on the design's scale, which is fixed; a missing number stands where the learner's
/// moving scale has it.
fn linear<S: Step>(learner: &Pipeline<S>, columns: &[Column], link: Link) -> Linear {
    let outputs: Vec<(f64, Vec<f64>)> = (0..learner.outputs())
        .map(|output| learner.coefficients(output))
        .collect();
    let at_center = |(index, column): (usize, &Column)| match column.reading {
        Reading::Number => Column {
            imputation: column.mean + column.sd * learner.center(index),
            ..*column
        },
        Reading::Category(_) | Reading::Missing => *column,
    };
    Linear {
        outputs: outputs.len(),
        link,
        columns: columns.iter().enumerate().map(at_center).collect(),
        intercepts: outputs.iter().map(|(intercept, _)| *intercept).collect(),
        coefficients: outputs
            .iter()
            .flat_map(|(_, b)| b.iter().copied())
            .collect(),
    }
}

/// A name a design column; the number keeps them distinct.
fn names(features: &[FeatureSpec], columns: &[Column]) -> Vec<String> {
    let name = |(index, column): (usize, &Column)| {
        let feature = &features[column.feature as usize].name;
        match column.reading {
            Reading::Number => format!("{index} {feature}"),
            Reading::Category(code) => format!("{index} {feature} category {code}"),
            Reading::Missing => format!("{index} {feature} missing"),
        }
    };
    columns.iter().enumerate().map(name).collect()
}
