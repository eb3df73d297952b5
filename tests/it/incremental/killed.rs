//! Runs by batches that are killed go on to the bytes of runs that never were.

#![cfg(unix)]

use super::{FILES, LOGISTIC_FILES};
use crate::{command::text, dataset, kill};

/// Few and small trees.
const TREES: &str =
    r#"{"name": "gbdt", "n_estimators": 12, "num_leaves": 8, "learning_rate": 0.3}"#;

fn check(more: &[&str], files: &[&str]) {
    let dataset = text(dataset::small());
    let arguments = [&["incremental", dataset, "--threads", "2"], more].concat();
    let said = "resuming after batch";
    kill::check_killed(&arguments, "learner.rowmill", said, files);
}

#[test]
fn logistic_regression() {
    let more = ["--batch-size", "500", "--no-verify"];
    check(&more, &LOGISTIC_FILES);
}

#[test]
fn logistic_regression_in_one_pass() {
    check(&["--batch-size", "500", "--one-pass"], &LOGISTIC_FILES);
}

#[test]
fn trees() {
    check(&["--batch-size", "1_000", "--model", TREES], &FILES);
}

#[test]
fn trees_in_one_pass() {
    let more = ["--batch-size", "1_000", "--model", TREES, "--one-pass"];
    check(&more, &FILES);
}
