//! Parsers of values on the command line: sizes, counts, shares.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::{
    data::{Task, task_or_auto},
    learner::gbdt::Sampling,
    limits::{Limits, THREADS_MAX},
};

/// `512MiB`.
pub(in crate::cli) fn memory(text: &str) -> Result<u64, String> {
    crate::text::size::parse_bytes(text)
}

/// `--task`; `None` for `auto`.
pub(in crate::cli) fn task() -> impl TypedValueParser<Value = Option<Task>> {
    PossibleValuesParser::new(task_values()).map(named_task)
}

/// `--task` of learners of classes, which refuse numbers with a word about `rowmill train`.
pub(in crate::cli) fn class_task() -> impl TypedValueParser<Value = Option<Task>> {
    let values = task_values().map(|value| {
        let is_number = value.get_name() == Task::Regression.name();
        value.hide(is_number)
    });
    PossibleValuesParser::new(values).map(named_task)
}

fn task_values() -> [PossibleValue; 4] {
    let of = |task: Task, help| PossibleValue::new(task.name()).help(help);
    [
        PossibleValue::new(task_or_auto::AUTO)
            .help("The profile's task, else derived from the target's values"),
        of(Task::Binary, "Two classes"),
        of(Task::Multiclass, "Two classes or more"),
        of(Task::Regression, "A number"),
    ]
}

fn named_task(name: String) -> Option<Task> {
    Task::ALL.into_iter().find(|task| task.name() == name)
}

/// A whole number of at least 1; underscores may separate digits, as in `200_000`.
pub(in crate::cli) fn count(text: &str) -> Result<u64, String> {
    match integer(text) {
        Some(0) => Err("0 is too small; use 1 or more".to_owned()),
        Some(count) => Ok(count),
        None => Err("it is not a whole number; write for example 200_000".to_owned()),
    }
}

/// Any integer from 0 on.
pub(super) fn seed(text: &str) -> Result<u64, String> {
    integer(text).ok_or_else(|| "a seed is a whole number from 0 to 2^64 - 1".to_owned())
}

/// Seconds, from 0 on.
pub(super) fn seconds(text: &str) -> Result<u64, String> {
    const SECONDS_MAX: u64 = 7 * 24 * 3_600;
    match integer(text) {
        Some(seconds) if seconds <= SECONDS_MAX => Ok(seconds),
        Some(seconds) => Err(format!(
            "{seconds} seconds is more than a week; use at most {SECONDS_MAX}"
        )),
        None => Err("it is not a whole number of seconds, such as 10".to_owned()),
    }
}

/// Rows of a batch.
pub(super) fn batch_rows(text: &str) -> Result<usize, String> {
    const ROWS_MAX: u64 = 1 << 24;
    match count(text)? {
        rows if rows > ROWS_MAX => Err(format!("{rows} rows are too many; use at most {ROWS_MAX}")),
        rows => Ok(rows as usize),
    }
}

/// Rows of a dataset.
pub(super) fn rows(text: &str) -> Result<u64, String> {
    const ROWS_MAX: u64 = 1 << 40;
    match count(text)? {
        rows if rows > ROWS_MAX => Err(format!("{rows} rows are too many; use at most {ROWS_MAX}")),
        rows => Ok(rows),
    }
}

/// Rounds of trees.
pub(super) fn rounds(text: &str) -> Result<u32, String> {
    let rounds_max = Limits::DEFAULT.trees_max as u64;
    match count(text)? {
        rounds if rounds > rounds_max => Err(format!(
            "{rounds} rounds are too many; use at most {rounds_max}"
        )),
        rounds => Ok(rounds as u32),
    }
}

/// Threads.
pub(super) fn threads(text: &str) -> Result<usize, String> {
    match count(text)? {
        threads if threads > THREADS_MAX as u64 => Err(format!(
            "{threads} threads are too many; use at most {THREADS_MAX}"
        )),
        threads => Ok(threads as usize),
    }
}

/// A share of the rows: 0 or more and below 1.
pub(super) fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..1.0).contains(&share) => Ok(share),
        _ => Err("a share of the rows is 0 or more and below 1, such as 0.2".to_owned()),
    }
}

/// Any number; its range is checked where it is used.
pub(super) fn number(text: &str) -> Result<f64, String> {
    text.parse()
        .map_err(|_| "it is not a number; write for example 0.99".to_owned())
}

/// A value of --sampling.
pub(super) fn sampling(text: &str) -> Result<Sampling, String> {
    Sampling::parse(text)
}

fn integer(text: &str) -> Option<u64> {
    let digits = text.replace('_', "");
    // A sign or an underscore at either end is a typing error.
    let plain = !text.starts_with(['_', '+']) && !text.ends_with('_');
    if plain { digits.parse().ok() } else { None }
}
