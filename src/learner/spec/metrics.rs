//! `eval_metric`, and the metric that early stopping watches.

use serde_json::Value;

use crate::learner::spec::reader::OptionReader;
use crate::{
    error::{Error, Result},
    learner::gbdt::Loss,
    stats::metrics::Metric,
    text::nearest,
};

/// Reads the metrics of the learning curve and the one that early stopping watches: the one named,
/// else the last of the list as XGBoost does, else none, which is the loss.
///
/// # Errors
/// [`Error::Usage`] for a metric that is not there, with the nearest one that is.
pub(super) fn read(reader: &mut OptionReader) -> Result<(Vec<Metric>, Option<Metric>)> {
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

fn named(option: &str, name: &str) -> Result<Metric> {
    Metric::of_round_name(name).ok_or_else(|| {
        let own: Vec<&str> = Metric::of_rounds().map(Metric::round_name).collect();
        Error::Usage(format!(
            "--model: `{option}` names the metric `{name}`, which is not computed after each round{}; \
             use {}",
            nearest::hint(name, own.iter().copied()),
            own.join(", ")
        ))
    })
}

/// Refuses metrics that mean nothing for a loss.
///
/// # Errors
/// [`Error::Usage`] naming the first and those that could be used.
pub(super) fn check(metrics: &[Metric], loss: Loss) -> Result<()> {
    let fits = |metric: &Metric| metric.is_of_rounds(loss.task(), loss.deviation());
    let Some(wrong) = metrics.iter().find(|metric| !fits(metric)) else {
        return Ok(());
    };
    let fitting = Metric::of_rounds().filter(fits);
    let fitting: Vec<&str> = fitting.map(Metric::round_name).collect();
    let learned = match loss {
        Loss::BinaryLogLoss => "two classes",
        Loss::Softmax { .. } => "several classes",
        Loss::Quantile { .. } => "a quantile of a number",
        Loss::Poisson { .. } => "a count",
        Loss::SquaredError | Loss::AbsoluteError => "a number",
    };
    Err(Error::Usage(format!(
        "--model: the metric `{}` does not go with {learned}, which this run learns; use {}",
        wrong.round_name(),
        fitting.join(", ")
    )))
}
