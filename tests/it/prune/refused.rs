//! What `rowmill prune` refuses, and that it leaves nothing behind then.

use std::{fs, path::Path};

use rowmill::internals::source::{ColumnData, ColumnKind, ColumnSpec, TableWriter, WriteOptions};

use super::{Numbers, PLAIN, families};
use crate::{
    command::{fails, succeeds, text},
    dataset,
};

/// Refuses, and leaves nothing at the output.
fn check(input: &Path, out: &Path, more: &[&str], code: i32, words: &[&str]) {
    let before = out.exists();
    let mut arguments = vec!["prune", text(input), "--out", text(out)];
    arguments.extend(more);
    fails(&arguments, code, words);
    assert_eq!(out.exists(), before, "{arguments:?}");
    if let Ok(entries) = fs::read_dir(out.parent().unwrap()) {
        let left: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with(".rowmill"))
            .collect();
        assert!(left.is_empty(), "{arguments:?} left {left:?}");
    }
}

#[test]
fn thresholds_outside_their_range() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("o.parquet");
    for (flag, value) in [
        ("--corr-thr", "0"),
        ("--corr-thr", "1.5"),
        ("--corr-thr", "nan"),
        ("--corr-report", "0"),
        ("--var-thr", "-1"),
    ] {
        let flag_and_value = format!("{flag}={value}");
        check(dataset::small(), &out, &[&flag_and_value], 2, &[flag]);
    }
    check(
        dataset::small(),
        &out,
        &["--corr-thr", "high"],
        2,
        &["high", "0.99"],
    );
}

#[test]
fn what_must_stay_cannot_be_dropped() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("o.parquet");
    let small = dataset::small();
    check(
        small,
        &out,
        &["--drop", "splice_type"],
        1,
        &["splice_type", "target"],
    );
    check(
        small,
        &out,
        &["--drop", "gene_id"],
        1,
        &["gene_id", "group column"],
    );
    check(
        small,
        &out,
        &["--drop", "donor_scor"],
        1,
        &["donor_scor", "donor_score"],
    );
    check(small, &out, &["--protect", "nope*"], 1, &["nope*"]);
}

#[test]
fn nothing_left() {
    let dir = tempfile::tempdir().unwrap();
    let table = Numbers::new(50, [("c".to_owned(), vec![1.0; 50])]);
    let input = dir.path().join("in.parquet");
    table.write(&input, 0..50, 50);
    check(
        &input,
        &dir.path().join("o.parquet"),
        &PLAIN,
        1,
        &["left after pruning", "constant"],
    );
}

#[test]
fn an_output_over_or_among_its_input() {
    let dir = tempfile::tempdir().unwrap();
    dataset::copy_to(dir.path());
    let shard = dir.path().join("part-00001.parquet");
    let bytes = fs::read(&shard).unwrap();
    check(dir.path(), &shard, &["--overwrite"], 2, &["dataset itself"]);
    check(
        dir.path(),
        dir.path(),
        &["--overwrite"],
        2,
        &["own directory"],
    );
    check(
        dir.path(),
        &dir.path().join("new.parquet"),
        &[],
        2,
        &["own directory"],
    );
    assert_eq!(fs::read(&shard).unwrap(), bytes);
    let other = tempfile::tempdir().unwrap();
    let file = other.path().join("there.parquet");
    fs::write(&file, "kept").unwrap();
    check(dir.path(), &file, &[], 2, &["--overwrite"]);
    check(dir.path(), other.path(), &[], 2, &["not empty"]);
    assert_eq!(fs::read(&file).unwrap(), b"kept");
    let single = tempfile::tempdir().unwrap();
    dataset::write_table(&single.path().join("a.parquet"), |_| {});
    for out in ["new.parquet", "fold=1"] {
        let out = single.path().join(out);
        check(single.path(), &out, &[], 2, &["own directory"]);
    }
}

#[test]
fn shards_with_conflicting_types() {
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("in");
    fs::create_dir(&input).unwrap();
    dataset::write_table(&input.join("a.parquet"), |_| {});
    dataset::write_table(&input.join("b.parquet"), |table| {
        table.x = dataset::Feature::Text(vec![Some("one"); table.rows()]);
    });
    check(
        &input,
        &dir.path().join("out"),
        &[],
        1,
        &["`x`", "a.parquet", "b.parquet"],
    );
}

/// Two types of numbers are one column to learn from, but no column of one file: a directory holds both.
#[test]
fn shards_that_store_a_number_differently() {
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("in");
    fs::create_dir(&input).unwrap();
    let rows: Vec<f64> = (0..500).map(|row| f64::from(row % 83)).collect();
    let narrow: Vec<f32> = rows.iter().map(|value| *value as f32).collect();
    for (name, kind, data) in [
        ("a.parquet", ColumnKind::F64, ColumnData::F64(&rows)),
        ("b.parquet", ColumnKind::F32, ColumnData::F32(&narrow)),
    ] {
        let specs = [ColumnSpec::nullable("x", kind)];
        let options = WriteOptions::default();
        let mut writer = TableWriter::create(input.join(name), &specs, &options).unwrap();
        writer.write_row_group(&[data]).unwrap();
        writer.finish().unwrap();
    }
    let file = dir.path().join("o.parquet");
    check(&input, &file, &[], 1, &["`x`", "b.parquet", "directory"]);
    let out = dir.path().join("out");
    succeeds(&["prune", text(&input), "--out", text(&out)]);
    for name in ["a.parquet", "b.parquet"] {
        assert!(out.join(name).exists(), "{name}");
    }
}

/// A filesystem that fills up while the copy is written.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_the_input_and_no_partial_file() {
    let dir = tempfile::tempdir().unwrap();
    let table = families(20_000, 2);
    let input = dir.path().join("in.parquet");
    table.write(&input, 0..table.rows(), 5_000);
    let bytes = fs::read(&input).unwrap();
    let out = dir.path().join("out");
    fs::create_dir(&out).unwrap();
    // One feature, so that scratch files are small; the copy has all columns.
    let excluded = "f01_*,f00_n*,f00_at,f00_below,f00_far,f00_s*,f00_holes,constant";
    // A limit on the size of files stands for a disk that is full: both end a write early.
    let script = format!(
        "trap '' XFSZ; ulimit -f 2400; exec {} prune {} --out {}/o.parquet --scratch-dir {} {} --exclude '{excluded}'",
        env!("CARGO_BIN_EXE_rowmill"),
        text(&input),
        text(&out),
        text(dir.path()),
        PLAIN.join(" ")
    );
    let ended = std::process::Command::new("sh")
        .args(["-c", &script])
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{message}");
    assert!(message.contains("o.parquet"), "{message}");
    assert_eq!(fs::read_dir(&out).unwrap().count(), 0, "{message}");
    assert_eq!(fs::read(&input).unwrap(), bytes);
}
