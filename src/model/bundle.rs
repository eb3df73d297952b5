//! The whole model: all that prediction, inspection and a later run need, in one file.

use std::collections::HashMap;

use crate::{
    data::{Schema, Task, ValueType},
    error::{Error, Result},
    model::{ensemble::Ensemble, features::FeatureSpec, linear::Linear},
};

/// What the margins come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Trees over codes.
    Trees(Ensemble),
    /// Coefficients over standardised columns.
    Linear(Linear),
}

impl Body {
    /// The name in files and messages.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Trees(_) => "gbdt",
            Self::Linear(_) => "logistic",
        }
    }

    /// How many margins a row has.
    pub fn outputs(&self) -> usize {
        match self {
            Self::Trees(ensemble) => ensemble.outputs,
            Self::Linear(linear) => linear.outputs,
        }
    }
}

/// A column that is no feature, and why.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ExcludedColumn {
    /// The column's name.
    pub name: String,
    /// Why it is left out: `metadata`, `leakage`, `--exclude`, `constant`.
    pub reason: String,
}

/// Which column had which part in training.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Roles {
    /// What was learned.
    pub target: String,
    /// Which rows stay together.
    #[serde(default)]
    pub group: Option<String>,
    /// Importance of rows.
    #[serde(default)]
    pub weight: Option<String>,
    /// A given split.
    #[serde(default)]
    pub split: Option<String>,
    /// What is no feature.
    #[serde(default)]
    pub excluded: Vec<ExcludedColumn>,
}

/// What a model says of itself and its training.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct About {
    /// The rowmill that trained it.
    pub rowmill_version: String,
    /// What it predicts.
    pub task: Task,
    /// Class names in the order of their indexes; empty for regression.
    pub classes: Vec<String>,
    /// The columns' parts.
    pub roles: Roles,
    /// The profile as TOML text, if there was one.
    #[serde(default)]
    pub profile: Option<String>,
    /// The fingerprint of the dataset.
    pub data_fingerprint: u64,
    /// Rows that were learned from.
    pub train_rows: u64,
    /// The seed of every random choice.
    pub seed: u64,
}

/// A trained model.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// What it is.
    pub about: About,
    /// Its input columns; trees and coefficients refer to them by index.
    pub features: Vec<FeatureSpec>,
    /// What the margins come from.
    pub body: Body,
    /// How it did, as in `metrics.json`.
    pub metrics: serde_json::Value,
    /// Which groups were in which split, as the split room stores it; `validation` tells of rows that were
    /// valid whatever their group.
    pub split: serde_json::Value,
    /// The options it was trained with.
    pub options: serde_json::Value,
}

impl Model {
    /// Where a dataset has each feature; `None` where it has no such column and the feature's
    /// `absent` says what that means.
    ///
    /// # Errors
    /// [`Error::Dataset`] for a column that is text where the model learned from numbers or the
    /// other way round, or that cannot be read.
    pub fn columns_in(&self, schema: &Schema) -> Result<Vec<Option<usize>>> {
        let fields = schema.fields.iter().enumerate();
        let by_name: HashMap<&str, usize> = fields
            .map(|(index, field)| (field.name.as_str(), index))
            .collect();
        let find = |feature: &FeatureSpec| {
            let Some(index) = by_name.get(feature.name.as_str()).copied() else {
                return Ok(None);
            };
            let field = &schema.fields[index];
            let is_text = field
                .value_type
                .map(|value_type| value_type == ValueType::Text);
            if is_text == Some(feature.is_text()) {
                return Ok(Some(index));
            }
            let learned = if feature.is_text() { "text" } else { "numbers" };
            Err(Error::Dataset(format!(
                "column `{}` has the type {}, but it was {learned} in the training data; convert the column",
                field.name, field.file_type
            )))
        };
        self.features.iter().map(find).collect()
    }

    /// Bytes held by trees or coefficients, by capacity.
    pub fn heap_bytes(&self) -> usize {
        match &self.body {
            Body::Trees(ensemble) => ensemble.heap_bytes(),
            Body::Linear(linear) => linear.heap_bytes(),
        }
    }
}
