//! Bad input is one clear message and an exit code: no panic, no half file, no leftover scratch.

use std::{fs, path::Path};

use rowmill::internals::source::{ColumnKind, ColumnSpec, TableWriter, WriteOptions};

use crate::{
    command::{Run, text},
    dataset::{self, Feature, write_table},
};

const FEW_TREES: &str = r#"{"n_estimators": 3, "max_depth": 3}"#;

/// Trains on `dataset`, which must fail and leave nothing in the out-dir.
fn check(dataset: &Path, more: &[&str], code: i32, words: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    let out_dir = dir.path().join("run");
    let run = Run::train(dataset).out_dir(&out_dir).model(FEW_TREES);
    run.args(more).fails(code, words);
    let left: Vec<_> = fs::read_dir(&out_dir)
        .map(|entries| entries.map(|entry| entry.unwrap().file_name()).collect())
        .unwrap_or_default();
    assert!(left.is_empty(), "{more:?} left {left:?}");
}

/// The shared dataset with one shard changed.
fn with_shard(change: impl Fn(Vec<u8>) -> Vec<u8>) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    dataset::copy_to(dir.path());
    let shard = dir.path().join("part-00002.parquet");
    let bytes = change(fs::read(&shard).unwrap());
    fs::write(&shard, bytes).unwrap();
    dir
}

/// A directory of one tiny table.
fn with_table(change: impl Fn(&mut dataset::TinyTable)) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    write_table(&dir.path().join("table.parquet"), change);
    dir
}

#[test]
fn a_missing_path() {
    check(Path::new("no/such/place"), &[], 1, &["no/such/place"]);
}

#[test]
fn a_directory_without_parquet() {
    let dir = tempfile::tempdir().unwrap();
    check(dir.path(), &[], 1, &[text(dir.path())]);
    fs::write(dir.path().join("gene_manifest.csv"), "gene_id\n").unwrap();
    check(dir.path(), &[], 1, &["parquet"]);
}

#[test]
fn a_glob_that_matches_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let glob = dir.path().join("*.parquet");
    check(&glob, &[], 1, &["*.parquet"]);
}

#[test]
fn a_truncated_shard() {
    let dir = with_shard(|bytes| bytes[..bytes.len() / 2].to_vec());
    check(dir.path(), &[], 1, &["part-00002.parquet"]);
}

#[test]
fn a_zero_byte_shard() {
    let dir = with_shard(|_| Vec::new());
    check(dir.path(), &[], 1, &["part-00002.parquet", "an empty file"]);
}

#[test]
fn a_file_without_rows_is_no_directory() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("empty.parquet");
    let specs = [ColumnSpec::nullable("splice_type", ColumnKind::F64)];
    let writer = TableWriter::create(&path, &specs, &WriteOptions::default()).unwrap();
    writer.finish().unwrap();
    check(
        &path,
        &[],
        1,
        &["an empty Parquet file", "check what wrote it"],
    );
    check(dir.path(), &[], 1, &["no rows", "the directory you mean"]);
}

#[test]
fn a_shard_of_something_else() {
    let dir = with_shard(|_| b"gene_id,splice_type\nA,donor\n".repeat(100));
    check(
        dir.path(),
        &[],
        1,
        &[
            "part-00002.parquet",
            "is not a Parquet file",
            "leave it out",
        ],
    );
}

#[test]
fn a_footer_that_lies() {
    let dir = with_shard(|mut bytes| {
        let length = bytes.len();
        bytes[length - 8..length - 4].copy_from_slice(&u32::MAX.to_le_bytes());
        bytes
    });
    check(dir.path(), &[], 1, &["part-00002.parquet"]);
}

#[test]
fn flipped_bytes_in_the_data() {
    let dir = with_shard(|mut bytes| {
        // Every column chunk of the first half is hit, so that one that is read is among them.
        let half = bytes.len() / 2;
        bytes[4..half]
            .iter_mut()
            .step_by(97)
            .for_each(|byte| *byte ^= 0x55);
        bytes
    });
    check(dir.path(), &[], 1, &["part-00002.parquet"]);
}

