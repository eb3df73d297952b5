//! Logistic regression by batches.

use std::{fs, path::Path};

use serde_json::Value;

use super::{
    LOGISTIC_FILES, as_words, bytes, check_cut, check_same, further, metrics, stream, stream_with,
    streamed, words,
};
use crate::{
    command::{Run, fails, fed, succeeds, text},
    dataset::{self, Feature},
};

/// A penalty, so that few rows settle the coefficients.
const MODEL: &str = r#"{"l2": 0.01}"#;

#[test]
fn the_model_is_that_of_train_and_batches_were_scored_before() {
    let dir = tempfile::tempdir().unwrap();
    let (trained, learned) = (dir.path().join("trained"), dir.path().join("learned"));
    let train = Run::train(dataset::small()).out_dir(&trained);
    train.model("logistic").succeeds();
    succeeds(&words(
        dataset::small(),
        &learned,
        &["--batch-size", "2_000"],
    ));
    let names = ["model.rowmill", "coefficients.csv", "features.csv"];
    check_same(&trained, &learned, &names);
    check_same(
        &trained,
        &learned,
        &["splits.parquet", "delta_vs_baseline.csv"],
    );
    let metrics = metrics(&learned);
    let curve = metrics["progressive_validation"].as_array().unwrap();
    let train_rows = metrics["splits"]["train"]["rows"].as_u64().unwrap();
    assert_eq!(curve.len() as u64, train_rows.div_ceil(2_000));
    let sum: u64 = curve
        .iter()
        .map(|point| point["rows"].as_u64().unwrap())
        .sum();
    assert_eq!(sum, train_rows);
    let loss = |point: &Value| point["log_loss"].as_f64().unwrap();
    assert!((loss(&curve[0]) - 2f64.ln()).abs() < 1e-6, "{curve:?}");
    assert!(
        loss(&curve[curve.len() - 1]) < 0.9 * loss(&curve[0]),
        "{curve:?}"
    );
    assert_eq!(curve[1]["rows_learned"], 2_000);
}

#[test]
fn threads_change_no_byte() {
    let dir = tempfile::tempdir().unwrap();
    let run = |threads: &str| {
        let out_dir = dir.path().join(threads);
        let model = r#"{"solver": "sgd", "missing_indicator": true}"#;
        let more = [
            "--batch-size",
            "3_000",
            "--model",
            model,
            "--threads",
            threads,
        ];
        succeeds(&words(dataset::small(), &out_dir, &more));
        out_dir
    };
    check_same(&run("1"), &run("3"), &LOGISTIC_FILES);
}

#[test]
fn another_batch_size_cannot_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let out_dir = dir.path().join("run");
    let run = |more: &[&'static str]| {
        let words = words(dataset::small(), &out_dir, more);
        words
            .iter()
            .map(|word| (*word).to_owned())
            .collect::<Vec<_>>()
    };
    let first = run(&["--batch-size", "4_000"]);
    succeeds(&first.iter().map(String::as_str).collect::<Vec<_>>());
    let before = bytes(&out_dir, "learner.rowmill");
    for (more, needed) in [
        (
            &["--resume", "--batch-size", "5_000"][..],
            "--batch-size was 4000",
        ),
        (
            &["--resume", "--batch-size", "4_000", "--seed", "1"][..],
            "--seed was 42",
        ),
        (&["--batch-size", "4_000"][..], "holds a finished run"),
    ] {
        let again = run(more);
        let again: Vec<&str> = again.iter().map(String::as_str).collect();
        fails(&again, 2, &[needed, "--overwrite"]);
    }
    assert!(
        bytes(&out_dir, "learner.rowmill") == before,
        "the state changed"
    );
}

