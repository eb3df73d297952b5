//! The learner of either kind as its file holds it.

use serde_json::Value;

use crate::{
    error::Result,
    learner::{
        ModelSpec,
        incremental::{Learner, OnlineTrees},
    },
    model::{About, Body, FeatureSpec, Model},
    pipeline::incremental::linear_learner::LinearLearner,
};

/// A learner that was read from its file.
#[derive(Debug)]
pub(crate) enum StoredLearner {
    Linear(Box<LinearLearner>),
    Trees(Box<OnlineTrees>),
}

impl StoredLearner {
    /// Reads the learner of this model.
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

    /// The options with which it continues.
    pub(crate) fn spec(&self) -> ModelSpec {
        match self {
            Self::Linear(learner) => LearnerRef::Linear(learner).spec(),
            Self::Trees(learner) => LearnerRef::Trees(learner).spec(),
        }
    }
}

/// A borrowed learner, as its file is written from it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LearnerRef<'a> {
    Linear(&'a LinearLearner),
    Trees(&'a OnlineTrees),
}

impl LearnerRef<'_> {
    /// Training rows so far, those of earlier runs among them.
    pub(crate) fn rows(self) -> u64 {
        match self {
            Self::Linear(learner) => learner.as_dyn().rows(),
            Self::Trees(learner) => learner.rows(),
        }
    }

    /// The options with which it continues.
    pub(crate) fn spec(self) -> ModelSpec {
        match self {
            Self::Linear(learner) => ModelSpec::Logistic(learner.options().clone()),
            Self::Trees(learner) => ModelSpec::Gbdt(learner.options().booster.clone()),
        }
    }

    fn body(self) -> Body {
        match self {
            Self::Linear(learner) => Body::Linear(learner.linear()),
            Self::Trees(learner) => Body::Trees(learner.ensemble().expect("a run gives the bins")),
        }
    }

    /// The bytes of the learner's own file.
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        match self {
            Self::Linear(learner) => learner.as_dyn().to_bytes(),
            Self::Trees(learner) => learner.to_bytes(),
        }
    }
}

/// The learner's current model, not evaluated.
pub(crate) fn model_of(about: About, features: &[FeatureSpec], learner: LearnerRef<'_>) -> Model {
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
