//! `metrics.json`: how good the model is on each split.
//!
//! ```text
//!   { "task": .., "test_auc_roc": 0.97, ..,        <- flat keys for scripts, null where undefined
//!     "splits": { "test": { "rows": .., "auc_roc": {"value", "low", "high"}, ..,
//!                           "base": { .. } } },    <- everything, the base scores' included
//!     "baseline": { .. } }                         <- the deltas, where there is a baseline table
//! ```

use std::{io::Write, path::Path};

use serde_json::{Map, Value, json};

use crate::report::DeltaSummary;
use crate::{
    data::{Split, Task},
    error::Result,
    learner::gbdt::RoundLoss,
    pipeline::{
        evaluate::{evaluation::Metrics, progressive::CurvePoint},
        open::validation::Validation,
    },
    platform::atomic,
    stats::metrics::{GroupF1, Metric},
};

/// The file's name.
pub(crate) const NAME: &str = "metrics.json";

/// The mean over groups where none was held out.
const NO_GROUPS: GroupF1 = GroupF1 {
    groups: 0,
    mean_f1: None,
    groups_with_sites: 0,
    mean_f1_with_sites: None,
};

/// One split: what is in it, and how good the predictions of its rows are.
#[derive(Debug, Clone, PartialEq)]
pub struct SplitRecord {
    /// Train, valid or test.
    pub split: Split,
    /// Rows.
    pub rows: u64,
    /// Groups; `None` where rows are their own groups.
    pub groups: Option<u64>,
    /// Rows of each class, in class order; empty for regression.
    pub class_rows: Vec<u64>,
    /// The model's metrics; `None` for a split that was not evaluated.
    pub model: Option<Metrics>,
    /// The model's F1 by group.
    pub group_f1: Option<GroupF1>,
    /// The base scores' metrics on the same rows.
    pub base: Option<Metrics>,
    /// The base scores' F1 by group.
    pub base_group_f1: Option<GroupF1>,
}

/// Everything `metrics.json` says.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricsRecord {
    /// `binary`, `multiclass` or `regression`.
    pub task: String,
    /// Class names in class order; empty for regression.
    pub classes: Vec<String>,
    /// The column whose rows stay together. Means over groups are called `gene_*` as well as
    /// `group_*` if its name starts so.
    pub group_column: Option<String>,
    /// The splits, in order.
    pub splits: Vec<SplitRecord>,
    /// The data have base scores, measured or not.
    pub has_base_scores: bool,
    /// Validation rows from elsewhere, where there are such.
    pub validation: Option<Validation>,
    /// Losses after each round of trees; empty for other models.
    pub curve: Vec<RoundLoss>,
    /// The comparison with a baseline table, where there is one.
    pub baseline: Option<DeltaSummary>,
}

/// Writes the record, and how well batches were predicted before they were learned (no point, no key).
///
/// # Errors
/// [`crate::error::Error::Io`] naming the file.
pub(crate) fn write(
    directory: &Path,
    record: &MetricsRecord,
    progressive: &[CurvePoint],
) -> Result<()> {
    let mut value = record.to_value();
    if !progressive.is_empty() {
        value["progressive_validation"] = to_value(&progressive);
    }
    atomic::write(directory.join(NAME), |writer| {
        serde_json::to_writer_pretty(&mut *writer, &value)?;
        writer.write_all(b"\n")
    })
}

impl Metrics {
    /// The headline figures by name, the most important first; `None` where undefined. Of several
    /// classes they are macro means.
    pub fn headline(&self) -> Vec<(&'static str, Option<f64>)> {
        let figures = match self {
            Self::Binary(metrics) => metrics.figures(),
            Self::Multiclass(metrics) => metrics.figures(),
            Self::Regression(metrics) => metrics.figures(),
        };
        let keyed = figures.into_iter();
        keyed.map(|(metric, value)| (metric.key(), value)).collect()
    }
}

impl MetricsRecord {
    /// The file's content; the model file keeps it too.
    pub fn to_value(&self) -> Value {
        let mut root = Map::new();
        root.insert("task".to_owned(), json!(self.task));
        root.insert("classes".to_owned(), json!(self.classes));
        root.insert("threshold".to_owned(), json!(self.threshold()));
        let names = self.headline_names();
        for split in Split::ALL {
            self.insert_headline(split, &names, &mut root);
        }
        let test = self.of_split(Split::Test);
        if self.group_column.is_some() && !self.classes.is_empty() {
            let group_f1 = test.and_then(|record| record.group_f1);
            self.insert_group_f1("", group_f1.unwrap_or(NO_GROUPS), &mut root);
            if self.has_base_scores {
                let group_f1 = test.and_then(|record| record.base_group_f1);
                self.insert_group_f1("base_", group_f1.unwrap_or(NO_GROUPS), &mut root);
            }
        }
        let splits: Map<String, Value> = self
            .splits
            .iter()
            .map(|record| (record.split.name().to_owned(), self.split_value(record)))
            .collect();
        root.insert("splits".to_owned(), Value::Object(splits));
        if let Some(validation) = &self.validation {
            root.insert("validation".to_owned(), to_value(validation));
        }
        if !self.curve.is_empty() {
            let points = self.curve.iter().map(curve_point).collect();
            root.insert("learning_curve".to_owned(), Value::Array(points));
        }
        if let Some(baseline) = &self.baseline {
            root.insert("baseline".to_owned(), to_value(baseline));
        }
        Value::Object(root)
    }