#[test]
fn columns_of_conflicting_types() {
    let dir = with_table(|_| {});
    write_table(&dir.path().join("other.parquet"), |table| {
        table.x = Feature::Text(vec![Some("high"); table.rows()]);
    });
    check(
        dir.path(),
        &[],
        1,
        &["table.parquet", "other.parquet", "`x`"],
    );
}

#[test]
fn weights_that_are_none() {
    for (weight, words) in [
        (-1.0, "-1"),
        (f64::NAN, "null or NaN"),
        (f64::INFINITY, "inf"),
    ] {
        let dir = with_table(|table| {
            let mut weights = vec![1.0; table.rows()];
            weights[42] = weight;
            table.x = Feature::Number(weights);
        });
        let more = [
            "--profile",
            "none",
            "--target",
            "splice_type",
            "--weight-col",
            "x",
        ];
        let words = ["table.parquet", "`x`", "row 42", words, "--weight-col"];
        check(dir.path(), &more, 1, &words);
    }
    let dir = with_table(|table| table.x = Feature::Number(vec![0.0; table.rows()]));
    let more = [
        "--profile",
        "none",
        "--target",
        "splice_type",
        "--weight-col",
        "x",
    ];
    check(dir.path(), &more, 1, &["weight 0", "--weight-col"]);
    check(
        dir.path(),
        &[
            "--profile",
            "none",
            "--target",
            "splice_type",
            "--weight-col",
            "y",
        ],
        1,
        &["--weight-col", "no column `y`"],
    );
}

#[test]
fn labels_that_a_loss_cannot_take() {
    let out = tempfile::tempdir().unwrap();
    let refuse = |value: f64, model: &str, code: i32, words: &[&str]| {
        let dir = with_table(|table| {
            let mut labels: Vec<f64> = (0..table.rows()).map(|row| (row % 7) as f64).collect();
            labels[17] = value;
            table.x = Feature::Number(labels);
        });
        Run::train(dir.path())
            .out_dir(out.path())
            .model(model)
            .args(&["--profile", "none", "--group-col", "none"])
            .args(&["--target", "x", "--task", "regression"])
            .fails(code, words);
    };
    let poisson = r#"{"objective": "poisson", "n_estimators": 2}"#;
    let place = ["table.parquet", "`x`", "row 17"];
    refuse(
        -2.0,
        poisson,
        1,
        &[&place[..], &["-2 is negative"]].concat(),
    );
    refuse(f64::INFINITY, "gbdt", 1, &[&place[..], &["inf"]].concat());
    let quantile = r#"{"objective": "quantile", "quantile_alpha": 1.0}"#;
    refuse(1.0, quantile, 2, &["`quantile_alpha`", "below 1"]);
    let ranked = r#"{"eval_metric": "auc"}"#;
    refuse(1.0, ranked, 2, &["`auc`", "a number", "rmse"]);
}

#[test]
fn a_target_that_is_not_there() {
    let dir = with_table(|table| table.labels = None);
    check(dir.path(), &["--profile", "splice"], 1, &["splice_type"]);
    check(dir.path(), &["--target", "price"], 1, &["price"]);
}

#[test]
fn a_constant_target() {
    let dir = with_table(|table| table.labels = Some(vec![Some("neither"); table.rows()]));
    check(dir.path(), &[], 1, &["target `splice_type`"]);
}

#[test]
fn more_classes_than_the_task_allows() {
    let dir = with_table(|_| {});
    check(
        dir.path(),
        &[
            "--profile",
            "none",
            "--target",
            "splice_type",
            "--task",
            "binary",
        ],
        1,
        &["splice_type", "3"],
    );
}

#[test]
fn a_group_column_with_nulls() {
    let dir = with_table(|table| table.genes[17] = None);
    check(dir.path(), &[], 1, &["gene_id"]);
}

#[test]
fn a_group_column_that_is_not_there() {
    check(dataset::small(), &["--group-col", "shop"], 1, &["shop"]);
}

#[test]
fn all_features_excluded() {
    let dir = with_table(|_| {});
    check(dir.path(), &["--exclude", "x"], 1, &["feature"]);
}

