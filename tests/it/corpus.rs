//! The kept corpora of the fuzz targets, as ordinary tests: any answer but a panic, a hang or a crash.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    command::{Outcome, rowmill, text},
    dataset,
};

/// Files of a target's corpus, in name order.
pub(crate) fn corpus(target: &str) -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let entries = fs::read_dir(&dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "no corpus for {target}");
    files
}

/// The run ended by itself with a code that a user understands.
fn check(file: &Path, outcome: &Outcome) {
    assert!(
        matches!(outcome.code, Some(0..=2)),
        "{}: {outcome:#?}",
        file.display()
    );
    let message = &outcome.stderr;
    let is_panic = message.contains("panicked") || message.contains("internal error");
    assert!(!is_panic, "{}: {outcome:#?}", file.display());
    let is_silent = outcome.code != Some(0) && message.trim().is_empty();
    assert!(!is_silent, "{}: failed without a word", file.display());
}

/// A file whose name says that nothing is wrong with it.
fn is_whole(file: &Path) -> bool {
    file.file_name()
        .unwrap()
        .to_string_lossy()
        .starts_with("whole")
}

#[test]
fn parquet_files() {
    let dir = tempfile::tempdir().unwrap();
    for file in corpus("parquet_source") {
        let inspected = rowmill(&["inspect", text(&file)]);
        check(&file, &inspected);
        assert!(
            inspected.code == Some(0) || !is_whole(&file),
            "{inspected:#?}"
        );
        let out_dir = dir.path().join("run");
        let trained = rowmill(&[
            "--quiet",
            "train",
            text(&file),
            "--out-dir",
            text(&out_dir),
            "--overwrite",
            "--threads",
            "1",
            "--model",
            r#"{"n_estimators": 1}"#,
            "--group-col",
            "none",
        ]);
        check(&file, &trained);
    }
}

#[test]
fn model_json() {
    for file in corpus("model_json") {
        let option = format!("@{}", text(&file));
        let planned = rowmill(&["plan", text(dataset::small()), "--model", &option]);
        check(&file, &planned);
    }
}

#[test]
fn baseline_tables() {
    let dir = tempfile::tempdir().unwrap();
    let table = dir.path().join("table.parquet");
    dataset::write_table(&table, |_| {});
    for file in corpus("baseline_tsv") {
        let out_dir = dir.path().join("run");
        let trained = rowmill(&[
            "--quiet",
            "train",
            text(&table),
            text(&file),
            "--out-dir",
            text(&out_dir),
            "--overwrite",
            "--threads",
            "1",
            "--model",
            r#"{"n_estimators": 1}"#,
        ]);
        check(&file, &trained);
    }
}

#[test]
fn model_files() {
    let mut shown = 0;
    for file in corpus("model_file") {
        let outcome = rowmill(&["show", text(&file)]);
        check(&file, &outcome);
        shown += usize::from(outcome.code == Some(0));
    }
    assert!(shown > 0, "no model of the corpus is whole");
}
