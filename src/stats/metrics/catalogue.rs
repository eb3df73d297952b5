//! All metrics: their names, which way is better, the targets that they are of, and how they are
//! accumulated.
//!
//! The learning curve, early stopping (`eval_metric`), the reports and the help text read this list and
//! have none of their own. A new metric is
//!
//! 1. a variant of [`Metric`] and its [`Entry`] here (and a place in [`REPORTED`]);
//! 2. its accumulator and a line of `figures()` in `binary.rs`, `multiclass.rs` or `regression.rs`, if it is
//!    reported of splits;
//! 3. its term of a row in `learner/gbdt/metric.rs`, if it has names for rounds (formulas that both need
//!    stand in `formulas.rs`).

use crate::{data::Task, stats::metrics::deviation::Deviation};

/// A metric. Learning curves store the position of a variant: new ones go to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Metric {
    /// Mean of -ln of the probability of the true class, of two.
    #[serde(rename = "logloss", alias = "log_loss")]
    LogLoss,
    /// Share of rows on the wrong side of probability 1/2.
    #[serde(rename = "error")]
    Error,
    /// Area under the ROC curve; of several classes the mean of one against the rest.
    #[serde(rename = "auc")]
    Auc,
    /// Average precision; of several classes the mean of one against the rest.
    #[serde(rename = "aucpr", alias = "average_precision")]
    AveragePrecision,
    /// Mean of -ln of the probability of the true class, of several.
    #[serde(rename = "mlogloss", alias = "multi_log_loss")]
    MultiLogLoss,
    /// Share of rows whose likeliest class is not theirs.
    #[serde(rename = "merror", alias = "multi_error")]
    MultiError,
    /// Root of the mean squared error.
    #[serde(rename = "rmse")]
    Rmse,
    /// Mean squared error.
    #[serde(rename = "mse", alias = "squared_error")]
    SquaredError,
    /// Mean absolute error.
    #[serde(rename = "mae", alias = "absolute_error")]
    AbsoluteError,
    /// Mean pinball loss of the quantile that is learned.
    #[serde(rename = "quantile")]
    Quantile,
    /// Mean of p - y ln p: half the Poisson deviance up to a constant.
    #[serde(rename = "poisson")]
    Poisson,
    /// Share of rows whose decided class is the true one.
    #[serde(rename = "accuracy")]
    Accuracy,
    /// Of the rows said to be of a class, the share that are.
    #[serde(rename = "precision")]
    Precision,
    /// Of the rows of a class, the share said to be.
    #[serde(rename = "recall")]
    Recall,
    /// Harmonic mean of precision and recall.
    #[serde(rename = "f1")]
    F1,
    /// Mean F1 of the classes.
    #[serde(rename = "macro_f1")]
    MacroF1,
    /// Matthews' correlation coefficient.
    #[serde(rename = "mcc")]
    Mcc,
    /// Mean squared error of the probabilities.
    #[serde(rename = "brier")]
    Brier,
    /// Share of class 1 among as many rows with the highest score.
    #[serde(rename = "top_k_accuracy")]
    TopKAccuracy,
    /// Share of the labels' variance that is explained.
    #[serde(rename = "r2")]
    R2,
    /// Mean Poisson deviance.
    #[serde(rename = "poisson_deviance")]
    PoissonDeviance,
}

/// The accumulator of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accumulator {
    /// The mean of a term a row.
    Mean,
    /// The root of the mean of a term a row.
    RootOfMean,
    /// A histogram of margins.
    Ranks,
    /// Counts of rows by true and decided class.
    Confusion,
    /// Sums of squares around the model and around the labels' mean.
    Variances,
}

/// The loss that a metric needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    Quantile,
    Count,
}

/// A metric as it is computed after each round.
#[derive(Debug)]
struct Rounds {
    task: Task,
    /// Names of `eval_metric`: ours (XGBoost's where it has one), then those of the other libraries.
    names: &'static [&'static str],
}

/// A metric as it is reported of a split.
#[derive(Debug)]
struct Report {
    tasks: &'static [Task],
    /// The key in `metrics.json`.
    key: &'static str,
    /// The name for a person.
    title: &'static str,
}

/// A line of the catalogue.
#[derive(Debug)]
struct Entry {
    metric: Metric,
    larger_is_better: bool,
    accumulator: Accumulator,
    needs: Needs,
    rounds: Option<Rounds>,
    report: Option<Report>,
}

const BINARY: &[Task] = &[Task::Binary];
const SEVERAL: &[Task] = &[Task::Multiclass];
const CLASSES: &[Task] = &[Task::Binary, Task::Multiclass];
const NUMBER: &[Task] = &[Task::Regression];

const fn entry(metric: Metric, larger_is_better: bool, accumulator: Accumulator) -> Entry {
    Entry {
        metric,
        larger_is_better,
        accumulator,
        needs: Needs::Nothing,
        rounds: None,
        report: None,
    }
}

