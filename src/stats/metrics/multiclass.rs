//! Several classes: predictions are margins whose softmax are the probabilities.

use crate::stats::metrics::{
    binary::{LOSS_MAX, PROBABILITY_MIN},
    bins::{Interval, ScoreBins, bins_for},
    catalogue::Metric,
    confusion::{Confusion, mean_defined},
    fixed::FixedSum,
    rows::rows_at,
};

/// Counts and sums of a split's predictions of several classes: at most 16 MiB, whatever the rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MulticlassTable {
    /// One class against the rest, by the logit of its probability.
    one_vs_rest: Vec<ScoreBins>,
    confusion: Confusion,
    loss: FixedSum,
    brier: FixedSum,
    unscored: u64,
    /// The probabilities' numerators of the row at hand.
    exps: Vec<f64>,
}

/// The answers for one class against the rest; `None` where undefined.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ClassMetrics {
    /// The class's index.
    pub class: usize,
    /// Rows of the class.
    pub rows: u64,
    /// Area under the ROC curve of the class's probability.
    pub auc_roc: Option<Interval>,
    /// Average precision of the class's probability.
    pub auc_pr: Option<Interval>,
    /// Of the rows said to be of the class, the share that are.
    pub precision: Option<f64>,
    /// Of the rows of the class, the share said to be.
    pub recall: Option<f64>,
    /// Harmonic mean of precision and recall.
    pub f1: Option<f64>,
}

/// The answers for several classes; `None` where undefined. The headline figures are macro means
/// over the classes for which they are defined.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct MulticlassMetrics {
    /// Rows with a prediction.
    pub rows: u64,
    /// Rows without a prediction (a NaN): in no metric.
    pub unscored_rows: u64,
    /// Mean over classes of the one-versus-rest area under the ROC curve.
    pub auc_roc: Option<Interval>,
    /// Mean over classes of the one-versus-rest average precision.
    pub auc_pr: Option<Interval>,
    /// Mean of -ln of the probability given to the true class, clipped at 1e-15.
    pub log_loss: Option<f64>,
    /// Mean over rows of the squared error of the probabilities, summed over classes.
    pub brier: Option<f64>,
    /// Share of rows whose likeliest class is the true one.
    pub accuracy: Option<f64>,
    /// Mean precision of the classes.
    pub precision: Option<f64>,
    /// Mean recall of the classes: the balanced accuracy.
    pub recall: Option<f64>,
    /// The same as `macro_f1`, under the name the binary metrics have.
    pub f1: Option<f64>,
    /// Mean F1 of the classes.
    pub macro_f1: Option<f64>,
    /// Matthews' correlation coefficient for several classes.
    pub mcc: Option<f64>,
    /// Share of rows that are not of class 0 among as many rows with the highest 1 - P(class 0).
    pub top_k_accuracy: Option<f64>,
    /// Rows by true class (outer) and likeliest class (inner).
    pub confusion: Vec<Vec<u64>>,
    /// Each class against the rest.
    pub classes: Vec<ClassMetrics>,
}