#[test]
fn a_learner_goes_on_with_further_data() {
    let (dir, words) = further(MODEL, |_| {}, |table| table.genes.reverse());
    let before = bytes(&dir.path().join("run"), "learner.rowmill");
    succeeds(&as_words(&words));
    let again = dir.path().join("again");
    let metrics = metrics(&again);
    let first = &metrics["progressive_validation"][0];
    assert!(first["rows_learned"].as_u64().unwrap() > 100, "{first}");
    assert!(bytes(&dir.path().join("run"), "learner.rowmill") == before);
    assert!(bytes(&again, "learner.rowmill") != before);
}

#[test]
fn new_categories_columns_and_absent_classes_are_no_errors() {
    let text_feature = |value: fn(usize) -> &'static str| {
        move |table: &mut dataset::TinyTable| {
            let values = (0..table.rows()).map(|row| Some(value(row))).collect();
            table.x = Feature::Text(values);
        }
    };
    let (dir, words) = further(
        MODEL,
        text_feature(|row| ["a", "b"][row / 3 % 2]),
        text_feature(|row| ["b", "new"][row / 3 % 2]),
    );
    succeeds(&as_words(&words));
    let coefficients = String::from_utf8(bytes(&dir.path().join("again"), "coefficients.csv"));
    assert!(!coefficients.unwrap().contains("new"));
    // A class that the further data lack stays a class.
    let two_classes = |table: &mut dataset::TinyTable| {
        let label = |row: usize| Some(["donor", "neither"][row % 2]);
        table.labels = Some((0..table.rows()).map(label).collect());
    };
    let (dir, words) = further(MODEL, |_| {}, two_classes);
    succeeds(&as_words(&words));
    let classes = &metrics(&dir.path().join("again"))["classes"];
    assert_eq!(classes.as_array().unwrap().len(), 3, "{classes}");
}

#[test]
fn what_does_not_fit_the_learner_is_refused_and_changes_nothing() {
    let as_text = |table: &mut dataset::TinyTable| {
        let values = (0..table.rows()).map(|_| Some("a")).collect();
        table.x = Feature::Text(values);
    };
    let (_other, mut other_task) = further(MODEL, |_| {}, |_| {});
    let is_task = |word: &String| word == "multiclass";
    let at = other_task.iter().position(is_task).unwrap();
    other_task[at] = "binary".to_owned();
    fails(&as_words(&other_task), 2, &["--init-model", "classes"]);
    let (dir, words) = further(MODEL, |_| {}, as_text);
    let learner = dir.path().join("run").join("learner.rowmill");
    let before = fs::read(&learner).unwrap();
    fails(&as_words(&words), 1, &["column `x`", "numbers"]);
    let mut no_learner = words.clone();
    let at = no_learner
        .iter()
        .position(|word| word == "--init-model")
        .unwrap();
    no_learner[at + 1] = text(dir.path()).to_owned();
    fails(
        &as_words(&no_learner),
        2,
        &["--init-model", "learner.rowmill"],
    );
    no_learner[at + 1] = dir.path().join("two.parquet").to_str().unwrap().to_owned();
    fails(&as_words(&no_learner), 1, &["two.parquet"]);
    assert!(fs::read(&learner).unwrap() == before);
    assert!(!dir.path().join("again").join("learner.rowmill").exists());
}