impl Entry {
    const fn rounds(self, task: Task, names: &'static [&'static str]) -> Self {
        Self {
            rounds: Some(Rounds { task, names }),
            ..self
        }
    }

    const fn report(self, tasks: &'static [Task], key: &'static str, title: &'static str) -> Self {
        Self {
            report: Some(Report { tasks, key, title }),
            ..self
        }
    }

    const fn needs(self, needs: Needs) -> Self {
        Self { needs, ..self }
    }
}

/// All metrics, in the order of [`Metric`].
static CATALOGUE: [Entry; 21] = [
    entry(Metric::LogLoss, false, Accumulator::Mean)
        .rounds(Task::Binary, &["logloss", "binary_logloss", "log_loss"])
        .report(BINARY, "log_loss", "log-loss"),
    entry(Metric::Error, false, Accumulator::Mean).rounds(Task::Binary, &["error", "binary_error"]),
    entry(Metric::Auc, true, Accumulator::Ranks)
        .rounds(Task::Binary, &["auc", "roc_auc"])
        .report(CLASSES, "auc_roc", "AUC-ROC"),
    entry(Metric::AveragePrecision, true, Accumulator::Ranks)
        .rounds(Task::Binary, &["aucpr", "average_precision"])
        .report(CLASSES, "auc_pr", "AUC-PR"),
    entry(Metric::MultiLogLoss, false, Accumulator::Mean)
        .rounds(Task::Multiclass, &["mlogloss", "multi_logloss"])
        .report(SEVERAL, "log_loss", "log-loss"),
    entry(Metric::MultiError, false, Accumulator::Mean)
        .rounds(Task::Multiclass, &["merror", "multi_error"]),
    entry(Metric::Rmse, false, Accumulator::RootOfMean)
        .rounds(
            Task::Regression,
            &["rmse", "root_mean_squared_error", "l2_root"],
        )
        .report(NUMBER, "rmse", "RMSE"),
    entry(Metric::SquaredError, false, Accumulator::Mean).rounds(
        Task::Regression,
        &[
            "mse",
            "l2",
            "mean_squared_error",
            "regression_l2",
            "regression",
        ],
    ),
    entry(Metric::AbsoluteError, false, Accumulator::Mean)
        .rounds(
            Task::Regression,
            &["mae", "l1", "mean_absolute_error", "regression_l1"],
        )
        .report(NUMBER, "mae", "MAE"),
    entry(Metric::Quantile, false, Accumulator::Mean)
        .needs(Needs::Quantile)
        .rounds(Task::Regression, &["quantile"])
        .report(NUMBER, "pinball", "pinball"),
    entry(Metric::Poisson, false, Accumulator::Mean)
        .needs(Needs::Count)
        .rounds(Task::Regression, &["poisson", "poisson-nloglik"]),
    entry(Metric::Accuracy, true, Accumulator::Confusion).report(CLASSES, "accuracy", "accuracy"),
    entry(Metric::Precision, true, Accumulator::Confusion).report(
        CLASSES,
        "precision",
        "precision",
    ),
    entry(Metric::Recall, true, Accumulator::Confusion).report(CLASSES, "recall", "recall"),
    entry(Metric::F1, true, Accumulator::Confusion).report(CLASSES, "f1", "F1"),
    entry(Metric::MacroF1, true, Accumulator::Confusion).report(CLASSES, "macro_f1", "macro F1"),
    entry(Metric::Mcc, true, Accumulator::Confusion).report(CLASSES, "mcc", "MCC"),
    entry(Metric::Brier, false, Accumulator::Mean).report(CLASSES, "brier", "Brier"),
    entry(Metric::TopKAccuracy, true, Accumulator::Ranks).report(
        CLASSES,
        "top_k_accuracy",
        "top-k accuracy",
    ),
    entry(Metric::R2, true, Accumulator::Variances).report(NUMBER, "r2", "R2"),
    entry(Metric::PoissonDeviance, false, Accumulator::Mean)
        .needs(Needs::Count)
        .report(NUMBER, "poisson_deviance", "poisson_deviance"),
];

/// Metrics of splits, the most important first.
const REPORTED: [Metric; 17] = [
    Metric::Quantile,
    Metric::PoissonDeviance,
    Metric::Auc,
    Metric::AveragePrecision,
    Metric::LogLoss,
    Metric::MultiLogLoss,
    Metric::Accuracy,
    Metric::Precision,
    Metric::Recall,
    Metric::F1,
    Metric::MacroF1,
    Metric::Mcc,
    Metric::Brier,
    Metric::TopKAccuracy,
    Metric::Rmse,
    Metric::AbsoluteError,
    Metric::R2,
];

