//! The whole model: the data of predictions, of `rowmill show` and of later runs, in one file.

use std::collections::HashMap;

use crate::{
    data::{Schema, Task, ValueType},
    error::{Error, Result},
    model::{ensemble::Ensemble, features::FeatureSpec, linear::Linear, link::Link},
};

/// The source of the margins.
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

    /// The step from margins to predictions.
    pub fn link(&self) -> Link {
        match self {
            Self::Trees(ensemble) => ensemble.link,
            Self::Linear(linear) => linear.link,
        }
    }

    /// Margins of a row.
    pub fn outputs(&self) -> usize {
        match self {
            Self::Trees(ensemble) => ensemble.outputs,
            Self::Linear(linear) => linear.outputs,
        }
    }
}

/// A column that is not a feature, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ExcludedColumn {
    /// The column's name.
    pub name: String,
    /// The reason: `metadata`, `leakage`, `--exclude`, `constant`.
    pub reason: String,
}

/// The parts of columns in training.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Roles {
    /// The column that was learned.
    pub target: String,
    /// The column whose equal values keep rows together.
    #[serde(default)]
    pub group: Option<String>,
    /// The column of row weights.
    #[serde(default)]
    pub weight: Option<String>,
    /// The split column.
    #[serde(default)]
    pub split: Option<String>,
    /// Columns that are no features.
    #[serde(default)]
    pub excluded: Vec<ExcludedColumn>,
}

/// A model's description of itself and its training.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct About {
    /// The version of rowmill that trained it.
    pub rowmill_version: String,
    /// The kind of target.
    pub task: Task,
    /// Class names in the order of their indexes; empty for regression.
    pub classes: Vec<String>,
    /// The roles of the columns.
    pub roles: Roles,
    /// The profile as TOML text, if there was one.
    #[serde(default)]
    pub profile: Option<String>,
    /// The fingerprint of the dataset.
    pub data_fingerprint: u64,
    /// Training rows.
    pub train_rows: u64,
    /// The seed of every random choice.
    pub seed: u64,
}

/// A trained model.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Its description.
    pub about: About,
    /// Its input columns; trees and coefficients refer to them by index.
    pub features: Vec<FeatureSpec>,
    /// Trees or coefficients.
    pub body: Body,
    /// Its metrics, as in `metrics.json`.
    pub metrics: serde_json::Value,
    /// The assignment of groups to splits, as the group room stores it. `validation` names rows that were
    /// valid whatever their group.
    pub split: serde_json::Value,
    /// The options it was trained with.
    pub options: serde_json::Value,
}

impl Model {
    /// The place of each feature in a dataset; `None` where there is no such column, and the feature's
    /// `absent` says what that means.
    ///
    /// # Errors
    /// [`Error::Dataset`] for a column that is text but was a number in the training data, or the
    /// reverse, or that cannot be read.
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
