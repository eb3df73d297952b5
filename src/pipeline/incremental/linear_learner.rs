//! The learners that `rowmill incremental` offers, and what of them is kept in a file.

use serde_json::Value;

use crate::{
    error::Result,
    learner::{
        ModelSpec,
        incremental::{
            AveragedSgd, BatchSchema, Learner, OnlineNewton, OnlineTrees, Pipeline,
            PipelineSnapshot, Step,
        },
        logistic::{LogisticOptions, Solver},
    },
    model::{About, Body, Column, FeatureSpec, Linear, Link, Model, Reading},
};

/// What a learner leaves in its file.
pub(crate) trait Kept {
    /// Training rows that were learned so far, earlier runs' among them.
    fn rows(&self) -> u64;

    /// The options that it goes on with.
    fn spec(&self) -> ModelSpec;

    /// What was learned so far, as a model has it.
    fn body(&self) -> Body;

    /// The learner's own file.
    fn to_bytes(&self) -> Vec<u8>;
}

/// The model that a learner is by now, not evaluated.
pub(crate) fn model_of(about: About, features: &[FeatureSpec], learner: &dyn Kept) -> Model {
    Model {
        about: About {
            train_rows: learner.rows(),
            ..about
        },
        features: features.to_vec(),
        body: learner.body(),
        metrics: Value::Null,
        split: Value::Null,
        options: serde_json::to_value(learner.spec()).expect("options are numbers and text"),
    }
}

/// A learner of batches.
#[derive(Debug)]
pub(crate) enum OnlineLearner {
    /// Logistic regression.
    Linear(Box<LinearLearner>),
    /// Gradient-boosted trees.
    Trees(Box<OnlineTrees>),
}

impl OnlineLearner {
    /// Reads a learner whose model so far is this one.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) fn from_bytes(bytes: &[u8], model: &Model) -> Result<Self, String> {
        let options: ModelSpec = serde_json::from_value(model.options.clone())
            .map_err(|error| format!("its options cannot be read: {error}"))?;
        let damaged = || "its learner is of other columns or classes than its model".to_owned();
        match (&options, &model.body) {
            (ModelSpec::Logistic(options), Body::Linear(linear)) => {
                let learner = LinearLearner::from_bytes(bytes, options.clone(), linear)?;
                let declared = learner.as_dyn().schema();
                let fits = declared.features().len() == linear.columns.len()
                    && declared.classes() == model.about.classes;
                let learner = Self::Linear(Box::new(learner));
                fits.then_some(learner).ok_or_else(damaged)
            }
            (ModelSpec::Gbdt(_), Body::Trees(_)) => {
                let learner = OnlineTrees::from_bytes(bytes)?;
                let features = learner.bins().map(|bins| &bins.features);
                let fits = features == Some(&model.features)
                    && learner.schema().classes() == model.about.classes;
                let learner = Self::Trees(Box::new(learner));
                fits.then_some(learner).ok_or_else(damaged)
            }
            _ => Err("its options are of another learner than its model".to_owned()),
        }
    }

    /// The options that it goes on with.
    pub(crate) fn spec(&self) -> ModelSpec {
        match self {
            Self::Linear(learner) => learner.spec(),
            Self::Trees(learner) => learner.spec(),
        }
    }
}

impl Kept for OnlineTrees {
    fn rows(&self) -> u64 {
        Learner::rows(self)
    }

    fn spec(&self) -> ModelSpec {
        ModelSpec::Gbdt(self.options().booster.clone())
    }

    fn body(&self) -> Body {
        Body::Trees(self.ensemble().expect("a run gives the bins"))
    }

    fn to_bytes(&self) -> Vec<u8> {
        Learner::to_bytes(self)
    }
}

/// Logistic regression by batches, and the columns of its design.
#[derive(Debug)]
pub(crate) struct LinearLearner {
    steps: Steps,
    options: LogisticOptions,
    columns: Vec<Column>,
    link: Link,
}

#[derive(Debug)]
enum Steps {
    /// Block online Newton.
    Newton(OnlineNewton),
    /// Averaged gradient descent.
    Sgd(AveragedSgd),
}

impl LinearLearner {
    /// A learner that has seen nothing, of these design columns and classes.
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
        let steps = match options.solver {
            Solver::Newton => Steps::Newton(OnlineNewton::new(declared, &options)?),
            Solver::Sgd => Steps::Sgd(AveragedSgd::new(declared, &options)?),
        };
        Ok(Self {
            steps,
            options,
            columns: columns.to_vec(),
            link,
        })
    }

    fn from_bytes(bytes: &[u8], options: LogisticOptions, linear: &Linear) -> Result<Self, String> {
        let steps = match options.solver {
            Solver::Newton => Steps::Newton(OnlineNewton::from_bytes(bytes)?),
            Solver::Sgd => Steps::Sgd(AveragedSgd::from_bytes(bytes)?),
        };
        Ok(Self {
            steps,
            options,
            columns: linear.columns.clone(),
            link: linear.link,
        })
    }

    /// What it is as a learner.
    pub(crate) fn as_dyn(&self) -> &dyn Learner {
        match &self.steps {
            Steps::Newton(learner) => learner,
            Steps::Sgd(learner) => learner,
        }
    }

    /// The same, to be fed.
    pub(crate) fn as_dyn_mut(&mut self) -> &mut dyn Learner {
        match &mut self.steps {
            Steps::Newton(learner) => learner,
            Steps::Sgd(learner) => learner,
        }
    }

    /// What it predicts by now.
    pub(crate) fn snapshot(&self) -> PipelineSnapshot {
        match &self.steps {
            Steps::Newton(learner) => learner.snapshot(),
            Steps::Sgd(learner) => learner.snapshot(),
        }
    }

    /// What it has learned: the coefficients on the design's scale, which is fixed. A missing number
    /// stands where the learner's moving scale has it.
    pub(crate) fn linear(&self) -> Linear {
        match &self.steps {
            Steps::Newton(learner) => linear(learner, &self.columns, self.link),
            Steps::Sgd(learner) => linear(learner, &self.columns, self.link),
        }
    }

    /// The features of design columns that did not vary in any row so far, in the columns' order.
    pub(crate) fn constant_features(&self) -> Vec<u32> {
        let columns = match &self.steps {
            Steps::Newton(learner) => learner.constant_columns(),
            Steps::Sgd(learner) => learner.constant_columns(),
        };
        let feature = |column: &usize| self.columns[*column].feature;
        columns.iter().map(feature).collect()
    }
}

impl Kept for LinearLearner {
    fn rows(&self) -> u64 {
        self.as_dyn().rows()
    }

    fn spec(&self) -> ModelSpec {
        ModelSpec::Logistic(self.options.clone())
    }

    fn body(&self) -> Body {
        Body::Linear(self.linear())
    }

    fn to_bytes(&self) -> Vec<u8> {
        self.as_dyn().to_bytes()
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
