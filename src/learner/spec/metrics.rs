//! What `eval_metric` means, and which metric early stopping watches.

use serde_json::Value;

use crate::learner::spec::reader::OptionReader;
use crate::{
    error::{Error, Result},
    learner::gbdt::{EvalMetric, Loss},
    text::nearest,
};

/// The names of the libraries beside our own.
const NAMES: &[(EvalMetric, &[&str])] = &[
    (EvalMetric::LogLoss, &["binary_logloss", "log_loss"]),
    (EvalMetric::Error, &["binary_error"]),
    (EvalMetric::Auc, &["roc_auc"]),
    (EvalMetric::AveragePrecision, &["average_precision"]),
    (EvalMetric::MultiLogLoss, &["multi_logloss"]),
    (EvalMetric::MultiError, &["multi_error"]),
    (EvalMetric::Rmse, &["root_mean_squared_error", "l2_root"]),
    (
        EvalMetric::SquaredError,
        &["l2", "mean_squared_error", "regression_l2", "regression"],
    ),
    (
        EvalMetric::AbsoluteError,
        &["l1", "mean_absolute_error", "regression_l1"],
    ),
    (EvalMetric::Quantile, &[]),
    (EvalMetric::Poisson, &["poisson-nloglik"]),
];

/// Reads the metrics of the learning curve and the one that early stopping watches: the one named,
/// else the last of the list as XGBoost does, else none, which is the loss.
///
/// # Errors
/// [`Error::Usage`] for a metric that is not there, with the nearest one that is.
pub(super) fn read(reader: &mut OptionReader) -> Result<(Vec<EvalMetric>, Option<EvalMetric>)> {
    let names = &["eval_metric", "metric", "metrics", "eval_metrics"];
    let mut metrics = Vec::new();
    if let Some((option, value)) = reader.take(names)? {
        for name in listed(&option, &value)? {
            let metric = named(&option, &name)?;
            if !metrics.contains(&metric) {
                metrics.push(metric);
            }
        }
    }
    let option = "early_stopping_metric";
    let watched = match reader.text(&[option])? {
        None => metrics.last().copied(),
        Some(name) if name == "loss" => None,
        Some(name) => {
            let metric = named(option, &name)?;
            if !metrics.contains(&metric) {
                metrics.push(metric);
            }
            Some(metric)
        }
    };
    Ok((metrics, watched))
}

/// A text of names separated by commas, or a list of texts.
fn listed(option: &str, value: &Value) -> Result<Vec<String>> {
    let texts: Option<Vec<&str>> = match value {
        Value::String(text) => Some(text.split(',').collect()),
        Value::Array(values) => values.iter().map(Value::as_str).collect(),
        _ => None,
    };
    let texts = texts.ok_or_else(|| {
        Error::Usage(format!(
            "--model: `{option}` is {value}; it must be a metric or a list of them, such as \
             [\"logloss\", \"auc\"]"
        ))
    })?;
    let trimmed = texts.iter().map(|text| text.trim().to_owned());
    Ok(trimmed.filter(|text| !text.is_empty()).collect())
}

fn named(option: &str, name: &str) -> Result<EvalMetric> {
    let found = NAMES
        .iter()
        .find(|(metric, names)| metric.name() == name || names.contains(&name));
    found.map(|(metric, _)| *metric).ok_or_else(|| {
        let own = EvalMetric::ALL.map(EvalMetric::name);
        Error::Usage(format!(
            "--model: `{option}` names the metric `{name}`, which is not computed after each round{}; \
             use {}",
            nearest::hint(name, own),
            own.join(", ")
        ))
    })
}

/// Refuses metrics that mean nothing for a loss.
///
/// # Errors
/// [`Error::Usage`] naming the first and those that could be used.
pub(super) fn check(metrics: &[EvalMetric], loss: Loss) -> Result<()> {
    let Some(wrong) = metrics.iter().find(|metric| !metric.goes_with(loss)) else {
        return Ok(());
    };
    let fitting = EvalMetric::ALL
        .into_iter()
        .filter(|metric| metric.goes_with(loss));
    let fitting: Vec<&str> = fitting.map(EvalMetric::name).collect();
    let learned = match loss {
        Loss::BinaryLogLoss => "two classes",
        Loss::Softmax { .. } => "several classes",
        Loss::Quantile { .. } => "a quantile of a number",
        Loss::Poisson { .. } => "a count",
        Loss::SquaredError | Loss::AbsoluteError => "a number",
    };
    Err(Error::Usage(format!(
        "--model: the metric `{}` does not go with {learned}, which this run learns; use {}",
        wrong.name(),
        fitting.join(", ")
    )))
}
