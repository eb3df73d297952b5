//! `rowmill incremental`: the same model as `train`, batches that differ, stops and further data.

mod classes;
mod continued;
mod directory;
mod killed;
mod logistic;
mod refused;
mod trees;

use std::{fs, path::Path};

use serde_json::Value;

use crate::{
    command::{Run, fed, succeeds, text},
    dataset::{self, write_table},
};

/// Files of a run of trees that a stop must not change.
const FILES: [&str; 5] = [
    "model.rowmill",
    "learner.rowmill",
    "metrics.json",
    "features.csv",
    "splits.parquet",
];

/// The same of logistic regression.
const LOGISTIC_FILES: [&str; 6] = [
    "model.rowmill",
    "learner.rowmill",
    "metrics.json",
    "features.csv",
    "coefficients.csv",
    "splits.parquet",
];

/// The words of a run on a dataset, of two threads unless `more` says otherwise.
fn words<'a>(dataset: &'a Path, out_dir: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
    let run = Run::incremental(dataset).out_dir(out_dir);
    run.args(more).words()
}

fn bytes(out_dir: &Path, name: &str) -> Vec<u8> {
    fs::read(out_dir.join(name)).unwrap()
}

/// Names and contents of the files of a directory.
fn contents(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_file())
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect();
    files.sort();
    files
}

fn metrics(out_dir: &Path) -> Value {
    serde_json::from_slice(&bytes(out_dir, "metrics.json")).unwrap()
}

fn check_same(one: &Path, other: &Path, names: &[&str]) {
    for name in names {
        assert!(bytes(one, name) == bytes(other, name), "{name} differs");
    }
}

/// A first run by batches of 50 rows on a tiny table of three classes, and the words of a further one on
/// another.
fn further(
    model: &str,
    first: impl Fn(&mut dataset::TinyTable),
    second: impl Fn(&mut dataset::TinyTable),
) -> (tempfile::TempDir, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    let one = dir.path().join("one.parquet");
    let two = dir.path().join("two.parquet");
    write_table(&one, first);
    write_table(&two, second);
    let (run, again) = (dir.path().join("run"), dir.path().join("again"));
    let common = ["--task", "multiclass", "--valid-size", "0"];
    let more = [&common[..], &["--model", model, "--batch-size", "50"]].concat();
    succeeds(&words(&one, &run, &more));
    let more = [&common[..], &["--init-model", text(&run)]].concat();
    let words = words(&two, &again, &more);
    let words = words.iter().map(|word| (*word).to_owned()).collect();
    (dir, words)
}

fn as_words(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

/// An Arrow stream of the columns `gene_id`, `splice_type` and `x`.
fn stream(rows: std::ops::Range<usize>, batch_rows: usize) -> Vec<u8> {
    stream_with("y", 0, rows, batch_rows)
}

/// The same with one more number, or none.
fn stream_with(
    more: &str,
    count: usize,
    rows: std::ops::Range<usize>,
    batch_rows: usize,
) -> Vec<u8> {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
    let labels = ["donor", "acceptor", "neither"];
    let batch = |rows: std::ops::Range<usize>| {
        let genes = StringArray::from_iter_values(rows.clone().map(|row| format!("g{}", row / 7)));
        let label = StringArray::from_iter_values(rows.clone().map(|row| labels[row % 3]));
        let y = Float64Array::from_iter_values(rows.clone().map(|row| (row % 13) as f64));
        let x = rows.map(|row| (row * 37 % 101) as f64 + (row % 3) as f64 * 40.0);
        let columns: [(&str, ArrayRef); 4] = [
            ("gene_id", Arc::new(genes)),
            ("splice_type", Arc::new(label)),
            ("x", Arc::new(Float64Array::from_iter_values(x))),
            (more, Arc::new(y)),
        ];
        RecordBatch::try_from_iter(columns.into_iter().take(3 + count)).unwrap()
    };
    let mut bytes = Vec::new();
    let schema = batch(0..1).schema();
    let mut writer = arrow_ipc::writer::StreamWriter::try_new(&mut bytes, &schema).unwrap();
    for first in rows.clone().step_by(batch_rows) {
        let end = rows.end.min(first + batch_rows);
        writer.write(&batch(first..end)).unwrap();
    }
    writer.finish().unwrap();
    drop(writer);
    bytes
}

fn streamed<'a>(out_dir: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
    let more = [&["--one-pass", "--task", "multiclass"][..], more].concat();
    words(Path::new("-"), out_dir, &more)
}

/// Learns a stream that ends before its last tenth, after some batches were learned, and what `between` does;
/// the whole stream goes on from there to the bytes of a run that it was given to at once.
fn check_cut(more: &[&str], whole: &[u8], files: &[&str], between: impl Fn(&[&str])) {
    let dir = tempfile::tempdir().unwrap();
    let (straight, cut) = (dir.path().join("straight"), dir.path().join("cut"));
    let outcome = fed(&streamed(&straight, more), whole);
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
    let outcome = fed(&streamed(&cut, more), &whole[..whole.len() * 9 / 10]);
    assert_eq!(outcome.code, Some(1), "{outcome:#?}");
    for needed in ["Arrow stream ends after", "--resume"] {
        assert!(outcome.stderr.contains(needed), "{outcome:#?}");
    }
    assert!(cut.join("learner.rowmill").exists() && !cut.join("run.json").exists());
    let more = [more, &["--resume"]].concat();
    let words = streamed(&cut, &more);
    between(&words);
    let outcome = fed(&words, whole);
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
    let goes_on = outcome.stderr.contains("resuming after batch");
    assert!(goes_on, "{outcome:#?}");
    check_same(&straight, &cut, files);
}
