//! `--val-dir`: validation rows from a dataset of their own.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rowmill::{
    internals::source::{Dataset, OpenOptions},
    options::Limits,
};
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    command::{fails, succeeds, text},
    dataset::{Feature, write_table},
};

/// A table to learn, and one of other genes to validate on.
struct Tables {
    dir: TempDir,
    own: PathBuf,
    validation: PathBuf,
}

impl Tables {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (own, validation) = (dir.path().join("own"), dir.path().join("validation"));
        fs::create_dir_all(&own).unwrap();
        fs::create_dir_all(&validation).unwrap();
        write_table(&own.join("part.parquet"), |_| {});
        write_table(&validation.join("part.parquet"), |table| {
            let others = ["k", "l", "m", "n", "o"];
            for (row, gene) in table.genes.iter_mut().enumerate() {
                *gene = Some(others[row % 5]);
            }
        });
        Self {
            own,
            validation,
            dir,
        }
    }

    fn out_dir(&self) -> PathBuf {
        self.dir.path().join("run")
    }
}

const STOPPING: &str = r#"{"n_estimators": 30, "early_stopping_rounds": 3}"#;

fn read(out_dir: &Path, name: &str) -> Value {
    serde_json::from_slice(&fs::read(out_dir.join(name)).unwrap()).unwrap()
}

fn check_told(out_dir: &Path, validation: &Path) {
    let metrics = read(out_dir, "metrics.json");
    assert_eq!(metrics["splits"]["valid"]["rows"], 200, "{metrics:#}");
    assert!(metrics["valid_auc_roc"].is_number(), "{metrics:#}");
    let run = read(out_dir, "run.json");
    assert_eq!(run["options"]["validation"], text(validation));
    assert_eq!(run["options"]["valid_size"], 0.0);
    assert_eq!(run["dataset"]["rows"], 400);
    for told in [&metrics["validation"], &run["dataset"]["validation"]] {
        assert_eq!(told["dataset"], text(validation));
        assert_eq!((&told["rows"], &told["files"]), (&200.into(), &1.into()));
    }
    let shown = succeeds(&["show", text(&out_dir.join("model.rowmill"))]);
    let line = format!("200 rows of {}", validation.display());
    assert!(shown.stdout.contains(&line), "{shown:#?}");
}

#[test]
fn trees_stop_by_the_rows_of_another_dataset_and_all_files_say_so() {
    let tables = Tables::new();
    let out_dir = tables.out_dir();
    succeeds(&[
        "train",
        text(&tables.own),
        "--val-dir",
        text(&tables.validation),
        "--model",
        STOPPING,
        "--prune-features",
        "--out-dir",
        text(&out_dir),
    ]);
    check_told(&out_dir, &tables.validation);
    // The copy is of what was trained on: it can be given with the same --val-dir again.
    let limits = Limits::default();
    let copy = out_dir.join("dataset_trimmed.parquet");
    let copy = Dataset::open(text(&copy), &OpenOptions::new(&limits)).unwrap();
    assert_eq!(copy.rows(), 200);
}

#[test]
fn batches_are_validated_on_another_dataset() {
    let tables = Tables::new();
    for more in [&[][..], &["--one-pass"]] {
        let out_dir = tables.out_dir();
        let words = [
            "incremental",
            text(&tables.own),
            "--val-dir",
            text(&tables.validation),
            "--batch-size",
            "50",
            "--overwrite",
            "--out-dir",
            text(&out_dir),
        ];
        succeeds(&[&words[..], more].concat());
        check_told(&out_dir, &tables.validation);
    }
}

#[test]
fn what_cannot_be_meant_is_wrong_usage_and_what_does_not_fit_fails() {
    let tables = Tables::new();
    let (own, validation) = (text(&tables.own), text(&tables.validation));
    let out_dir = tables.out_dir();
    for command in ["train", "incremental"] {
        let check = |code: i32, dataset: &str, more: &[&str], words: &[&str]| {
            let line = [&[command, dataset, "--out-dir", text(&out_dir)], more].concat();
            fails(&line, code, words);
        };
        let both = ["--val-dir", validation, "--valid-size", "0.1"];
        check(2, own, &both, &["--val-dir", "--valid-size"]);
        let itself = ["--val-dir", own];
        check(
            2,
            own,
            &itself,
            &["part.parquet is also a file of the dataset"],
        );
        check(1, own, &["--val-dir", "nowhere"], &["nowhere"]);
        let input = ["--val-dir", "-"];
        check(2, own, &input, &["--val-dir -", "name a file"]);
    }
    let stream = ["incremental", "-", "--one-pass", "--val-dir", validation];
    fails(&stream, 2, &["--val-dir", "--split-col"]);

    let copy = tables.dir.path().join("copy.parquet");
    fs::copy(tables.own.join("part.parquet"), &copy).unwrap();
    let leak = ["--val-dir", text(&copy), "--out-dir", text(&out_dir)];
    for command in [&["train", own][..], &["incremental", own, "--one-pass"]] {
        let words = ["is in two splits", "--val-dir", "remove the group"];
        fails(&[command, &leak[..]].concat(), 1, &words);
        fs::remove_dir_all(&out_dir).unwrap();
    }
    write_table(&copy, |table| table.labels = None);
    let lacking = [&["train", own], &leak[..]].concat();
    fails(
        &lacking,
        1,
        &["copy.parquet lacks the column `splice_type`"],
    );
    write_table(&copy, |table| {
        table.x = Feature::Text(vec![Some("a"); table.rows()]);
    });
    fails(&lacking, 1, &["column `x`", "copy.parquet", "part.parquet"]);
}
