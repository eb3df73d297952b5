//! The schema of all batches, fixed before the first one.

use std::collections::HashSet;

use crate::{
    error::{Error, Result},
    learner::incremental::{Batch, Table},
    limits::ROW_WEIGHT_MAX,
    text::nearest,
};

/// Names of the features in their order, and of the classes in the order of their labels.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct BatchSchema {
    features: Vec<String>,
    classes: Vec<String>,
}

impl BatchSchema {
    /// Declares features and classes.
    ///
    /// # Errors
    /// [`Error::Usage`] for no feature, fewer than two classes, or a name that occurs twice.
    pub fn new(features: &[&str], classes: &[&str]) -> Result<Self> {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let schema = Self {
            features: owned(features),
            classes: owned(classes),
        };
        schema.check().map_err(Error::Usage)?;
        Ok(schema)
    }

    /// The features' names.
    pub fn features(&self) -> &[String] {
        &self.features
    }

    /// The classes' names.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        if self.features.is_empty() {
            return Err("no feature is declared; declare one or more".to_owned());
        }
        if self.classes.len() < 2 {
            return Err(format!(
                "{} class(es) are declared; declare two or more, even if the first batches do not have all of \
                 them",
                self.classes.len()
            ));
        }
        for (kind, names) in [("feature", &self.features), ("class", &self.classes)] {
            let mut seen = HashSet::new();
            if let Some(twice) = names.iter().find(|name| !seen.insert(name.as_str())) {
                return Err(format!(
                    "{kind} `{twice}` is declared twice; rename one of them"
                ));
            }
        }
        Ok(())
    }

    /// Checks a batch before anything is changed by it.
    pub(crate) fn check_batch(&self, batch: &Batch<'_>) -> Result<()> {
        let refuse = |message: String| Err(Error::Dataset(message));
        let rows = batch.features.rows();
        if rows == 0 {
            return refuse("the batch has no rows; leave out empty batches".to_owned());
        }
        if let Some(names) = batch.names {
            self.check_names(names)?;
        }
        self.check_columns(&batch.features)?;
        if batch.labels.len() != rows {
            return refuse(format!(
                "the batch has {rows} rows and {} labels; give one label per row",
                batch.labels.len()
            ));
        }
        for (row, label) in batch.labels.iter().enumerate() {
            if !(*label >= 0.0 && *label < self.classes.len() as f64 && label.fract() == 0.0) {
                return refuse(format!(
                    "label {label} of row {row} is not a declared class; labels are 0 to {} for {}",
                    self.classes.len() - 1,
                    self.classes.join(", ")
                ));
            }
        }
        let Some(weights) = batch.weights else {
            return Ok(());
        };
        if weights.len() != rows {
            return refuse(format!(
                "the batch has {rows} rows and {} weights; give one weight per row",
                weights.len()
            ));
        }
        for (row, weight) in weights.iter().enumerate() {
            if !(0.0..=ROW_WEIGHT_MAX).contains(weight) {
                return refuse(format!(
                    "weight {weight} of row {row} is not a number from 0 to {ROW_WEIGHT_MAX}"
                ));
            }
        }
        Ok(())
    }

    /// Checks that a table has a column a feature.
    pub(crate) fn check_columns(&self, features: &Table<'_>) -> Result<()> {
        if features.columns() == self.features.len() {
            return Ok(());
        }
        Err(Error::Dataset(format!(
            "the batch has {} columns, but {} features are declared; give every batch the declared columns, \
             missing values as NaN",
            features.columns(),
            self.features.len()
        )))
    }

    fn check_names(&self, names: &[&str]) -> Result<()> {
        let schema = || self.features.iter().map(String::as_str);
        if let Some(new) = names
            .iter()
            .find(|name| !schema().any(|other| other == **name))
        {
            return Err(Error::Dataset(format!(
                "the batch has a column `{new}` that is not declared{}; leave it out, or start a \
                 learner that declares it",
                nearest::hint(new, schema())
            )));
        }
        if let Some(absent) = schema().find(|name| !names.contains(name)) {
            return Err(Error::Dataset(format!(
                "the batch lacks the declared column `{absent}`; give it as NaN where it is missing"
            )));
        }
        match schema().zip(names).position(|(one, other)| one != *other) {
            Some(place) => Err(Error::Dataset(format!(
                "column {place} of the batch is `{}`, but the declared column is `{}`; give the columns in the \
                 declared order",
                names[place], self.features[place]
            ))),
            None if names.len() != self.features.len() => Err(Error::Dataset(format!(
                "the batch names {} columns, but {} are declared; name each column once",
                names.len(),
                self.features.len()
            ))),
            None => Ok(()),
        }
    }
}
