//! Features of every kind and targets of every kind, from the file to the checked model.
//!
//! `data/kinds.parquet` was written by `data/make_golden.py`.

use std::{fs, path::Path};

use crate::command::{Run, text};

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
    Run::train(dataset())
        .out_dir(&out_dir)
        .args(&["--target", target, "--group-col", group])
        .args(&["--exclude", &exclude])
        .args(more)
        .succeeds();
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
    let run = Run::train(dataset())
        .out_dir(&out_dir)
        .args(&["--profile", text(&profile)]);
    run.clone().model(TREES).succeeds();
    let metrics: serde_json::Value =
        serde_json::from_slice(&fs::read(out_dir.join("metrics.json")).unwrap()).unwrap();
    assert_eq!(metrics["task"], "regression");
    let again = run.model("logistic").arg("--overwrite");
    again.fails(2, &["price", "--model gbdt"]);
}

#[test]
fn a_type_that_is_no_feature_is_named_with_the_way_out() {
    let dir = tempfile::tempdir().unwrap();
    let out_dir = dir.path().join("run");
    let train = |target| Run::train(dataset()).args(&["--target", target]);
    let sold = train("sold").out_dir(&out_dir);
    let sold = sold.args(&["--group-col", "shop"]);
    sold.fails(1, &["`list`", "--exclude list"]);
    let exclude = ["--exclude", "list"];
    let number = train("price").args(&exclude);
    number.fails(1, &["price", "--task regression"]);
    let words = train("size").args(&exclude);
    let words = words.args(&["--task", "regression"]);
    words.fails(1, &["size", "is text"]);
}