#[test]
fn models_that_batches_do_not_learn_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let out_dir = dir.path().join("run");
    for (model, needed) in [
        (r#"{"l1": 0.1}"#, "l1"),
        (r#"{"n_estimators": 3}"#, "n_estimators"),
    ] {
        let words = words(dataset::small(), &out_dir, &["--model", model]);
        fails(&words, 2, &["--model", needed]);
    }
    let expected = ["--expected-rows", "100"];
    fails(
        &words(dataset::small(), &out_dir, &expected),
        2,
        &["--expected-rows", "trees"],
    );
    assert!(!out_dir.exists());
}

#[test]
fn pruned_columns_are_those_of_train() {
    let dir = tempfile::tempdir().unwrap();
    let (trained, learned) = (dir.path().join("trained"), dir.path().join("learned"));
    let prune = ["--prune-features", "--no-trimmed", "--corr-thr", "0.8"];
    let train = Run::train(dataset::small()).out_dir(&trained);
    train.model("logistic").args(&prune).succeeds();
    succeeds(&words(dataset::small(), &learned, &prune));
    let names = ["model.rowmill", "coefficients.csv", "features.csv"];
    check_same(&trained, &learned, &names);
    let features = String::from_utf8(bytes(&learned, "features.csv")).unwrap();
    assert!(features.contains("pruned"), "{features}");
}

/// The shared dataset learned in one pass.
fn once(out_dir: &Path, more: &[&str]) {
    let more = [&["--one-pass", "--batch-size", "3_000"][..], more].concat();
    succeeds(&words(dataset::small(), out_dir, &more));
}

#[test]
fn one_pass_learns_as_well_and_reads_each_row_once() {
    let dir = tempfile::tempdir().unwrap();
    let (twice, one_pass) = (dir.path().join("twice"), dir.path().join("once"));
    succeeds(&words(dataset::small(), &twice, &["--split", "hash"]));
    once(&one_pass, &[]);
    check_same(&twice, &one_pass, &["splits.parquet"]);
    let (expected, found) = (metrics(&twice), metrics(&one_pass));
    for name in [
        "train_rows",
        "test_log_loss",
        "valid_log_loss",
        "test_auc_roc",
        "gene_avg_f1",
    ] {
        let (expected, found) = (expected[name].as_f64(), found[name].as_f64());
        if let (Some(expected), Some(found)) = (expected, found) {
            assert!(
                (found / expected - 1.0).abs() < 0.02,
                "{name}: {found}, {expected}"
            );
        }
    }
    assert!(
        found["test_log_loss"].is_f64() && found["train_log_loss"].is_null(),
        "{found}"
    );
    let run: Value = serde_json::from_slice(&bytes(&one_pass, "run.json")).unwrap();
    let passes = run["passes"].as_array().unwrap();
    let names: Vec<&str> = passes
        .iter()
        .filter_map(|pass| pass["name"].as_str())
        .collect();
    assert_eq!(names, ["one pass"]);
}

#[test]
fn threads_change_no_byte_of_one_pass() {
    let dir = tempfile::tempdir().unwrap();
    let run = |threads: &'static str| {
        let out_dir = dir.path().join(threads);
        once(
            &out_dir,
            &["--checkpoint-seconds", "1", "--threads", threads],
        );
        out_dir
    };
    check_same(&run("1"), &run("4"), &LOGISTIC_FILES);
}

#[test]
fn a_stream_gives_the_same_model_however_it_is_cut() {
    let dir = tempfile::tempdir().unwrap();
    let run = |name: &str, batch_rows: usize| {
        let out_dir = dir.path().join(name);
        let words = streamed(&out_dir, &["--batch-size", "400"]);
        let outcome = fed(&words, &stream(0..3_000, batch_rows));
        assert_eq!(outcome.code, Some(0), "{outcome:#?}");
        out_dir
    };
    let (long, short) = (run("long", 3_000), run("short", 7));
    check_same(&long, &short, &LOGISTIC_FILES);
    let metrics = metrics(&long);
    assert!(
        metrics["test_log_loss"].as_f64().unwrap() < 1.0,
        "{metrics}"
    );
}

#[test]
fn a_stream_that_ends_before_the_first_batch_begins_again() {
    let dir = tempfile::tempdir().unwrap();
    let (straight, cut) = (dir.path().join("straight"), dir.path().join("cut"));
    // Fewer rows than fix the design.
    let whole = stream(0..3_000, 100);
    let more = ["--batch-size", "300"];
    let outcome = fed(&streamed(&straight, &more), &whole);
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
    let outcome = fed(&streamed(&cut, &more), &whole[..whole.len() / 2]);
    assert_eq!(outcome.code, Some(1), "{outcome:#?}");
    assert!(!cut.join("learner.rowmill").exists());
    let words = streamed(&cut, &["--batch-size", "300", "--resume"]);
    let outcome = fed(&words, &whole);
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
    let begins = outcome
        .stderr
        .contains("no saved batch to resume from: the run starts from the beginning");
    assert!(begins, "{outcome:#?}");
    check_same(&straight, &cut, &LOGISTIC_FILES);
}

