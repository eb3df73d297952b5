//! A number: predictions are margins on the label's scale.

use crate::stats::metrics::{exact_sum::ExactSum, rows_at};

/// What is measured beside the usual errors, and what margins are.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Deviation {
    /// Nothing; margins are predictions.
    #[default]
    None,
    /// The pinball loss of a quantile; margins are predictions.
    Pinball {
        /// Which quantile.
        alpha: f64,
    },
    /// The Poisson deviance; margins are the logarithms of predictions.
    Poisson,
}

/// What is known of a split's numeric predictions: 2 kB, whatever the rows.
#[derive(Debug, Clone)]
pub struct RegressionTable {
    center: f64,
    deviation: Deviation,
    rows: u64,
    unscored: u64,
    absolute_error: ExactSum,
    squared_error: ExactSum,
    deviation_sum: ExactSum,
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
    /// Mean pinball loss, where a quantile was learned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinball: Option<f64>,
    /// Mean Poisson deviance, where a count was learned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poisson_deviance: Option<f64>,
    /// Mean of the labels.
    pub label_mean: Option<f64>,
}

impl RegressionTable {
    /// An empty table. `center` is any number near the labels' mean (that of the training rows):
    /// their variance is summed around it.
    pub fn new(center: f64, deviation: Deviation) -> Self {
        Self {
            center,
            deviation,
            rows: 0,
            unscored: 0,
            absolute_error: ExactSum::default(),
            squared_error: ExactSum::default(),
            deviation_sum: ExactSum::default(),
            label: ExactSum::default(),
            label_square: ExactSum::default(),
            label_min: f64::INFINITY,
            label_max: f64::NEG_INFINITY,
        }
    }

    /// Adds rows; `at` picks them by index, else all are added. A NaN margin is counted and left
    /// out.
    pub fn update(&mut self, margins: &[f32], labels: &[f32], at: Option<&[u32]>) {
        assert_eq!(margins.len(), labels.len(), "a label for each row");
        for row in rows_at(labels.len(), at) {
            let (margin, label) = (f64::from(margins[row]), f64::from(labels[row]));
            let prediction = match self.deviation {
                Deviation::Poisson => margin.exp(),
                Deviation::None | Deviation::Pinball { .. } => margin,
            };
            let error = prediction - label;
            if error.is_nan() {
                self.unscored += 1;
                continue;
            }
            let centered = label - self.center;
            self.rows += 1;
            self.absolute_error.add(error.abs());
            self.squared_error.add(error * error);
            match self.deviation {
                Deviation::None => {}
                Deviation::Pinball { alpha } => {
                    let slope = if error >= 0.0 { 1.0 - alpha } else { -alpha };
                    self.deviation_sum.add(slope * error);
                }
                Deviation::Poisson => self
                    .deviation_sum
                    .add(poisson_deviance(margin, prediction, label)),
            }
            self.label.add(centered);
            self.label_square.add(centered * centered);
            self.label_min = self.label_min.min(label);
            self.label_max = self.label_max.max(label);
        }
    }

    /// Adds the rows of another table with the same center. Exact in any order.
    pub fn merge(&mut self, other: &Self) {
        assert_eq!(self.center, other.center, "same center");
        assert_eq!(self.deviation, other.deviation, "same loss");
        self.rows += other.rows;
        self.unscored += other.unscored;
        self.absolute_error.merge(&other.absolute_error);
        self.squared_error.merge(&other.squared_error);
        self.deviation_sum.merge(&other.deviation_sum);
        self.label.merge(&other.label);
        self.label_square.merge(&other.label_square);
        self.label_min = self.label_min.min(other.label_min);
        self.label_max = self.label_max.max(other.label_max);
    }

    /// The answers.
    pub fn finish(&self) -> RegressionMetrics {
        let rows = self.rows as f64;
        let mean = |sum: &ExactSum| (self.rows > 0).then(|| sum.value() / rows);
        let deviation = mean(&self.deviation_sum);
        let label = self.label.value();
        let spread = self.label_square.value() - label * (label / rows);
        RegressionMetrics {
            rows: self.rows,
            unscored_rows: self.unscored,
            rmse: mean(&self.squared_error).map(f64::sqrt),
            mae: mean(&self.absolute_error),
            r2: (self.label_min < self.label_max && spread > 0.0)
                .then(|| 1.0 - self.squared_error.value() / spread),
            pinball: deviation.filter(|_| matches!(self.deviation, Deviation::Pinball { .. })),
            poisson_deviance: deviation.filter(|_| self.deviation == Deviation::Poisson),
            label_mean: mean(&self.label).map(|mean| mean + self.center),
        }
    }
}

/// 2 (y ln(y / p) - y + p), with 0 ln 0 = 0 (McCullagh & Nelder 1989, section 2.3); the margin is
/// the logarithm of the prediction p.
fn poisson_deviance(margin: f64, prediction: f64, label: f64) -> f64 {
    let gained = if label > 0.0 {
        label * (label.ln() - margin)
    } else {
        0.0
    };
    2.0 * (gained - label + prediction)
}
