//! `rowmill incremental`: the same model as `train`, batches that differ, stops and further data.

mod continued;
mod directory;
mod logistic;
mod refused;
mod trees;

use std::{
    fs,
    path::Path,
    process::Child,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::command::{start, succeeds, text};

/// Files of a run of trees that a stop must not change.
const FILES: [&str; 5] = [
    "model.rowmill",
    "learner.rowmill",
    "metrics.json",
    "features.csv",
    "splits.parquet",
];

/// The words of a run on a dataset, of two threads unless `more` says otherwise.
fn words<'a>(dataset: &'a Path, out_dir: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
    let words = ["incremental", text(dataset), "--out-dir", text(out_dir)];
    let threads = match more.contains(&"--threads") {
        true => &[][..],
        false => &["--threads", "2"],
    };
    let words = words.iter().chain(threads).chain(more);
    words.copied().collect()
}

fn bytes(out_dir: &Path, name: &str) -> Vec<u8> {
    fs::read(out_dir.join(name)).unwrap()
}

fn metrics(out_dir: &Path) -> Value {
    serde_json::from_slice(&bytes(out_dir, "metrics.json")).unwrap()
}

fn check_same(one: &Path, other: &Path, names: &[&str]) {
    for name in names {
        assert!(bytes(one, name) == bytes(other, name), "{name} differs");
    }
}

/// Runs until the deadline; answers whether it came to its end.
fn run_until(child: &mut Child, deadline: Instant) -> bool {
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{status:?}");
            return true;
        }
        if Instant::now() >= deadline {
            child.kill().unwrap();
            child.wait().unwrap();
            return false;
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// Kills a run at many moments and goes on; the files must be those of a run that never was killed.
fn check_killed(dataset: &Path, more: &[&str], files: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    let (straight, killed) = (dir.path().join("straight"), dir.path().join("killed"));
    let started = Instant::now();
    succeeds(&words(dataset, &straight, more));
    let whole = started.elapsed();
    let mut kills = 0;
    for attempt in 1..200 {
        let mut words = words(dataset, &killed, more);
        words.push("--resume");
        let share = (f64::from(attempt) * 0.618_034).fract();
        let longest = [0.5, 1.0, 3.0][(attempt as usize / 8).min(2)];
        let deadline = Instant::now() + whole.mul_f64(share * longest);
        if run_until(&mut start(&words), deadline) {
            break;
        }
        kills += 1;
    }
    assert!(kills >= 3, "{kills} kills");
    check_same(&straight, &killed, files);
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
