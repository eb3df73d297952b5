//! Logistic regression by batches, with the columns of its design.

use crate::{
    error::Result,
    learner::{
        incremental::{
            AveragedSgd, BatchSchema, Learner, OnlineNewton, Pipeline, PipelineSnapshot, Step,
        },
        logistic::{LogisticOptions, Solver},
    },
    model::{Column, FeatureSpec, Linear, Link, Reading},
};

/// Logistic regression by batches, and the columns of its design.
#[derive(Debug)]
pub(crate) struct LinearLearner {
    solver: SolverState,
    options: LogisticOptions,
    columns: Vec<Column>,
    link: Link,
}

#[derive(Debug)]
enum SolverState {
    /// Block online Newton.
    Newton(OnlineNewton),
    /// Averaged gradient descent.
    Sgd(AveragedSgd),
}

impl LinearLearner {
    /// An untrained learner with these design columns and classes.
    ///
    /// # Errors
    /// As [`Pipeline::new`].
    pub(crate) fn new(
        options: LogisticOptions,
        features: &[FeatureSpec],
        columns: &[Column],
        classes: &[String],
        link: Link,
    ) -> Result<Self> {
        let names: Vec<String> = names(features, columns);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let classes: Vec<&str> = classes.iter().map(String::as_str).collect();
        let declared = BatchSchema::new(&names, &classes)?;
        let solver = match options.solver {
            Solver::Newton => SolverState::Newton(OnlineNewton::new(declared, &options)?),
            Solver::Sgd => SolverState::Sgd(AveragedSgd::new(declared, &options)?),
        };
        Ok(Self {
            solver,
            options,
            columns: columns.to_vec(),
            link,
        })
    }

    /// Reads the learner's own file; the model has the columns of its design.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) fn from_bytes(
        bytes: &[u8],
        options: LogisticOptions,
        linear: &Linear,
    ) -> Result<Self, String> {
        let solver = match options.solver {
            Solver::Newton => SolverState::Newton(OnlineNewton::from_bytes(bytes)?),
            Solver::Sgd => SolverState::Sgd(AveragedSgd::from_bytes(bytes)?),
        };
        Ok(Self {
            solver,
            options,
            columns: linear.columns.clone(),
            link: linear.link,
        })
    }

    /// The options with which it continues.
    pub(crate) fn options(&self) -> &LogisticOptions {
        &self.options
    }

    pub(crate) fn as_dyn(&self) -> &dyn Learner {
        match &self.solver {
            SolverState::Newton(learner) => learner,
            SolverState::Sgd(learner) => learner,
        }
    }

    pub(crate) fn as_dyn_mut(&mut self) -> &mut dyn Learner {
        match &mut self.solver {
            SolverState::Newton(learner) => learner,
            SolverState::Sgd(learner) => learner,
        }
    }

    /// A copy that predicts as the learner does now.
    pub(crate) fn snapshot(&self) -> PipelineSnapshot {
        match &self.solver {
            SolverState::Newton(learner) => learner.snapshot(),
            SolverState::Sgd(learner) => learner.snapshot(),
        }
    }

    /// The coefficients on the design's scale, which is fixed. A missing number is imputed by the center of
    /// the learner's moving scale.
    pub(crate) fn linear(&self) -> Linear {
        match &self.solver {
            SolverState::Newton(learner) => linear(learner, &self.columns, self.link),
            SolverState::Sgd(learner) => linear(learner, &self.columns, self.link),
        }
    }

    /// The features of design columns that did not vary in any row so far, in the columns' order.
    pub(crate) fn constant_features(&self) -> Vec<u32> {
        let columns = match &self.solver {
            SolverState::Newton(learner) => learner.constant_columns(),
            SolverState::Sgd(learner) => learner.constant_columns(),
        };
        let feature = |column: &usize| self.columns[*column].feature;
        columns.iter().map(feature).collect()
    }
}

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
