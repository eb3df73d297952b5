//! The first rows, kept until there are enough of them to fix the bins.

use crate::learner::incremental::{Batch, BatchSchema};

/// Rows in their original form.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct FirstRows {
    /// By feature.
    pub(crate) columns: Vec<Vec<f64>>,
    pub(crate) labels: Vec<f32>,
    pub(crate) weights: Vec<f32>,
}

impl FirstRows {
    pub(crate) fn append(&mut self, batch: &Batch<'_>) {
        for (feature, values) in self.columns.iter_mut().enumerate() {
            batch.features.append_column(feature, 1, values);
        }
        let labels = batch.labels.iter();
        self.labels.extend(labels.map(|label| *label as f32));
        match batch.weights {
            Some(weights) => self
                .weights
                .extend(weights.iter().map(|weight| *weight as f32)),
            None => self.weights.resize(self.labels.len(), 1.0),
        }
    }

    /// Checks that rows from a file fit a schema.
    pub(crate) fn check(&self, schema: &BatchSchema) -> Result<(), String> {
        let rows = self.labels.len();
        let classes = schema.classes().len() as f32;
        let is_class = |label: &f32| *label >= 0.0 && *label < classes && label.fract() == 0.0;
        let are_sound = self.columns.len() == schema.features().len()
            && self.columns.iter().all(|values| values.len() == rows)
            && self.weights.len() == rows
            && self.labels.iter().all(is_class)
            && self
                .weights
                .iter()
                .all(|weight| weight.is_finite() && *weight >= 0.0);
        if are_sound {
            Ok(())
        } else {
            Err("the rows it has gathered do not fit its declaration".to_owned())
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        let values: usize = self.columns.iter().map(Vec::capacity).sum();
        values * 8 + (self.labels.capacity() + self.weights.capacity()) * 4
    }
}