#[test]
fn a_split_without_positives() {
    let dir = with_table(|table| {
        let label = |row: &usize| if row % 10 == 3 { "donor" } else { "neither" };
        table.labels = Some((0..table.rows()).map(|row| Some(label(&row))).collect());
    });
    check(dir.path(), &[], 1, &["split"]);
}

#[test]
fn a_memory_limit_too_small() {
    // A limit below even the smallest histograms is told the figure for the whole run.
    let figure = &["use --memory ", "MiB or more"];
    check(dataset::small(), &["--memory", "1MiB"], 1, figure);
    check(dataset::small(), &["--memory", "60MiB"], 1, figure);
}

#[test]
fn early_stopping_without_valid_rows() {
    let dir = with_table(|table| {
        let split = |row| if row % 10 < 3 { "test" } else { "train" };
        table.x = Feature::Text((0..table.rows()).map(|row| Some(split(row))).collect());
    });
    let run = tempfile::tempdir().unwrap();
    Run::train(dir.path())
        .out_dir(run.path())
        .model(r#"{"n_estimators": 3, "early_stopping_rounds": 2}"#)
        .args(&["--split-col", "x", "--include", "gene_id"])
        .args(&["--group-col", "none"])
        .fails(2, &["early_stopping_rounds", "--split-col"]);
}

#[test]
fn an_out_dir_that_is_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "mine").unwrap();
    let run = Run::train(dataset::small()).out_dir(&file).model(FEW_TREES);
    run.fails(1, &[text(&file)]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
}

#[test]
fn a_baseline_without_its_columns() {
    let dir = tempfile::tempdir().unwrap();
    let table = dir.path().join("baseline.tsv");
    fs::write(&table, "name\tvalue\na\t1\n").unwrap();
    check(
        dataset::small(),
        &[text(&table)],
        1,
        &["baseline.tsv", "gene_id"],
    );
    check(
        dataset::small(),
        &["no-such-baseline.tsv"],
        1,
        &["no-such-baseline.tsv"],
    );
}

#[test]
fn constraints_of_features_that_are_not_there() {
    let dir = with_table(|_| {});
    for (constraint, words) in [
        (
            r#"{"monotone_constraints": {"no_feature": 1}}"#,
            ["monotone_constraints", "no_feature"],
        ),
        (
            r#"{"monotone_constraints": [1, 0, 1, 0, 0]}"#,
            ["monotone_constraints", "has 5 entries"],
        ),
        (
            r#"{"interaction_constraints": [["no_feature"]]}"#,
            ["interaction_constraints", "no_feature"],
        ),
    ] {
        let run = dir.path().join("run");
        let constrained = Run::train(dir.path()).out_dir(&run).model(constraint);
        constrained.fails(1, &words);
        assert!(!run.join("model.rowmill").exists());
    }
}

#[test]
fn wrong_usage_exits_with_2_and_suggests() {
    let policy = ["--grow-policy", "losguide"];
    check(dataset::small(), &policy, 2, &["losguide", "lossguide"]);
    check(dataset::small(), &["--memroy", "1GiB"], 2, &["--memory"]);
    check(dataset::small(), &["--test-size", "1.5"], 2, &["test-size"]);
    check(dataset::small(), &["--memory", "lots"], 2, &["lots"]);
    for (sampling, words) in [
        ("mvs:0", ["mvs:0", "number of rows"]),
        ("mvs:abc", ["abc", "number of rows"]),
        ("goss:0.9,0.2", ["0.9", "at most 1"]),
        ("boss", ["boss", "uniform"]),
    ] {
        check(dataset::small(), &["--sampling", sampling], 2, &words);
    }
    for (model, words) in [
        (r#"{"n_estimatrs": 5}"#, ["n_estimatrs", "n_estimators"]),
        (r#"{"subsample": 1.5}"#, ["subsample", "1.5"]),
        (r#"{"top_rate": 0.5}"#, ["top_rate", "goss"]),
        ("gbtd", ["gbtd", "gbdt"]),
        (r#"{"n_estimators": "#, ["--model", "json"]),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let out_dir = dir.path().join("run");
        let run = Run::train(dataset::small()).out_dir(&out_dir).model(model);
        run.fails(2, &words);
    }
}
