//! Trees by batches.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{
    FILES, as_words, bytes, check_cut, check_same, further, metrics, stream, stream_with, streamed,
    words,
};
use crate::{
    command::{Outcome, Run, fails, fed, succeeds, text},
    dataset::{self, Feature, write_table},
};

/// Few and small trees.
const MODEL: &str =
    r#"{"name": "gbdt", "n_estimators": 12, "num_leaves": 8, "learning_rate": 0.3}"#;

fn train(out_dir: &Path, more: &[&str]) {
    let run = Run::train(dataset::small()).out_dir(out_dir).model(MODEL);
    run.args(more).succeeds();
}

fn learn(out_dir: &Path, more: &[&str]) {
    let more = [&["--model", MODEL, "--batch-size", "3_000"][..], more].concat();
    succeeds(&words(dataset::small(), out_dir, &more));
}

fn number(metrics: &Value, name: &str) -> f64 {
    metrics[name]
        .as_f64()
        .unwrap_or_else(|| panic!("no {name}: {metrics}"))
}

#[test]
fn the_model_is_that_of_train_and_batches_were_scored_before() {
    let dir = tempfile::tempdir().unwrap();
    let (trained, learned) = (dir.path().join("trained"), dir.path().join("learned"));
    train(&trained, &[]);
    learn(&learned, &[]);
    let names = ["model.rowmill", "features.csv", "splits.parquet"];
    check_same(&trained, &learned, &names);
    check_same(&trained, &learned, &["delta_vs_baseline.csv"]);
    let metrics = metrics(&learned);
    let curve = metrics["progressive_validation"].as_array().unwrap();
    let train_rows = metrics["splits"]["train"]["rows"].as_u64().unwrap();
    assert_eq!(curve.len() as u64, train_rows.div_ceil(3_000));
    let rows = curve.iter().map(|point| point["rows"].as_u64().unwrap());
    assert_eq!(rows.sum::<u64>(), train_rows);
    assert_eq!(curve[1]["rows_learned"], 3_000);
    let loss = |point: &Value| point["log_loss"].as_f64().unwrap();
    assert!((loss(&curve[0]) - 2f64.ln()).abs() < 1e-6, "{curve:?}");
    let last = &curve[curve.len() - 1];
    assert!(loss(last) < 0.8 * loss(&curve[0]), "{curve:?}");
}

#[test]
fn threads_change_no_byte() {
    let dir = tempfile::tempdir().unwrap();
    let run = |threads: &str, more: &[&str]| {
        let out_dir = dir.path().join(format!("{threads}{}", more.len()));
        learn(&out_dir, &[&["--threads", threads][..], more].concat());
        out_dir
    };
    check_same(&run("1", &[]), &run("3", &[]), &FILES);
    let once = ["--one-pass"];
    check_same(&run("1", &once), &run("3", &once), &FILES);
}

#[test]
fn one_pass_is_nearly_as_good() {
    let dir = tempfile::tempdir().unwrap();
    let (trained, learned) = (dir.path().join("trained"), dir.path().join("learned"));
    train(&trained, &["--split", "hash"]);
    learn(&learned, &["--one-pass"]);
    check_same(&trained, &learned, &["splits.parquet"]);
    let (expected, found) = (metrics(&trained), metrics(&learned));
    assert!(number(&found, "train_log_loss") < 0.2, "{found}");
    for name in ["test_log_loss", "valid_log_loss", "test_auc_roc"] {
        let (expected, found) = (number(&expected, name), number(&found, name));
        assert!(
            (found / expected - 1.0).abs() < 0.05,
            "{name}: {found}, {expected}"
        );
    }
    let run: Value = serde_json::from_slice(&bytes(&learned, "run.json")).unwrap();
    let passes = run["passes"].as_array().unwrap();
    let names: Vec<&str> = passes
        .iter()
        .filter_map(|pass| pass["name"].as_str())
        .collect();
    assert_eq!(names, ["one pass"]);
    assert!(!learned.join("checkpoint.rowmill").exists());
}

#[test]
fn pruned_columns_are_those_of_train() {
    let dir = tempfile::tempdir().unwrap();
    let (trained, learned) = (dir.path().join("trained"), dir.path().join("learned"));
    let prune = ["--prune-features", "--no-trimmed", "--corr-thr", "0.8"];
    train(&trained, &prune);
    learn(&learned, &prune);
    check_same(&trained, &learned, &["model.rowmill", "features.csv"]);
    // Bins without the pruned columns go on.
    let further = dir.path().join("further");
    let more = ["--init-model", text(&learned)];
    succeeds(&words(dataset::small(), &further, &more));
}

/// A run of a streamed table, and what it left.
fn stream_run(out_dir: &Path, more: &[&str], bytes: &[u8]) -> Outcome {
    let more = [&["--model", MODEL, "--batch-size", "400"][..], more].concat();
    fed(&streamed(out_dir, &more), bytes)
}

