//! `rowmill train --prune-features`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rowmill::internals::source::{ColumnData, ColumnKind, ColumnSpec, TableWriter, WriteOptions};

use super::csv_rows;
use crate::{
    command::{fails, succeeds, text},
    dataset,
};

const FEW_TREES: &str = r#"{"n_estimators": 3, "max_depth": 3}"#;

/// Trains with pruning and answers the run's directory.
fn train(dir: &Path, name: &str, more: &[&str]) -> PathBuf {
    let out = dir.join(name);
    let mut arguments = vec!["train", text(dataset::small()), "--out-dir", text(&out)];
    arguments.extend(["--prune-features", "--corr-thr", "0.9", "--overwrite"]);
    if !more.contains(&"--model") {
        arguments.extend(["--model", FEW_TREES]);
    }
    arguments.extend(more);
    succeeds(&arguments);
    out
}

fn trimmed(run: &Path) -> PathBuf {
    let found = ["dataset_trimmed.parquet", "dataset_trimmed"].map(|name| run.join(name));
    let there: Vec<PathBuf> = found.into_iter().filter(|path| path.exists()).collect();
    assert_eq!(there.len(), 1, "{there:?}");
    there[0].clone()
}

#[test]
fn a_training_prunes_by_its_training_rows_whatever_the_threads() {
    let dir = tempfile::tempdir().unwrap();
    let one = train(dir.path(), "one", &["--threads", "1"]);
    let two = train(
        dir.path(),
        "two",
        &["--threads", "2", "--batch-size", "1000"],
    );
    for name in ["model.rowmill", "features.csv"] {
        assert!(
            fs::read(one.join(name)).unwrap() == fs::read(two.join(name)).unwrap(),
            "{name}"
        );
    }
    let rows = csv_rows(&one.join("features.csv"));
    let pruned: Vec<_> = rows
        .iter()
        .filter(|row| row["status"] == "pruned")
        .collect();
    assert!(
        pruned
            .iter()
            .any(|row| row["reason"].starts_with("correlated")),
        "{pruned:#?}"
    );
    let used = |name: &str| {
        rows.iter()
            .any(|row| row["feature"] == name && row["status"] == "used")
    };
    for row in &pruned {
        let twin = &row["kept_twin"];
        assert!(
            twin.is_empty() == (row["reason"] == "constant") && (twin.is_empty() || used(twin)),
            "{row:?}"
        );
        assert!(
            row["importance"].is_empty() && !row["nulls"].is_empty(),
            "{row:?}"
        );
    }
    let model = succeeds(&["show", text(&one.join("model.rowmill"))]).stdout;
    let trimmed = trimmed(&one);
    let inspected = succeeds(&["inspect", text(&trimmed), "--all"]).stdout;
    for row in &pruned {
        let name = row["feature"].as_str();
        let has = |text: &str| text.split_whitespace().any(|word| word == name);
        assert!(!has(&inspected) && !has(&model), "{name}");
    }
}

#[test]
fn a_training_without_a_copy_and_a_linear_one() {
    let dir = tempfile::tempdir().unwrap();
    let run = train(dir.path(), "run", &["--corr-report", "0.5"]);
    assert!(run.join("correlations.csv").exists());
    assert!(trimmed(&run).exists());
    let run = train(dir.path(), "run", &["--no-trimmed", "--model", "logistic"]);
    let names = [
        "dataset_trimmed.parquet",
        "dataset_trimmed",
        "correlations.csv",
    ];
    assert!(names.iter().all(|name| !run.join(name).exists()));
    assert!(
        csv_rows(&run.join("features.csv"))
            .iter()
            .any(|row| row["status"] == "pruned")
    );
}

/// The names of a run's passes over the data.
fn passes(run: &Path) -> Vec<String> {
    let run = fs::read_to_string(run.join("run.json")).unwrap();
    let run: serde_json::Value = serde_json::from_str(&run).unwrap();
    let passes = run["passes"].as_array().unwrap().iter();
    passes
        .map(|pass| pass["name"].as_str().unwrap().to_owned())
        .collect()
}

/// Writes rows without missing values: `b` and `c` are told by `a`, `e` nearly by `d`.
fn write_dense_table(path: &Path) {
    let rows = 3_000;
    let wave = |step: f64| -> Vec<f64> {
        let value = |row: i32| (f64::from(row) * step).sin();
        (0..rows).map(value).collect()
    };
    let (a, d, noise) = (wave(0.7), wave(1.3), wave(2.9));
    let scaled: Vec<f64> = a.iter().map(|a| 3.0 * a + 1.0).collect();
    let copied = a.clone();
    let near: Vec<f64> = d.iter().zip(&noise).map(|(d, n)| d + 0.05 * n).collect();
    let genes = ["g1", "g2", "g3", "g4", "g5", "g6", "g7"];
    let gene: Vec<Option<&str>> = (0..rows)
        .map(|row| Some(genes[row as usize % genes.len()]))
        .collect();
    let label = |(a, n): (&f64, &f64)| Some(if a + n > 0.3 { "donor" } else { "neither" });
    let label: Vec<Option<&str>> = a.iter().zip(&noise).map(label).collect();
    let texts = ["gene_id", "splice_type"].map(|name| ColumnSpec::nullable(name, ColumnKind::Text));
    let names = ["a", "b", "c", "d", "e", "f"];
    let numbers = names.map(|name| ColumnSpec::nullable(name, ColumnKind::F64));
    let specs = [&texts[..], &numbers[..]].concat();
    let mut data = vec![ColumnData::Text(&gene), ColumnData::Text(&label)];
    data.extend([&a, &scaled, &copied, &d, &near, &noise].map(|values| ColumnData::F64(values)));
    let mut writer = TableWriter::create(path, &specs, &WriteOptions::default()).unwrap();
    writer.write_row_group(&data).unwrap();
    writer.finish().unwrap();
}

