//! What a refusal says and leaves: the figure that would do, the finished run that stays, the
//! files of a run that died.

use std::{fs, path::Path};

use crate::{
    command::{Outcome, Run, rowmill, succeeds, text},
    dataset::{self, Feature, write_table},
};

const FEW_TREES: &str = r#"{"n_estimators": 3, "max_depth": 3}"#;

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Trains a few trees; whether that goes well is for the caller to see.
fn train(dataset: &Path, out_dir: &Path, more: &[&str]) -> Outcome {
    train_as(FEW_TREES, dataset, out_dir, more)
}

fn train_as(model: &str, dataset: &Path, out_dir: &Path, more: &[&str]) -> Outcome {
    let run = Run::train(dataset).out_dir(out_dir).model(model);
    run.args(more).ends()
}

/// The `N` of the advice `use --memory NMiB`.
fn advised(outcome: &Outcome) -> u64 {
    let (_, rest) = outcome.stderr.split_once("use --memory ").unwrap();
    rest.split_once("MiB").unwrap().0.parse().unwrap()
}

#[test]
fn the_memory_figure_in_a_refusal_would_do() {
    for model in [FEW_TREES, "logistic"] {
        for memory in ["1MiB", "20MiB", "60MiB"] {
            let plan = |memory: &str| {
                let dataset = text(dataset::small());
                let threads = ["--threads", "2", "--model", model];
                rowmill(&[&["plan", dataset, "--memory", memory], &threads[..]].concat())
            };
            let refused = plan(memory);
            assert_eq!(refused.code, Some(1), "{refused:#?}");
            assert!(refused.stdout.contains("program"), "no table: {refused:#?}");
            let mebibytes = advised(&refused);
            let enough = plan(&format!("{mebibytes}MiB"));
            assert_eq!(enough.code, Some(0), "{enough:#?}");
            let less = plan(&format!("{}MiB", mebibytes - 1));
            assert_eq!(less.code, Some(1), "{less:#?}");
        }
    }
}

#[test]
fn a_run_does_with_the_memory_that_its_refusal_named() {
    let dir = tempfile::tempdir().unwrap();
    let out_dir = dir.path().join("run");
    let refused = train(dataset::small(), &out_dir, &["--memory", "20MiB"]);
    assert_eq!(refused.code, Some(1), "{refused:#?}");
    assert!(!out_dir.exists());
    let memory = format!("{}MiB", advised(&refused));
    let done = train(dataset::small(), &out_dir, &["--memory", &memory]);
    assert_eq!(done.code, Some(0), "{done:#?}");
}

#[test]
fn a_finished_run_stays_when_its_replacement_cannot_begin() {
    let dir = tempfile::tempdir().unwrap();
    let out_dir = dir.path().join("run");
    let first = train(dataset::small(), &out_dir, &[]);
    assert_eq!(first.code, Some(0), "{first:#?}");
    let finished = names(&out_dir);
    let again = train(dataset::small(), &out_dir, &[]);
    assert_eq!(again.code, Some(2), "{again:#?}");
    assert!(again.stderr.contains("--overwrite"), "{again:#?}");
    // The refusal comes before any of the data are read, and whatever else is wrong.
    let missing = train(Path::new("no/such/place"), &out_dir, &[]);
    assert_eq!(missing.code, Some(2), "{missing:#?}");
    for wrong in [["--memory", "1MiB"], ["--target", "price"]] {
        let refused = train(
            dataset::small(),
            &out_dir,
            &[&wrong[..], &["--overwrite"]].concat(),
        );
        assert_eq!(refused.code, Some(1), "{refused:#?}");
        assert_eq!(names(&out_dir), finished);
    }
}

#[test]
fn what_a_dead_run_left_is_removed_and_reported() {
    let dir = tempfile::tempdir().unwrap();
    let out_dir = dir.path().join("run");
    let scratch = out_dir.join("run-1-0.rowmill-scratch");
    fs::create_dir_all(&scratch).unwrap();
    fs::write(scratch.join("lock"), "").unwrap();
    fs::write(scratch.join("codes"), vec![0; 4_096]).unwrap();
    fs::write(out_dir.join(".metrics.json.x1.rowmill-tmp"), "{").unwrap();
    fs::write(out_dir.join("notes.txt"), "mine").unwrap();
    let done = train(dataset::small(), &out_dir, &[]);
    assert_eq!(done.code, Some(0), "{done:#?}");
    for words in [
        "run-1-0.rowmill-scratch (4.0 KiB)",
        "removed 1 unfinished file",
    ] {
        assert!(done.stderr.contains(words), "{words}: {done:#?}");
    }
    let left = names(&out_dir);
    assert!(left.contains(&"notes.txt".to_owned()), "{left:?}");
    let is_ours = |name: &&String| name.contains("rowmill-scratch") || name.starts_with('.');
    assert!(!left.iter().any(|name| is_ours(&name)), "{left:?}");
}

