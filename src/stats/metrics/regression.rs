//! A number: predictions are margins on the label's scale.

use super::{exact_sum::ExactSum, rows_at};

/// What is known of a split's numeric predictions: 2 kB, whatever the rows.
#[derive(Debug, Clone)]
pub struct RegressionTable {
    center: f64,
    rows: u64,
    unscored: u64,
    absolute_error: ExactSum,
    squared_error: ExactSum,
    /// Of label - center.
    label: ExactSum,
    label_square: ExactSum,
    label_min: f64,
    label_max: f64,
}

/// The answers for a number; `None` where undefined.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct RegressionMetrics {
    /// Rows with a prediction.
    pub rows: u64,
    /// Rows without a prediction (NaN): in no metric.
    pub unscored_rows: u64,
    /// Root of the mean squared error.
    pub rmse: Option<f64>,
    /// Mean absolute error.
    pub mae: Option<f64>,
    /// Share of the labels' variance that is explained; none if all labels are equal.
    pub r2: Option<f64>,
    /// Mean of the labels.
    pub label_mean: Option<f64>,
}

impl RegressionTable {
    /// An empty table. `center` is any number near the labels' mean (that of the training rows):
    /// their variance is summed around it.
    pub fn new(center: f64) -> Self {
        Self {
            center,
            rows: 0,
            unscored: 0,
            absolute_error: ExactSum::default(),
            squared_error: ExactSum::default(),
            label: ExactSum::default(),
            label_square: ExactSum::default(),
            label_min: f64::INFINITY,
            label_max: f64::NEG_INFINITY,
        }
    }

    /// Adds rows; `at` picks them by index, else all are added. A NaN prediction is counted and
    /// left out.
    pub fn update(&mut self, predictions: &[f32], labels: &[f32], at: Option<&[u32]>) {
        assert_eq!(predictions.len(), labels.len(), "a label for each row");
        for row in rows_at(labels.len(), at) {
            let (prediction, label) = (f64::from(predictions[row]), f64::from(labels[row]));
            let error = prediction - label;
            if error.is_nan() {
                self.unscored += 1;
                continue;
            }
            let centered = label - self.center;
            self.rows += 1;
            self.absolute_error.add(error.abs());
            self.squared_error.add(error * error);
            self.label.add(centered);
            self.label_square.add(centered * centered);
            self.label_min = self.label_min.min(label);
            self.label_max = self.label_max.max(label);
        }
    }

    /// Adds the rows of another table with the same center. Exact in any order.
    pub fn merge(&mut self, other: &Self) {
        assert_eq!(self.center, other.center, "same center");
        self.rows += other.rows;
        self.unscored += other.unscored;
        self.absolute_error.merge(&other.absolute_error);
        self.squared_error.merge(&other.squared_error);
        self.label.merge(&other.label);
        self.label_square.merge(&other.label_square);
        self.label_min = self.label_min.min(other.label_min);
        self.label_max = self.label_max.max(other.label_max);
    }

    /// The answers.
    pub fn finish(&self) -> RegressionMetrics {
        let rows = self.rows as f64;
        let mean = |sum: &ExactSum| (self.rows > 0).then(|| sum.value() / rows);
        let label = self.label.value();
        let spread = self.label_square.value() - label * (label / rows);
        RegressionMetrics {
            rows: self.rows,
            unscored_rows: self.unscored,
            rmse: mean(&self.squared_error).map(f64::sqrt),
            mae: mean(&self.absolute_error),
            r2: (self.label_min < self.label_max && spread > 0.0)
                .then(|| 1.0 - self.squared_error.value() / spread),
            label_mean: mean(&self.label).map(|mean| mean + self.center),
        }
    }
}