#[test]
fn a_stream_gives_the_same_model_however_it_is_cut_and_the_expected_rows_are_a_bound() {
    let dir = tempfile::tempdir().unwrap();
    let run = |name: &str, batch_rows: usize, expected: &str| {
        let out_dir = dir.path().join(name);
        let more = ["--expected-rows", expected];
        (
            stream_run(&out_dir, &more, &stream(0..3_000, batch_rows)),
            out_dir,
        )
    };
    let (outcome, long) = run("long", 3_000, "4_000");
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
    let (outcome, short) = run("short", 7, "4_000");
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
    check_same(&long, &short, &FILES);
    let metrics = metrics(&long);
    assert!(number(&metrics, "test_log_loss") < 0.9, "{metrics}");
    let (outcome, _) = run("less", 7, "2_000");
    assert_eq!(outcome.code, Some(1), "{outcome:#?}");
    assert!(
        outcome.stderr.contains("--expected-rows allows 2,000"),
        "{outcome:#?}"
    );
    let outcome = stream_run(&dir.path().join("unsaid"), &[], &stream(0..10, 10));
    assert_eq!(outcome.code, Some(2), "{outcome:#?}");
    assert!(outcome.stderr.contains("--expected-rows"), "{outcome:#?}");
}

#[test]
fn a_stream_that_is_cut_among_batches_goes_on_to_the_same_bytes() {
    // More training rows than fix the bins come before the cut.
    let whole = stream(0..100_000, 5_000);
    let more = [
        "--model",
        MODEL,
        "--batch-size",
        "8_000",
        "--expected-rows",
        "100_000",
        "--valid-size",
        "0",
        "--test-size",
        "0.1",
    ];
    check_cut(&more, &whole, &FILES, |_| {});
}

/// How many trees a run's model has.
fn trees(out_dir: &Path) -> u64 {
    let shown = succeeds(&["show", text(&out_dir.join("model.rowmill"))]).stdout;
    let line = shown.lines().find_map(|line| line.strip_prefix("trees "));
    let mut words = line.unwrap_or_else(|| panic!("{shown}")).split_whitespace();
    words.next().unwrap().parse().unwrap()
}

#[test]
fn a_learner_goes_on_with_further_data_and_grows_trees_in_proportion() {
    let (dir, mut words) = further(MODEL, |_| {}, |table| table.genes.reverse());
    let run = dir.path().join("run");
    let before = bytes(&run, "learner.rowmill");
    succeeds(&as_words(&words));
    let again = dir.path().join("again");
    let metrics = metrics(&again);
    let first = &metrics["progressive_validation"][0];
    assert!(first["rows_learned"].as_u64().unwrap() > 100, "{first}");
    assert!(bytes(&run, "learner.rowmill") == before);
    assert_eq!((trees(&run), trees(&again)), (36, 72));
    words.extend(["--more-trees", "5", "--overwrite"].map(str::to_owned));
    succeeds(&as_words(&words));
    assert_eq!(trees(&again), 36 + 15);
}

#[test]
fn further_data_may_miss_what_the_first_had() {
    let holes = |table: &mut dataset::TinyTable| {
        let value = |row: usize| match row % 4 {
            0 => f64::NAN,
            _ => (row * 37 % 101) as f64,
        };
        table.x = Feature::Number((0..table.rows()).map(value).collect());
    };
    let (dir, words) = further(MODEL, |_| {}, holes);
    succeeds(&as_words(&words));
    assert!(dir.path().join("again/model.rowmill").exists());
    let text_feature = |value: fn(usize) -> &'static str| {
        move |table: &mut dataset::TinyTable| {
            let values = (0..table.rows()).map(|row| Some(value(row))).collect();
            table.x = Feature::Text(values);
        }
    };
    let (_dir, words) = further(
        MODEL,
        text_feature(|row| ["a", "b"][row / 3 % 2]),
        text_feature(|row| ["b", "new"][row / 3 % 2]),
    );
    succeeds(&as_words(&words));
    let (dir, words) = further(MODEL, |_| {}, text_feature(|_| "a"));
    fails(&as_words(&words), 1, &["column `x`", "numbers"]);
    assert!(!dir.path().join("again").join("learner.rowmill").exists());
}

#[test]
fn a_column_may_go_or_come_between_streams() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (dir.path().join("first"), dir.path().join("second"));
    let expected = ["--expected-rows", "600"];
    let outcome = stream_run(&first, &expected, &stream_with("y", 1, 0..600, 50));
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
    let more = [&expected[..], &["--init-model", text(&first)]].concat();
    let more = [&["--batch-size", "100"][..], &more].concat();
    let table = stream_with("z", 1, 600..1_200, 50);
    let outcome = fed(&streamed(&second, &more), &table);
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
    let warned = outcome.stderr.contains("was trained without them: z");
    assert!(warned, "{outcome:#?}");
    let curve = &metrics(&second)["progressive_validation"];
    assert!(curve[0]["rows_learned"].as_u64().unwrap() > 300, "{curve}");
    assert!(curve[0]["log_loss"].as_f64().unwrap() < 1.0, "{curve}");
}

#[test]
fn what_trees_cannot_learn_by_batches_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let out_dir: PathBuf = dir.path().join("run");
    let number = dir.path().join("number.parquet");
    write_table(&number, |table| table.labels = None);
    let model = r#"{"name": "gbdt", "n_estimators": 3, "objective": "regression"}"#;
    let more = ["--model", model, "--target", "x"];
    let words_of_number = words(&number, &out_dir, &more);
    let needed = ["`x` is a number", "`rowmill train --model gbdt`"];
    fails(&words_of_number, 2, &needed);
    let more = ["--model", MODEL, "--more-trees", "3"];
    let no_model = words(dataset::small(), &out_dir, &more);
    fails(&no_model, 2, &["--init-model"]);
}