#[test]
fn a_stream_that_goes_on_has_to_be_the_one_that_stopped() {
    // More rows than fix the design, so that the first batch at least is written down before the stop.
    let whole = stream(0..60_000, 1_000);
    let more = ["--batch-size", "5_000"];
    check_cut(&more, &whole, &LOGISTIC_FILES, |words| {
        for rows in [30..60_030, 0..2_000, 0..0] {
            let other = fed(words, &stream(rows, 1_000));
            assert!(other.code != Some(0), "{other:#?}");
        }
    });
}

#[test]
fn a_stream_that_is_learned_is_not_longer_when_it_comes_again() {
    let dir = tempfile::tempdir().unwrap();
    let out_dir = dir.path().join("run");
    let outcome = fed(&streamed(&out_dir, &[]), &stream(0..1_000, 100));
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
    let further = fed(&streamed(&out_dir, &["--resume"]), &stream(0..1_100, 100));
    assert_eq!(further.code, Some(2), "{further:#?}");
    assert!(further.stderr.contains("--init-model"), "{further:#?}");
}

#[test]
fn what_is_no_stream_or_cannot_be_read_once_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let out_dir = dir.path().join("run");
    let outcome = fed(&streamed(&out_dir, &[]), b"no stream at all");
    assert_eq!(outcome.code, Some(1), "{outcome:#?}");
    assert!(
        outcome.stderr.contains("not an Arrow stream"),
        "{outcome:#?}"
    );
    let outcome = fed(&words(Path::new("-"), &out_dir, &[]), &stream(0..10, 10));
    assert_eq!(outcome.code, Some(2), "{outcome:#?}");
    assert!(outcome.stderr.contains("--one-pass"), "{outcome:#?}");
    let words = streamed(&out_dir, &["--profile", "none", "--target", "splice_type"]);
    let outcome = fed(&words, &stream(0..10, 10));
    assert_eq!(outcome.code, Some(2), "{outcome:#?}");
    assert!(outcome.stderr.contains("--classes"), "{outcome:#?}");
    let classes = [
        "--profile",
        "none",
        "--target",
        "splice_type",
        "--classes",
        "donor,neither",
    ];
    let outcome = fed(&streamed(&out_dir, &classes), &stream(0..10, 10));
    assert_eq!(outcome.code, Some(1), "{outcome:#?}");
    assert!(
        outcome.stderr.contains("acceptor") && outcome.stderr.contains("row 1"),
        "{outcome:#?}"
    );
}

#[test]
fn a_column_may_go_or_come_between_runs() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (dir.path().join("first"), dir.path().join("second"));
    let outcome = fed(&streamed(&first, &[]), &stream_with("y", 1, 0..600, 50));
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
    let words = streamed(&second, &["--init-model", text(&first)]);
    let outcome = fed(&words, &stream_with("z", 1, 600..1_200, 50));
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
    let warned = outcome.stderr.contains("was trained without them: z");
    assert!(warned, "{outcome:#?}");
    let features = String::from_utf8(bytes(&second, "features.csv")).unwrap();
    let row = |name: &str| {
        let mut rows = features.lines();
        rows.find(|row| row.starts_with(&format!("{name},")))
            .unwrap()
            .to_owned()
    };
    assert!(row("y").starts_with("y,absent,used"), "{features}");
    assert!(
        row("z").contains("excluded,not a feature of --init-model"),
        "{features}"
    );
    let curve = &metrics(&second)["progressive_validation"];
    assert!(curve[0]["rows_learned"].as_u64().unwrap() > 300, "{curve}");
    assert!(curve[0]["log_loss"].as_f64().unwrap() < 1.0, "{curve}");
}