#[test]
fn what_a_dead_generator_left_is_removed_and_reported() {
    let dir = tempfile::tempdir().unwrap();
    let staging = dir.path().join("run-1-0.rowmill-scratch");
    fs::create_dir(&staging).unwrap();
    fs::write(staging.join("lock"), "").unwrap();
    let arguments = ["synth", "--rows", "1_000", "--kmers", "8", "--genes", "10"];
    let arguments = [&arguments[..], &["--out-dir", text(dir.path())]].concat();
    let done = succeeds(&arguments);
    assert!(done.stderr.contains("of an interrupted run"), "{done:#?}");
    let left = names(dir.path());
    let is_final = |name: &String| !name.starts_with('.') && !name.starts_with("run-");
    assert!(left.iter().all(is_final), "{left:?}");
}

#[test]
fn a_constant_number_is_no_target() {
    let dir = tempfile::tempdir().unwrap();
    write_table(&dir.path().join("table.parquet"), |table| {
        table.x = Feature::Number(vec![2.5; table.rows()]);
    });
    let out_dir = dir.path().join("run");
    let target = ["--target", "x", "--task", "regression"];
    let more = [&target[..], &["--profile", "none", "--group-col", "none"]].concat();
    let failed = train(dir.path(), &out_dir, &more);
    assert_eq!(failed.code, Some(1), "{failed:#?}");
    assert!(failed.stderr.contains("`x` is always 2.5"), "{failed:#?}");
    assert_eq!(names(&out_dir), [""; 0]);
}

#[test]
fn features_that_never_vary_are_nothing_to_learn_from() {
    let dir = tempfile::tempdir().unwrap();
    write_table(&dir.path().join("table.parquet"), |table| {
        table.x = Feature::Number(vec![2.5; table.rows()]);
    });
    let out_dir = dir.path().join("run");
    for model in [FEW_TREES, "logistic"] {
        let failed = train_as(model, dir.path(), &out_dir, &[]);
        assert_eq!(failed.code, Some(1), "{model}: {failed:#?}");
        assert!(
            failed.stderr.contains("all 1 features are constant"),
            "{failed:#?}"
        );
        assert_eq!(names(&out_dir), [""; 0]);
    }
}

#[test]
fn values_of_a_split_column_that_mean_nothing_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let out_dir = dir.path().join("run");
    for (column, value) in [
        ("donor_score", "a split is 0."),
        ("gene_id", "a split is `"),
    ] {
        let failed = train(dataset::small(), &out_dir, &["--split-col", column]);
        assert_eq!(failed.code, Some(1), "{failed:#?}");
        for words in ["part-0000", column, value, "train, valid or test"] {
            assert!(failed.stderr.contains(words), "{words}: {failed:#?}");
        }
        assert_eq!(names(&out_dir), [""; 0]);
    }
}

/// Its own files would be data of the next run, or are those of this one.
#[test]
fn a_run_over_or_among_its_data() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    fs::create_dir(&data).unwrap();
    let table = data.join("table.parquet");
    write_table(&table, |_| {});
    let bytes = fs::read(&table).unwrap();
    let other = dir.path().join("other.parquet");
    write_table(&other, |_| {});
    let refused = |dataset: &Path, out_dir: &Path, more: &[&str], words: &str| {
        let is_there = out_dir.exists();
        for command in ["train", "incremental"] {
            let run = Run::new(command, dataset).out_dir(out_dir);
            let outcome = run.args(more).fails(2, &["--out-dir", words]);
            assert_eq!(out_dir.exists(), is_there, "{outcome:#?}");
            assert_eq!(names(&data), ["table.parquet"], "{outcome:#?}");
        }
    };
    let among = "own directory";
    refused(&data, &data, &[], among);
    refused(&data, &data.join("../data/"), &[], among);
    refused(&data, &data.join("fold=2"), &[], among);
    refused(&data.join("*.parquet"), &data, &[], among);
    let run = dir.path().join("run");
    refused(&dir.path().join("**/*.parquet"), &run, &[], among);
    refused(&other, &data, &["--val-dir", text(&data)], among);
    let trimmed = run.join("dataset_trimmed.parquet");
    fs::create_dir(&run).unwrap();
    fs::rename(&table, &trimmed).unwrap();
    for dataset in [&trimmed, &run.join("dataset_*.parquet")] {
        let again = Run::train(dataset).out_dir(&run).arg("--overwrite");
        again.fails(2, &["--out-dir", "dataset itself"]);
        assert!(fs::read(&trimmed).unwrap() == bytes);
    }
}