    /// The probability from which a row is said to be of class 1: of binary models alone.
    fn threshold(&self) -> Option<f64> {
        self.splits.iter().find_map(|record| match &record.model {
            Some(Metrics::Binary(metrics)) => Some(metrics.threshold),
            _ => None,
        })
    }

    fn of_split(&self, split: Split) -> Option<&SplitRecord> {
        self.splits.iter().find(|record| record.split == split)
    }

    /// The names of the headline figures, whichever splits were evaluated.
    fn headline_names(&self) -> Vec<&'static str> {
        let mut models = self
            .splits
            .iter()
            .filter_map(|record| record.model.as_ref());
        match models.next() {
            Some(metrics) => metrics
                .headline()
                .into_iter()
                .map(|(name, _)| name)
                .collect(),
            None => {
                let is_number = self.classes.is_empty();
                let task = if is_number {
                    Task::Regression
                } else {
                    Task::Binary
                };
                Metric::reported_of(task).map(Metric::key).collect()
            }
        }
    }

    /// The figures of a split, null where it was not evaluated; of base scores only where there are some.
    fn insert_headline(&self, split: Split, names: &[&str], root: &mut Map<String, Value>) {
        let record = self.of_split(split);
        let model = record.and_then(|record| record.model.as_ref());
        let base = record.and_then(|record| record.base.as_ref());
        for (prefix, metrics, is_there) in
            [("", model, true), ("base_", base, self.has_base_scores)]
        {
            let figures = metrics.map(Metrics::headline).unwrap_or_default();
            for name in names.iter().filter(|_| is_there) {
                let figure = figures.iter().find(|(own, _)| own == name);
                let value = figure.and_then(|(_, value)| *value);
                root.insert(format!("{prefix}{}_{name}", split.name()), json!(value));
            }
        }
    }

    /// Means over groups: `group_avg_f1`, and `gene_avg_f1` where groups are genes.
    fn insert_group_f1(&self, prefix: &str, group_f1: GroupF1, map: &mut Map<String, Value>) {
        let is_gene = self
            .group_column
            .as_ref()
            .is_some_and(|column| column.starts_with("gene"));
        let words = if is_gene {
            &["gene", "group"][..]
        } else {
            &["group"][..]
        };
        for word in words {
            map.insert(format!("{prefix}{word}_avg_f1"), json!(group_f1.mean_f1));
            map.insert(
                format!("{prefix}{word}_avg_f1_with_sites"),
                json!(group_f1.mean_f1_with_sites),
            );
        }
    }

    fn split_value(&self, record: &SplitRecord) -> Value {
        let mut map = Map::new();
        let rows_total: u64 = self.splits.iter().map(|split| split.rows).sum();
        map.insert("rows".to_owned(), json!(record.rows));
        map.insert(
            "rows_share".to_owned(),
            json!(share(record.rows, rows_total)),
        );
        let groups_total: u64 = self.splits.iter().filter_map(|split| split.groups).sum();
        map.insert("groups".to_owned(), json!(record.groups));
        map.insert(
            "groups_share".to_owned(),
            json!(record.groups.and_then(|groups| share(groups, groups_total))),
        );
        if !record.class_rows.is_empty() {
            let names = self.classes.iter().cloned();
            let counts = record.class_rows.iter().map(|rows| json!(rows));
            map.insert(
                "class_counts".to_owned(),
                Value::Object(names.zip(counts).collect()),
            );
        }
        self.insert_side(record.model.as_ref(), record.group_f1, &mut map);
        if record.base.is_some() {
            let mut base = Map::new();
            self.insert_side(record.base.as_ref(), record.base_group_f1, &mut base);
            map.insert("base".to_owned(), Value::Object(base));
        }
        Value::Object(map)
    }

    fn insert_side(
        &self,
        metrics: Option<&Metrics>,
        group_f1: Option<GroupF1>,
        map: &mut Map<String, Value>,
    ) {
        if let Some(Value::Object(metrics)) = metrics.map(to_value) {
            for (key, value) in metrics {
                // A split's rows are all its rows; the metrics' own are those with a prediction.
                let key = if key == "rows" {
                    "rows_scored".to_owned()
                } else {
                    key
                };
                let value = if key == "classes" {
                    self.by_class_name(value)
                } else {
                    value
                };
                map.insert(key, value);
            }
        }
        if let Some(group_f1) = group_f1 {
            map.insert(
                "groups_with_sites".to_owned(),
                json!(group_f1.groups_with_sites),
            );
            self.insert_group_f1("", group_f1, map);
        }
    }

    /// One-versus-rest metrics with the class's name beside its index.
    fn by_class_name(&self, classes: Value) -> Value {
        let Value::Array(mut classes) = classes else {
            return classes;
        };
        for (class, name) in classes.iter_mut().zip(&self.classes) {
            if let Value::Object(class) = class {
                class.shift_insert(0, "name".to_owned(), json!(name));
            }
        }
        Value::Array(classes)
    }
}

/// A point of the learning curve: `train` and `valid` are losses, `train_auc` and its like metrics.
fn curve_point(point: &RoundLoss) -> Value {
    let mut map = Map::new();
    map.insert("rounds".to_owned(), json!(point.rounds));
    map.insert("train".to_owned(), json!(point.train));
    map.insert("valid".to_owned(), json!(point.valid));
    for found in &point.metrics {
        let name = found.metric.round_name();
        map.insert(format!("train_{name}"), json!(found.train));
        map.insert(format!("valid_{name}"), json!(found.valid));
    }
    Value::Object(map)
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn to_value(record: &impl serde::Serialize) -> Value {
    serde_json::to_value(record).expect("plain records with text keys are always JSON")
}