impl Metric {
    fn entry(self) -> &'static Entry {
        let entry = &CATALOGUE[self as usize];
        debug_assert_eq!(entry.metric, self);
        entry
    }

    /// The metrics that can be computed after each round.
    pub fn of_rounds() -> impl Iterator<Item = Self> + Clone {
        let entries = CATALOGUE.iter().filter(|entry| entry.rounds.is_some());
        entries.map(|entry| entry.metric)
    }

    /// The metric of rounds of a name of `eval_metric`.
    pub fn of_round_name(name: &str) -> Option<Self> {
        let is_named = |metric: &Self| {
            let rounds = metric.entry().rounds.as_ref();
            rounds.is_some_and(|rounds| rounds.names.contains(&name))
        };
        Self::of_rounds().find(is_named)
    }

    /// The name in learning curves and messages.
    ///
    /// # Panics
    /// For a metric that is not computed after rounds.
    pub fn round_name(self) -> &'static str {
        let rounds = self.entry().rounds.as_ref();
        rounds.expect("a metric of rounds has names").names[0]
    }

    /// True if it can be computed after each round of this task and loss.
    pub fn is_of_rounds(self, task: Task, deviation: Deviation) -> bool {
        let entry = self.entry();
        let is_met = match entry.needs {
            Needs::Nothing => true,
            Needs::Quantile => matches!(deviation, Deviation::Pinball { .. }),
            Needs::Count => deviation == Deviation::Poisson,
        };
        let rounds = entry.rounds.as_ref();
        is_met && rounds.is_some_and(|rounds| rounds.task == task)
    }

    /// The key in `metrics.json`.
    ///
    /// # Panics
    /// For a metric that is not reported of splits.
    pub fn key(self) -> &'static str {
        let report = self.entry().report.as_ref();
        report.expect("a metric of splits has a key").key
    }

    /// The name of a key of `metrics.json` for a person; `None` for other texts.
    pub fn title_of_key(key: &str) -> Option<&'static str> {
        let mut reports = CATALOGUE.iter().filter_map(|entry| entry.report.as_ref());
        let report = reports.find(|report| report.key == key);
        report.map(|report| report.title)
    }

    /// The metrics that are reported of the splits of a task whatever its loss, the most important
    /// first.
    pub fn reported_of(task: Task) -> impl Iterator<Item = Self> {
        let is_of_task = move |metric: &Self| {
            let entry = metric.entry();
            let report = entry.report.as_ref();
            entry.needs == Needs::Nothing
                && report.is_some_and(|report| report.tasks.contains(&task))
        };
        REPORTED.into_iter().filter(is_of_task)
    }

    /// True if a larger value is a better one.
    pub fn larger_is_better(self) -> bool {
        self.entry().larger_is_better
    }

    /// Its accumulator.
    pub fn accumulator(self) -> Accumulator {
        self.entry().accumulator
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_metric_has_its_entry_and_names_of_its_own() {
        let mut names = HashSet::new();
        for (index, entry) in CATALOGUE.iter().enumerate() {
            assert_eq!(entry.metric as usize, index);
            assert!(entry.rounds.is_some() || entry.report.is_some());
            for name in entry.rounds.iter().flat_map(|rounds| rounds.names) {
                assert!(names.insert(name), "{name}");
                assert_eq!(Metric::of_round_name(name), Some(entry.metric));
            }
        }
        assert_eq!(Metric::of_round_name("accuracy"), None);
        for task in Task::ALL {
            let reports = CATALOGUE.iter().filter_map(|entry| entry.report.as_ref());
            let of_task = reports.filter(|report| report.tasks.contains(&task));
            let keys: Vec<&str> = of_task.map(|report| report.key).collect();
            let distinct: HashSet<&str> = keys.iter().copied().collect();
            assert_eq!(keys.len(), distinct.len(), "{task:?}");
        }
        let reports = CATALOGUE.iter().filter(|entry| entry.report.is_some());
        let reported: HashSet<Metric> = reports.map(|entry| entry.metric).collect();
        assert_eq!(reported, REPORTED.into_iter().collect());
    }

    #[test]
    fn files_have_the_names_that_users_type() {
        for metric in Metric::of_rounds() {
            let stored = serde_json::to_value(metric).expect("JSON");
            assert_eq!(stored, metric.round_name());
        }
        let before = "[\"log_loss\", \"average_precision\", \"multi_log_loss\", \"multi_error\", \
                      \"squared_error\", \"absolute_error\"]";
        let read: Vec<Metric> = serde_json::from_str(before).expect("names of before");
        let expected = [
            Metric::LogLoss,
            Metric::AveragePrecision,
            Metric::MultiLogLoss,
            Metric::MultiError,
            Metric::SquaredError,
            Metric::AbsoluteError,
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn some_metrics_need_their_loss() {
        let check = |metric: Metric, task, deviation, expected| {
            assert_eq!(metric.is_of_rounds(task, deviation), expected, "{metric:?}");
        };
        let (number, pinball) = (Task::Regression, Deviation::Pinball { alpha: 0.5 });
        check(Metric::Rmse, number, pinball, true);
        check(Metric::Quantile, number, pinball, true);
        check(Metric::Quantile, number, Deviation::None, false);
        check(Metric::Poisson, number, Deviation::Poisson, true);
        check(Metric::Poisson, number, pinball, false);
        check(Metric::Auc, Task::Binary, Deviation::None, true);
        check(Metric::Auc, Task::Multiclass, Deviation::None, false);
        check(Metric::Accuracy, Task::Binary, Deviation::None, false);
    }
}
