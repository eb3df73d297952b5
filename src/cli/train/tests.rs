use clap::Parser;

use super::*;
use crate::{
    cli::arguments::{Arguments, Command},
    data::Task,
};

fn read(words: &[&str]) -> Result<(TrainOptions, ModelChoice)> {
    let line = ["rowmill", "train", "master"].iter().chain(words);
    match Arguments::try_parse_from(line).unwrap().command {
        Command::Train(train) => options(&train),
        other => panic!("{other:?} is not train"),
    }
}

fn check_error(words: &[&str], expected: &str) {
    let error = read(words).unwrap_err();
    assert_eq!(error.exit_code(), 2, "{error}");
    let message = error.to_string();
    assert!(
        message.contains(expected),
        "{words:?}: {message}\nlacks: {expected}"
    );
}

#[test]
fn flags_become_options() {
    let (options, choice) = read(&[
        "--model",
        "{\"eta\": 0.3}",
        "--seed",
        "7",
        "--exclude",
        "a,b",
        "--batch-size",
        "1_000",
        "--no-verify",
        "--split-col",
        "is_test",
        "--threads",
        "3",
    ])
    .unwrap();
    assert_eq!(options.split.seed, 7);
    assert_eq!(options.resources.limits.batch_rows_max, 1_000);
    assert_eq!(options.resources.threads, 3);
    assert!(!options.output.verify);
    assert_eq!(options.columns.selection().exclude, ["a", "b"]);
    assert_eq!(
        options.columns.selection().split.as_deref(),
        Some("is_test")
    );
    assert_eq!(choice.name, "gbdt");
    let ModelSpec::Gbdt(booster) = &options.model else {
        panic!("gbdt")
    };
    assert_eq!((booster.seed, booster.learning_rate), (7, 0.3));
}

#[test]
fn objectives_and_tasks_agree() {
    for (words, expected) in [
        (vec![], None),
        (vec!["--task", "regression"], Some(Task::Regression)),
        (
            vec!["--model", "{\"objective\":\"multiclass\"}"],
            Some(Task::Multiclass),
        ),
        (
            vec!["--model", "{\"objective\":\"binary\"}", "--task", "binary"],
            Some(Task::Binary),
        ),
    ] {
        assert_eq!(read(&words).unwrap().0.columns.task, expected, "{words:?}");
    }
    check_error(
        &[
            "--model",
            "{\"objective\":\"regression\"}",
            "--task",
            "binary",
        ],
        "--task binary and the model's objective (regression) contradict each other",
    );
    check_error(
        &["--model", "log_reg", "--task", "regression"],
        "--model log_reg is a classifier",
    );
    check_error(
        &[
            "--model",
            "{\"scale_pos_weight\":2}",
            "--task",
            "multiclass",
        ],
        "`scale_pos_weight` is for two classes",
    );
}

#[test]
fn shares_leave_something() {
    check_error(
        &["--test-size", "0.6", "--valid-size", "0.4"],
        "leave no training rows",
    );
    check_error(
        &[
            "--model",
            "{\"early_stopping_rounds\": 5}",
            "--valid-size",
            "0",
        ],
        "`early_stopping_rounds` needs the valid split, but --valid-size is 0",
    );
    assert!(read(&["--valid-size", "0", "--test-size", "0"]).is_ok());
    let stopping = "{\"early_stopping_rounds\": 5}";
    assert!(read(&["--model", stopping, "--val-dir", "v"]).is_ok());
}

#[test]
fn model_options_may_lie_in_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.json");
    let argument = format!("@{}", path.display());
    let message = read(&["--model", &argument]).unwrap_err().to_string();
    assert!(
        message.starts_with("cannot read the model options"),
        "{message}"
    );
    std::fs::write(&path, "{\"name\": \"lightgbm\", \"num_leaves\": 63}\n").unwrap();
    let (options, choice) = read(&["--model", &argument]).unwrap();
    assert_eq!(choice.name, "lightgbm");
    let ModelSpec::Gbdt(booster) = &options.model else {
        panic!("gbdt")
    };
    assert_eq!(booster.num_leaves, 63);
    std::fs::write(&path, "{\"num_leafs\": 63}").unwrap();
    check_error(&["--model", &argument], "model.json");
}
