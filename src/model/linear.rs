//! Linear models: margins as intercept plus weighted, standardised columns.
//!
//! Each column of the design reads one feature: a number, or whether a text has a certain code. Its
//! value enters as `(x - mean) / sd`; a missing or infinite number enters as `imputation` instead of
//! `x`. For text, `other` and missing are rows in which all of the feature's categories are 0. A last
//! column of a feature may say where it is missing.

use crate::model::link::Link;

/// The part of a feature that a column of the design reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// The number itself.
    Number,
    /// 1 where the text has this code in the feature's binning, else 0.
    Category(u8),
    /// 1 where the number is missing or infinite, or the text missing, else 0.
    Missing,
}

impl Reading {
    /// A column's place among those of its feature.
    pub(crate) fn order(self) -> u16 {
        match self {
            Self::Number => 0,
            Self::Category(code) => u16::from(code),
            Self::Missing => u16::MAX,
        }
    }
}

/// One column of the design.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Column {
    /// Index into the model's features.
    pub feature: u32,
    /// The part of it that is read.
    pub reading: Reading,
    /// Subtracted; the training rows' mean, or 0 for an indicator that is used as it is.
    pub mean: f64,
    /// Divided by; above 0. The training rows' standard deviation, or 1.
    pub sd: f64,
    /// Stands in for a missing or infinite number, on the scale of the data; mostly the mean.
    pub imputation: f64,
}

impl Column {
    /// A column's value on the standardised scale, from what was read.
    pub fn standardise(&self, value: f64) -> f64 {
        let value = if value.is_finite() {
            value
        } else {
            self.imputation
        };
        (value - self.mean) / self.sd
    }
}

/// A linear model.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Linear {
    /// Margins a row has: 1, or one a class for softmax.
    pub outputs: usize,
    /// The step from margins to predictions.
    pub link: Link,
    /// The design, features ascending.
    pub columns: Vec<Column>,
    /// One an output.
    pub intercepts: Vec<f64>,
    /// On the standardised scale: output `k`, column `j` at `k * columns + j`.
    pub coefficients: Vec<f64>,
}

impl Linear {
    /// The coefficients of one output, one a column.
    pub fn coefficients_of(&self, output: usize) -> &[f64] {
        let columns = self.columns.len();
        &self.coefficients[output * columns..][..columns]
    }

    /// The coefficients of one output as factors of `x` itself, and the intercept that goes with them:
    /// `b = w / sd`, and the intercept is lower by the sum of `b * mean`.
    pub fn on_data_scale(&self, output: usize) -> (f64, Vec<f64>) {
        let columns = self.columns.iter().zip(self.coefficients_of(output));
        let coefficients: Vec<f64> = columns.map(|(column, w)| w / column.sd).collect();
        let shift = coefficients.iter().zip(&self.columns);
        let shift: f64 = shift.map(|(b, column)| b * column.mean).sum();
        (self.intercepts[output] - shift, coefficients)
    }

    /// One row's margins from what each column reads (NaN where missing): the naive twin of
    /// [`crate::model::predict::linear::LinearPredictor`]. A feature's columns are summed first.
    pub fn margins(&self, value_of: impl Fn(&Column) -> f64) -> Vec<f32> {
        let margin = |output: usize| {
            let mut margin = self.intercepts[output];
            let mut index = 0;
            for columns in self
                .columns
                .chunk_by(|one, next| one.feature == next.feature)
            {
                let mut term = 0.0;
                for column in columns {
                    let value = column.standardise(value_of(column));
                    term += self.coefficients_of(output)[index] * value;
                    index += 1;
                }
                margin += term;
            }
            margin as f32
        };
        (0..self.outputs).map(margin).collect()
    }

    /// The importance of each feature: the sum of its coefficients' absolute values on the standardised
    /// scale.
    pub fn importance(&self, features: usize) -> Vec<f64> {
        let mut importance = vec![0.0; features];
        for output in 0..self.outputs {
            for (column, coefficient) in self.columns.iter().zip(self.coefficients_of(output)) {
                importance[column.feature as usize] += coefficient.abs();
            }
        }
        importance
    }

    /// Bytes held, by capacity.
    pub fn heap_bytes(&self) -> usize {
        self.columns.capacity() * size_of::<Column>()
            + (self.intercepts.capacity() + self.coefficients.capacity()) * size_of::<f64>()
    }
}
