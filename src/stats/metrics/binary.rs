//! Two classes: predictions are margins (or probabilities) of class 1.

use crate::stats::metrics::{
    bins::{Interval, ScoreBins},
    catalogue::Metric,
    confusion::Confusion,
    fixed::FixedSum,
    rows::rows_at,
};

/// Probabilities are clipped to this distance from 0 and 1 before their logarithm is taken.
pub(super) const PROBABILITY_MIN: f64 = 1e-15;

/// The log-loss of a certain prediction that is wrong: -ln(1e-15).
pub(super) const LOSS_MAX: f64 = 34.538_776_394_910_684;

/// Counts and sums of a split's binary predictions: 1 MiB, whatever the rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BinaryTable {
    threshold: f64,
    threshold_margin: f64,
    bins: ScoreBins,
    confusion: Confusion,
    loss: FixedSum,
    brier: FixedSum,
    unscored: u64,
}

/// The answers for two classes; `None` where undefined.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct BinaryMetrics {
    /// Rows with a prediction.
    pub rows: u64,
    /// Rows of class 1.
    pub positives: u64,
    /// Rows of class 0.
    pub negatives: u64,
    /// Rows without a prediction (NaN): in no metric.
    pub unscored_rows: u64,
    /// Area under the ROC curve.
    pub auc_roc: Option<Interval>,
    /// Average precision.
    pub auc_pr: Option<Interval>,
    /// Mean of -ln of the probability given to the true class, clipped at 1e-15.
    pub log_loss: Option<f64>,
    /// Mean squared error of the probability of class 1.
    pub brier: Option<f64>,
    /// A row is said to be of class 1 if its probability is at least this.
    pub threshold: f64,
    /// Share of rows decided rightly.
    pub accuracy: Option<f64>,
    /// Of the rows said to be class 1, the share that are.
    pub precision: Option<f64>,
    /// Of the rows of class 1, the share said to be.
    pub recall: Option<f64>,
    /// Of the rows of class 0, the share said to be.
    pub specificity: Option<f64>,
    /// Harmonic mean of precision and recall.
    pub f1: Option<f64>,
    /// Mean of the F1 of class 1 and of class 0.
    pub macro_f1: Option<f64>,
    /// Matthews' correlation coefficient.
    pub mcc: Option<f64>,
    /// Share of class 1 among the `positives` rows with the highest score.
    pub top_k_accuracy: Option<f64>,
    /// Rows by true class (outer) and decided class (inner).
    pub confusion: Vec<Vec<u64>>,
}

impl BinaryMetrics {
    /// The figures of a report, the most important first.
    pub fn figures(&self) -> Vec<(Metric, Option<f64>)> {
        let value = |interval: Option<Interval>| interval.map(|interval| interval.value);
        vec![
            (Metric::Auc, value(self.auc_roc)),
            (Metric::AveragePrecision, value(self.auc_pr)),
            (Metric::LogLoss, self.log_loss),
            (Metric::Accuracy, self.accuracy),
            (Metric::Precision, self.precision),
            (Metric::Recall, self.recall),
            (Metric::F1, self.f1),
            (Metric::MacroF1, self.macro_f1),
            (Metric::Mcc, self.mcc),
            (Metric::Brier, self.brier),
            (Metric::TopKAccuracy, self.top_k_accuracy),
        ]
    }
}

impl BinaryTable {
    /// An empty table that decides for class 1 at a probability of at least `threshold`.
    pub(crate) fn new(threshold: f64) -> Self {
        Self {
            threshold,
            threshold_margin: logit(threshold),
            bins: ScoreBins::default(),
            confusion: Confusion::new(2),
            loss: FixedSum::default(),
            brier: FixedSum::default(),
            unscored: 0,
        }
    }

    /// Adds rows by margin; labels are 0 or 1. `at` picks rows by index, else all are added.
    /// A NaN margin is a row without a prediction: counted, and left out.
    pub(crate) fn update(&mut self, margins: &[f32], labels: &[f32], at: Option<&[u32]>) {
        assert_eq!(margins.len(), labels.len(), "a label for each margin");
        for row in rows_at(margins.len(), at) {
            debug_assert!(labels[row] == 0.0 || labels[row] == 1.0);
            let margin = f64::from(margins[row]);
            let tail = (-margin.abs()).exp();
            let probability = if margin >= 0.0 { 1.0 } else { tail } / (1.0 + tail);
            self.add(margin, probability, tail.ln_1p(), labels[row] > 0.5);
        }
    }

    /// Adds rows by the probability of class 1, as a base model gives it. The margin is its logit.
    pub(crate) fn update_probabilities(
        &mut self,
        probabilities: &[f64],
        labels: &[f32],
        at: Option<&[u32]>,
    ) {
        assert_eq!(probabilities.len(), labels.len(), "a label for each row");
        for row in rows_at(probabilities.len(), at) {
            debug_assert!(labels[row] == 0.0 || labels[row] == 1.0);
            let probability = probabilities[row].clamp(0.0, 1.0);
            let margin = logit(probability);
            let loss_at_least = (-margin.abs()).exp().ln_1p();
            self.add(margin, probability, loss_at_least, labels[row] > 0.5);
        }
    }

    /// Adds one row; `loss_right` is the log-loss if the likelier class is the true one.
    #[inline]
    fn add(&mut self, margin: f64, probability: f64, loss_right: f64, is_positive: bool) {
        if margin.is_nan() {
            self.unscored += 1;
            return;
        }
        let is_likelier = (margin >= 0.0) == is_positive;
        let loss = if is_likelier {
            loss_right
        } else {
            loss_right + margin.abs()
        };
        let error = probability - f64::from(u8::from(is_positive));
        let decided = margin >= self.threshold_margin;
        self.loss.add(loss.min(LOSS_MAX));
        self.brier.add(error * error);
        self.bins.add(margin, is_positive);
        self.confusion.add(is_positive.into(), decided.into());
    }

    /// Adds the rows of another table with the same threshold. Exact in any order.
    pub(crate) fn merge(&mut self, other: &Self) {
        assert_eq!(self.threshold, other.threshold, "same threshold");
        self.bins.merge(&other.bins);
        self.confusion.merge(&other.confusion);
        self.loss.merge(&other.loss);
        self.brier.merge(&other.brier);
        self.unscored += other.unscored;
    }

    /// The answers.
    pub(crate) fn finish(&self) -> BinaryMetrics {
        let rows = self.confusion.rows();
        let counts = self.confusion.class_counts(1);
        BinaryMetrics {
            rows,
            positives: self.confusion.class_rows(1),
            negatives: self.confusion.class_rows(0),
            unscored_rows: self.unscored,
            auc_roc: self.bins.auc_roc(),
            auc_pr: self.bins.auc_pr(),
            log_loss: self.loss.mean(rows),
            brier: self.brier.mean(rows),
            threshold: self.threshold,
            accuracy: self.confusion.accuracy(),
            precision: counts.precision(),
            recall: counts.recall(),
            specificity: counts.opposite().recall(),
            f1: counts.f1(),
            macro_f1: self.confusion.macro_f1(),
            mcc: self.confusion.mcc(),
            top_k_accuracy: self.bins.top_k_accuracy(),
            confusion: self.confusion.matrix(),
        }
    }
}

/// The margin of a probability, clipped at 1e-15; exactly 0 at 0.5.
pub(super) fn logit(probability: f64) -> f64 {
    let clipped = probability.clamp(PROBABILITY_MIN, 1.0 - PROBABILITY_MIN);
    (clipped / (1.0 - clipped)).ln()
}
