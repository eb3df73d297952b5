//! The model is a function of data, options and seed: nothing else changes a byte of it.

use std::{fs, path::Path};

use crate::{artefacts::json, command::Run, dataset};

fn model(dataset: &Path, learner: &str, more: &[&str]) -> (Vec<u8>, serde_json::Value) {
    let dir = tempfile::tempdir().unwrap();
    let out_dir = dir.path().join("run");
    Run::train(dataset)
        .out_dir(&out_dir)
        .model(learner)
        .args(more)
        .succeeds();
    let bytes = fs::read(out_dir.join("model.rowmill")).unwrap();
    (bytes, json(&out_dir.join("metrics.json")))
}

const TREES: &str = r#"{"n_estimators": 8, "max_depth": 4}"#;

#[test]
fn threads_batches_and_memory_change_no_byte_of_trees() {
    let (expected, _) = model(dataset::small(), TREES, &["--threads", "1"]);
    let (threads, _) = model(dataset::small(), TREES, &["--threads", "2"]);
    assert!(
        threads == expected,
        "another number of threads gives another model"
    );
    let more = [
        "--threads",
        "3",
        "--batch-size",
        "1_000",
        "--memory",
        "300MiB",
    ];
    let (batches, _) = model(dataset::small(), TREES, &more);
    assert!(
        batches == expected,
        "another batch size gives another model"
    );
}

#[test]
fn threads_batches_and_memory_change_no_byte_of_sampled_trees() {
    for sampling in ["mvs:3000", "goss", "uniform:0.3"] {
        let of = |more: &[&str]| {
            let more: Vec<&str> = more
                .iter()
                .copied()
                .chain(["--sampling", sampling])
                .collect();
            model(dataset::small(), TREES, &more)
        };
        let (expected, metrics) = of(&["--threads", "1"]);
        let more = [
            "--threads",
            "3",
            "--batch-size",
            "1_000",
            "--memory",
            "300MiB",
        ];
        let (other, _) = of(&more);
        assert!(
            other == expected,
            "{sampling}: threads or memory give another model"
        );
        let (_, exact) = model(dataset::small(), TREES, &[]);
        let loss = |metrics: &serde_json::Value| {
            let curve = metrics["learning_curve"]
                .as_array()
                .expect("a learning curve");
            let last = curve.last().expect("rounds");
            last["valid"].as_f64().expect("a valid loss")
        };
        let (sampled, exact) = (loss(&metrics), loss(&exact));
        assert!(
            sampled < 1.03 * exact,
            "{sampling}: {sampled} after {exact} on all rows"
        );
    }
}

#[test]
fn threads_and_batches_change_no_byte_of_logistic() {
    for learner in [
        "logistic",
        r#"{"name": "logistic", "solver": "sgd"}"#,
        r#"{"name": "logistic", "l1": 0.001, "missing_indicator": true}"#,
    ] {
        let (expected, _) = model(dataset::small(), learner, &["--threads", "1"]);
        let more = ["--threads", "2", "--batch-size", "5_000"];
        let (other, _) = model(dataset::small(), learner, &more);
        assert!(
            other == expected,
            "{learner}: another number of threads gives another model"
        );
    }
}

#[test]
fn another_seed_gives_another_model() {
    let (first, _) = model(dataset::small(), TREES, &["--seed", "1"]);
    let (second, _) = model(dataset::small(), TREES, &["--seed", "2"]);
    assert!(first != second);
}

#[test]
fn the_same_rows_in_other_files_score_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let score = |shards: usize| {
        let data = dir.path().join(format!("shards-{shards}"));
        dataset::make(&data, 6_000, shards, false);
        let (_, metrics) = model(&data, TREES, &["--threads", "2"]);
        ["test_auc_roc", "test_log_loss", "valid_auc_pr"].map(|key| metrics[key].as_f64().unwrap())
    };
    assert_eq!(score(1), score(5));
}
