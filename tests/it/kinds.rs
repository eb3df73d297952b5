//! Features of every kind and targets of every kind, from the file to the checked model.
//!
//! `data/kinds.parquet` was written by `data/make_golden.py`.

use std::{fs, path::Path};

use crate::command::{fails, succeeds, text};

/// Targets, and the list that no learner takes.
const NOT_FEATURES: [&str; 4] = ["sold", "size", "price", "list"];

const TREES: &str = r#"{"n_estimators": 20, "max_depth": 3}"#;

fn dataset() -> &'static Path {
    Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/it/data/kinds.parquet"
    ))
}

/// Trains on the target and answers `metrics.json`.
fn train(target: &str, group: &str, more: &[&str]) -> serde_json::Value {
    let dir = tempfile::tempdir().unwrap();
    let out_dir = dir.path().join("run");
    let exclude: Vec<&str> = NOT_FEATURES
        .into_iter()
        .filter(|name| *name != target)
        .collect();
    let exclude = exclude.join(",");
    let mut arguments = vec![
        "train",
        text(dataset()),
        "--out-dir",
        text(&out_dir),
        "--target",
        target,
        "--group-col",
        group,
        "--exclude",
        &exclude,
        "--threads",
        "2",
    ];
    arguments.extend(more);
    succeeds(&arguments);
    let features = fs::read_to_string(out_dir.join("features.csv")).unwrap();
    for name in ["decimal", "date", "timestamp", "text", "boolean", "half"] {
        let row = features
            .lines()
            .find(|line| line.split(',').next() == Some(name));
        assert!(row.is_some_and(|row| row.contains("used")), "{row:?}");
    }
    serde_json::from_slice(&fs::read(out_dir.join("metrics.json")).unwrap()).unwrap()
}

/// The metric of the test split must be above a floor.
fn check(metrics: &serde_json::Value, name: &str, floor: f64) {
    let value = metrics[name].as_f64();
    assert!(
        value.is_some_and(|value| value > floor),
        "{name}: {value:?}"
    );
}

/// Logistic regression with an L1 penalty and columns that say what is missing.
const SPARSE: &str = r#"{"name": "logistic", "l1": 0.002, "missing_indicator": true}"#;

#[test]
fn two_classes_several_classes_and_numbers_are_learned() {
    for model in [TREES, "logistic", SPARSE] {
        let metrics = train("sold", "shop", &["--model", model]);
        assert_eq!(metrics["task"], "binary");
        check(&metrics, "test_auc_roc", 0.9);
        let metrics = train("size", "shop", &["--model", model]);
        assert_eq!(metrics["task"], "multiclass");
        check(&metrics, "test_auc_roc", 0.85);
    }
    let metrics = train("price", "shop", &["--model", TREES, "--task", "regression"]);
    assert_eq!(metrics["task"], "regression");
    check(&metrics, "test_r2", 0.8);
}

#[test]
fn rows_are_their_own_groups_on_demand() {
    let metrics = train("sold", "none", &["--model", TREES]);
    assert!(metrics["group_column"].is_null(), "{metrics}");
    check(&metrics, "test_auc_roc", 0.9);
}

#[test]
fn a_profile_names_task_target_and_group() {
    let dir = tempfile::tempdir().unwrap();
    let profile = dir.path().join("shops.toml");
    let keys = r#"
        name = "shops"
        target = "price"
        task = "regression"
        group = "shop"
        metadata = ["sold", "size", "list"]
    "#;
    fs::write(&profile, keys).unwrap();
    let out_dir = dir.path().join("run");
    let arguments = [
        "train",
        text(dataset()),
        "--profile",
        text(&profile),
        "--out-dir",
        text(&out_dir),
        "--model",
    ];
    succeeds(&[&arguments[..], &[TREES]].concat());
    let metrics: serde_json::Value =
        serde_json::from_slice(&fs::read(out_dir.join("metrics.json")).unwrap()).unwrap();
    assert_eq!(metrics["task"], "regression");
    let refused = [&arguments[..], &["logistic", "--overwrite"]].concat();
    fails(&refused, 2, &["price", "--model gbdt"]);
}

#[test]
fn a_type_that_is_no_feature_is_named_with_the_way_out() {
    let dir = tempfile::tempdir().unwrap();
    let out_dir = dir.path().join("run");
    let arguments = [
        "train",
        text(dataset()),
        "--target",
        "sold",
        "--group-col",
        "shop",
        "--out-dir",
        text(&out_dir),
    ];
    fails(&arguments, 1, &["`list`", "--exclude list"]);
    let number = [&arguments[..2], &["--target", "price", "--exclude", "list"]].concat();
    fails(&number, 1, &["price", "--task regression"]);
    let words = [&arguments[..2], &["--target", "size", "--exclude", "list"]].concat();
    let words = [&words[..], &["--task", "regression"]].concat();
    fails(&words, 1, &["size", "is text"]);
}