/// A directory of data is searched as far as its `key=value` directories, and a file that was named not at all.
#[test]
fn a_run_beside_its_data() {
    let dir = tempfile::tempdir().unwrap();
    let (table, below) = (dir.path().join("table.parquet"), dir.path().join("below"));
    write_table(&table, |_| {});
    for (dataset, out_dir) in [(dir.path(), &*below), (&*table, dir.path())] {
        for more in [&[][..], &["--overwrite"]] {
            let done = train(dataset, out_dir, more);
            assert_eq!(done.code, Some(0), "{done:#?}");
        }
    }
}

/// The lengths of a column's texts are damaged, which the decoder notices by a panic.
#[test]
fn a_panic_of_the_decoder_is_a_message_and_not_a_crash() {
    let dir = tempfile::tempdir().unwrap();
    let damaged = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/data/decoder_panic.parquet");
    let out_dir = dir.path().join("run");
    let more = ["--target", "y", "--group-col", "shop"];
    let failed = train(&damaged, &out_dir, &more);
    assert_eq!(failed.code, Some(1), "{failed:#?}");
    for words in ["row group 0, column `word`", "the file is damaged"] {
        assert!(failed.stderr.contains(words), "{words}: {failed:#?}");
    }
    for words in ["panicked", "backtrace", "internal error"] {
        assert!(!failed.stderr.contains(words), "{words}: {failed:#?}");
    }
    assert_eq!(names(&out_dir), [""; 0]);
}

#[test]
fn a_profile_says_where_the_baseline_is_and_what_its_columns_are_called() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    dataset::copy_to(&data);
    let usual = data.join("full_splice_performance.tsv");
    let table = fs::read_to_string(&usual).unwrap();
    let (header, rows) = table.split_once('\n').unwrap();
    let header = header
        .replace("gene_id", "shop")
        .replace("splice_type", "kind");
    fs::write(data.join("mine.tsv"), format!("{header}\n{rows}")).unwrap();
    let profile = dir.path().join("mine.toml");
    let run = |baseline: &str, name: &str| {
        let embedded = include_str!("../../src/columns/profiles/splice.toml");
        let (keys, _) = embedded.split_once("[baseline]").unwrap();
        fs::write(&profile, format!("{keys}{baseline}")).unwrap();
        let out_dir = dir.path().join(name);
        let outcome = train(&data, &out_dir, &["--profile", text(&profile)]);
        (outcome, out_dir.join("delta_vs_baseline.csv"))
    };
    let keys = "[baseline]\nfiles = [\"mine.tsv\"]\ngroup_columns = [\"shop\"]\n";
    let (done, delta) = run(&format!("{keys}class_columns = [\"kind\"]\n"), "mine");
    assert_eq!(done.code, Some(0), "{done:#?}");
    assert!(done.stderr.contains("mine.tsv"), "{done:#?}");
    assert!(fs::read_to_string(delta).unwrap().starts_with("shop"));
    let (done, delta) = run("[baseline]\nfiles = []\n", "none");
    assert_eq!(done.code, Some(0), "{done:#?}");
    assert!(!delta.exists());
    let (failed, _) = run(keys, "half");
    assert_eq!(failed.code, Some(1), "{failed:#?}");
    assert!(
        failed.stderr.contains("`splice_type` or `site_type`"),
        "{failed:#?}"
    );
}

#[test]
fn a_path_in_the_way_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "mine").unwrap();
    let inside = file.join("run");
    for out_dir in [&file, &inside] {
        let failed = train(dataset::small(), out_dir, &[]);
        assert_eq!(failed.code, Some(1), "{failed:#?}");
        for words in [text(out_dir), "a file is in the way"] {
            assert!(failed.stderr.contains(words), "{failed:#?}");
        }
    }
    let run = dir.path().join("run");
    let scratch = ["--scratch-dir", text(&inside)];
    let failed = train(dataset::small(), &run, &scratch);
    assert_eq!(failed.code, Some(1), "{failed:#?}");
    assert_eq!(names(&run), [""; 0]);
    succeeds(&["inspect", text(dataset::small())]);
}
