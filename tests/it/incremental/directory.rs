//! What becomes of an earlier run in the directory that a run writes to.

use std::fs;

use super::{FILES, check_same, contents, words};
use crate::{
    command::{Run, fails, succeeds},
    dataset::{self, write_table},
};

/// Few and small trees.
const TREES: &str = r#"{"name": "gbdt", "n_estimators": 3, "num_leaves": 4}"#;

#[test]
fn a_finished_run_stays_until_its_replacement_has_something_to_write() {
    let dir = tempfile::tempdir().unwrap();
    let out_dir = dir.path().join("run");
    // The scan finds it, after the run has begun.
    let nameless = dir.path().join("nameless.parquet");
    write_table(&nameless, |table| table.genes[150] = None);
    for model in ["logistic", TREES] {
        let first = ["--model", model, "--overwrite"];
        succeeds(&words(dataset::small(), &out_dir, &first));
        let before = contents(&out_dir);
        for more in [&first[..], &[&first[..], &["--one-pass"]].concat()] {
            fails(
                &words(&nameless, &out_dir, more),
                1,
                &["row 150", "group key"],
            );
            assert!(contents(&out_dir) == before, "{more:?}");
        }
    }
}

#[test]
fn trees_of_pruned_columns_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let (straight, again) = (dir.path().join("straight"), dir.path().join("again"));
    let more = [
        "--model",
        TREES,
        "--prune-features",
        "--batch-size",
        "2_000",
    ];
    succeeds(&words(dataset::small(), &straight, &more));
    succeeds(&words(dataset::small(), &again, &more));
    // As a run that was killed before its reports.
    for name in ["run.json", "model.rowmill", "checkpoint.rowmill"] {
        fs::remove_file(again.join(name)).unwrap();
    }
    let resumed = [&more[..], &["--resume"]].concat();
    let outcome = succeeds(&words(dataset::small(), &again, &resumed));
    assert!(
        outcome.stderr.contains("resuming after batch"),
        "{outcome:#?}"
    );
    check_same(&straight, &again, &FILES);
}

#[test]
fn train_does_not_go_on_with_a_run_by_batches() {
    let dir = tempfile::tempdir().unwrap();
    let out_dir = dir.path().join("run");
    succeeds(&words(dataset::small(), &out_dir, &[]));
    let before = contents(&out_dir);
    let train = Run::train(dataset::small()).out_dir(&out_dir).model(TREES);
    let words = ["`rowmill incremental`", "--overwrite"];
    train.arg("--resume").fails(2, &words);
    assert!(contents(&out_dir) == before);
}