impl MulticlassMetrics {
    /// The figures of a report, the most important first. Macro means, but for those of all rows.
    pub fn figures(&self) -> Vec<(Metric, Option<f64>)> {
        let value = |interval: Option<Interval>| interval.map(|interval| interval.value);
        vec![
            (Metric::Auc, value(self.auc_roc)),
            (Metric::AveragePrecision, value(self.auc_pr)),
            (Metric::MultiLogLoss, self.log_loss),
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

impl MulticlassTable {
    /// An empty table.
    pub(crate) fn new(classes: usize) -> Self {
        assert!(classes >= 2, "at least two classes");
        Self {
            one_vs_rest: vec![ScoreBins::new(bins_for(classes)); classes],
            confusion: Confusion::new(classes),
            loss: FixedSum::default(),
            brier: FixedSum::default(),
            unscored: 0,
            exps: vec![0.0; classes],
        }
    }

    /// Adds rows by margins: class `c` of row `i` is at `c * rows + i`. Labels are class indexes.
    /// `at` picks rows by index, else all are added. A row with a NaN is counted and left out.
    pub(crate) fn update(&mut self, margins: &[f32], labels: &[f32], at: Option<&[u32]>) {
        let rows = labels.len();
        let classes = self.exps.len();
        assert_eq!(margins.len(), rows * classes, "a margin a class and row");
        for row in rows_at(rows, at) {
            debug_assert!(labels[row] >= 0.0, "a row without a label is in no split");
            self.add(labels[row] as usize, |class| {
                f64::from(margins[class * rows + row])
            });
        }
    }

    /// Adds rows by probabilities laid out as in [`Self::update`]; they are scaled to sum to 1.
    pub(crate) fn update_probabilities(
        &mut self,
        probabilities: &[f64],
        labels: &[f32],
        at: Option<&[u32]>,
    ) {
        let rows = labels.len();
        let classes = self.exps.len();
        assert_eq!(probabilities.len(), rows * classes, "one a class and row");
        for row in rows_at(rows, at) {
            debug_assert!(labels[row] >= 0.0, "a row without a label is in no split");
            self.add(labels[row] as usize, |class| {
                probabilities[class * rows + row]
                    .clamp(PROBABILITY_MIN, f64::MAX)
                    .ln()
            });
        }
    }

    /// Adds one row of class `class`, given a margin for each class.
    #[inline]
    fn add(&mut self, class: usize, margin: impl Fn(usize) -> f64) {
        let classes = self.exps.len();
        assert!(class < classes, "a label is a class index");
        let (mut best, mut best_margin, mut has_nan) = (0, f64::NEG_INFINITY, false);
        for (candidate, slot) in self.exps.iter_mut().enumerate() {
            // Infinite margins would make the softmax NaN; beyond 1e6 nothing changes.
            *slot = margin(candidate).clamp(-1e6, 1e6);
            has_nan |= slot.is_nan();
            if *slot > best_margin {
                (best, best_margin) = (candidate, *slot);
            }
        }
        if has_nan {
            self.unscored += 1;
            return;
        }
        let true_margin = self.exps[class];
        let mut others_of_best = 0.0;
        for (candidate, slot) in self.exps.iter_mut().enumerate() {
            *slot = (*slot - best_margin).exp();
            if candidate != best {
                others_of_best += *slot;
            }
        }
        // The best class's numerator is 1. Its rivals are summed apart, for 1 - p loses digits.
        let sum = 1.0 + others_of_best;
        let mut error = 0.0;
        for (candidate, (&exp, bins)) in self.exps.iter().zip(&mut self.one_vs_rest).enumerate() {
            let rest = if candidate == best {
                others_of_best
            } else {
                sum - exp
            };
            let is_class = candidate == class;
            bins.add((exp / rest).ln(), is_class);
            let miss = exp / sum - f64::from(u8::from(is_class));
            error += miss * miss;
        }
        let loss = others_of_best.ln_1p() + (best_margin - true_margin);
        self.loss.add(loss.min(LOSS_MAX));
        self.brier.add(error);
        self.confusion.add(class, best);
    }

    /// Adds the rows of another table of the same classes. Exact in any order.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.confusion.merge(&other.confusion);
        for (mine, others) in self.one_vs_rest.iter_mut().zip(&other.one_vs_rest) {
            mine.merge(others);
        }
        self.loss.merge(&other.loss);
        self.brier.merge(&other.brier);
        self.unscored += other.unscored;
    }

    /// The answers.
    pub(crate) fn finish(&self) -> MulticlassMetrics {
        let rows = self.confusion.rows();
        let classes: Vec<ClassMetrics> = (0..self.exps.len()).map(|c| self.class(c)).collect();
        let macro_f1 = self.confusion.macro_f1();
        MulticlassMetrics {
            rows,
            unscored_rows: self.unscored,
            auc_roc: mean_interval(classes.iter().filter_map(|class| class.auc_roc)),
            auc_pr: mean_interval(classes.iter().filter_map(|class| class.auc_pr)),
            log_loss: self.loss.mean(rows),
            brier: self.brier.mean(rows),
            accuracy: self.confusion.accuracy(),
            precision: mean_defined(classes.iter().map(|class| class.precision)),
            recall: mean_defined(classes.iter().map(|class| class.recall)),
            f1: macro_f1,
            macro_f1,
            mcc: self.confusion.mcc(),
            top_k_accuracy: self.one_vs_rest[0].opposite().top_k_accuracy(),
            confusion: self.confusion.matrix(),
            classes,
        }
    }

    fn class(&self, class: usize) -> ClassMetrics {
        let counts = self.confusion.class_counts(class);
        let bins = &self.one_vs_rest[class];
        ClassMetrics {
            class,
            rows: self.confusion.class_rows(class),
            auc_roc: bins.auc_roc(),
            auc_pr: bins.auc_pr(),
            precision: counts.precision(),
            recall: counts.recall(),
            f1: counts.f1(),
        }
    }

    /// Bytes held, by capacity.
    #[cfg(test)]
    pub(crate) fn heap_bytes(&self) -> usize {
        let bins: usize = self.one_vs_rest.iter().map(ScoreBins::heap_bytes).sum();
        bins + self.confusion.heap_bytes() + self.exps.capacity() * size_of::<f64>()
    }
}

/// The mean of intervals is an interval of the mean.
fn mean_interval(intervals: impl Iterator<Item = Interval>) -> Option<Interval> {
    let (mut sum, mut defined) = ([0.0; 3], 0u64);
    for interval in intervals {
        sum[0] += interval.value;
        sum[1] += interval.low;
        sum[2] += interval.high;
        defined += 1;
    }
    let mean = |sum: f64| sum / defined as f64;
    (defined > 0).then(|| Interval {
        value: mean(sum[0]),
        low: mean(sum[1]),
        high: mean(sum[2]),
    })
}
