//! A number: predictions are margins on the label's scale.

use crate::stats::{
    ExactSum,
    metrics::{
        catalogue::Metric,
        deviation::Deviation,
        formulas::{absolute_error, pinball, poisson_deviance, squared_error},
        rows::rows_at,
    },
};

/// Sums of a split's numeric predictions: 5 KiB, whatever the rows.
#[derive(Debug, Clone)]
pub(crate) struct RegressionTable {
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

impl RegressionMetrics {
    /// The figures of a report, the most important first: that of the loss where it has its own.
    pub fn figures(&self) -> Vec<(Metric, Option<f64>)> {
        let of_loss = [
            (Metric::Quantile, self.pinball),
            (Metric::PoissonDeviance, self.poisson_deviance),
        ];
        let measured = of_loss.into_iter().filter(|(_, value)| value.is_some());
        let of_all = [
            (Metric::Rmse, self.rmse),
            (Metric::AbsoluteError, self.mae),
            (Metric::R2, self.r2),
        ];
        measured.chain(of_all).collect()
    }
}

impl RegressionTable {
    /// An empty table. `center` is any number near the labels' mean (that of the training rows):
    /// their variance is summed around it.
    pub(crate) fn new(center: f64, deviation: Deviation) -> Self {
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
    pub(crate) fn update(&mut self, margins: &[f32], labels: &[f32], at: Option<&[u32]>) {
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
            self.absolute_error.add(absolute_error(error));
            self.squared_error.add(squared_error(error));
            match self.deviation {
                Deviation::None => {}
                Deviation::Pinball { alpha } => {
                    self.deviation_sum.add(pinball(error, alpha));
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
    pub(crate) fn merge(&mut self, other: &Self) {
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
    pub(crate) fn finish(&self) -> RegressionMetrics {
        let rows = self.rows as f64;
        let mean = |sum: &ExactSum| (self.rows > 0).then(|| sum.nearest() / rows);
        let deviation = mean(&self.deviation_sum);
        let label = self.label.nearest();
        let spread = self.label_square.nearest() - label * (label / rows);
        RegressionMetrics {
            rows: self.rows,
            unscored_rows: self.unscored,
            rmse: mean(&self.squared_error).map(f64::sqrt),
            mae: mean(&self.absolute_error),
            r2: (self.label_min < self.label_max && spread > 0.0)
                .then(|| 1.0 - self.squared_error.nearest() / spread),
            pinball: deviation.filter(|_| matches!(self.deviation, Deviation::Pinball { .. })),
            poisson_deviance: deviation.filter(|_| self.deviation == Deviation::Poisson),
            label_mean: mean(&self.label).map(|mean| mean + self.center),
        }
    }
}