/// What is correlated is found out while columns are binned: in both modes no pass is made for it, unless
/// sums have lost their digits, which those of these rows do not.
#[test]
fn trees_take_no_pass_for_pruning() {
    let dir = tempfile::tempdir().unwrap();
    let table = dir.path().join("table.parquet");
    write_dense_table(&table);
    let train = |name: &str, more: &[&str]| {
        let out = dir.path().join(name);
        let words = ["train", text(&table), "--out-dir", text(&out)];
        let words = [&words[..], &["--model", FEW_TREES], more].concat();
        succeeds(&words);
        out
    };
    let prune = ["--prune-features", "--no-trimmed"];
    let exact = train("exact", &[&prune[..], &["--exact-correlation"]].concat());
    let screened = train("screened", &prune);
    let plain = train("plain", &[]);
    assert_eq!(passes(&exact), passes(&plain));
    assert_eq!(passes(&screened), passes(&plain));
    let model = |run: &Path| fs::read(run.join("model.rowmill")).unwrap();
    assert!(model(&exact) == model(&screened));
    assert!(model(&exact) != model(&plain));
    let rows = csv_rows(&screened.join("features.csv"));
    let dropped = rows.iter().filter(|row| row["status"] == "pruned");
    let dropped: Vec<&str> = dropped.map(|row| row["feature"].as_str()).collect();
    // `e` says more of the target than `d`.
    assert_eq!(dropped, ["b", "c", "d"]);
}

/// Trees grow from what is kept as they would had the others never been there.
#[test]
fn trees_of_kept_columns_are_those_without_the_dropped_ones() {
    let dir = tempfile::tempdir().unwrap();
    let pruned = train(dir.path(), "pruned", &["--no-trimmed"]);
    let rows = csv_rows(&pruned.join("features.csv"));
    let dropped = rows.iter().filter(|row| row["status"] == "pruned");
    let dropped: Vec<&str> = dropped.map(|row| row["feature"].as_str()).collect();
    let excluded = dir.path().join("excluded");
    succeeds(&[
        "train",
        text(dataset::small()),
        "--out-dir",
        text(&excluded),
        "--model",
        FEW_TREES,
        "--exclude",
        &dropped.join(","),
    ]);
    let metrics = |run: &Path| fs::read(run.join("metrics.json")).unwrap();
    assert!(metrics(&pruned) == metrics(&excluded));
}

/// A feature that predictions must rise with stays, and the constraint stays with it.
#[test]
fn features_with_a_direction_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let free = train(dir.path(), "free", &["--no-trimmed"]);
    let rows = csv_rows(&free.join("features.csv"));
    let dropped = rows.iter().find(|row| !row["kept_twin"].is_empty());
    let name = dropped.expect("a column is told by another")["feature"].as_str();
    let trees = format!(
        r#"{{"n_estimators": 3, "max_depth": 3, "monotone_constraints": {{"{name}": 1}}}}"#
    );
    let constrained = train(
        dir.path(),
        "constrained",
        &["--no-trimmed", "--model", &trees],
    );
    let rows = csv_rows(&constrained.join("features.csv"));
    let kept = rows.iter().find(|row| row["feature"] == name).unwrap();
    assert_eq!(kept["status"], "used");
}

/// Codes that another pruned run left serve the next one, and none that prunes otherwise.
#[test]
fn codes_of_a_pruned_run_are_used_again() {
    let dir = tempfile::tempdir().unwrap();
    let scratch = dir.path().join("scratch");
    fs::create_dir(&scratch).unwrap();
    let keep = ["--keep-scratch", "--scratch-dir", text(&scratch)];
    let bins = |run: &Path| passes(run).contains(&"binning".to_owned());
    let first = train(dir.path(), "first", &keep);
    let second = train(dir.path(), "second", &keep);
    assert!(bins(&first) && !bins(&second));
    for name in ["model.rowmill", "features.csv"] {
        let same = fs::read(first.join(name)).unwrap() == fs::read(second.join(name)).unwrap();
        assert!(same, "{name}");
    }
    let other = train(
        dir.path(),
        "other",
        &[&keep[..], &["--keep", "first"]].concat(),
    );
    assert!(bins(&other));
}

#[test]
fn flags_about_pruning_need_pruning() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    let check = |flags: &[&str], word: &str| {
        let mut arguments = vec!["train", text(dataset::small()), "--out-dir", text(&out)];
        arguments.extend(flags);
        fails(&arguments, 2, &[word]);
    };
    check(&["--corr-thr", "0.9"], "--prune-features");
    check(&["--no-trimmed"], "--prune-features");
    check(&["--prune-features", "--corr-thr", "7"], "--corr-thr 7");
}
