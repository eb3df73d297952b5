//! What `rowmill incremental` refuses before it learns, and the next step that it names.

use std::{fs, path::Path, sync::Arc};

use arrow_array::{ArrayRef, BooleanArray, Float64Array, RecordBatch};

use super::contents;
use crate::{
    command::{fails, fed, succeeds, text},
    dataset::{self, Feature, write_table},
};

/// A run on the shared dataset that is refused as wrong usage and leaves nothing.
fn refused(more: &[&str], needed: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    let out_dir = dir.path().join("run");
    fails(&super::words(dataset::small(), &out_dir, more), 2, needed);
    assert!(!out_dir.exists(), "{more:?} left {}", text(&out_dir));
}

#[test]
fn a_balanced_split_of_one_pass_is_not_silently_one_by_hash() {
    let needed = ["--split balanced", "--one-pass", "--split hash"];
    refused(&["--one-pass", "--split", "balanced"], &needed);
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("run.toml");
    fs::write(&config, "split = \"balanced\"\n").unwrap();
    refused(&["--one-pass", "--config", text(&config)], &needed);
}

#[test]
fn a_number_as_the_target_is_for_trees_of_train() {
    for model in ["logistic", "gbdt"] {
        let needed = ["--task regression", "`rowmill train --model gbdt"];
        refused(&["--model", model, "--task", "regression"], &needed);
    }
    let dir = tempfile::tempdir().unwrap();
    let profile = dir.path().join("numbers.toml");
    let text_of = "name = \"numbers\"\ntarget = \"gc_content\"\ntask = \"regression\"\n";
    fs::write(&profile, text_of).unwrap();
    let needed = ["`gc_content`", "`rowmill train --model gbdt`"];
    refused(&["--profile", text(&profile)], &needed);
}

#[test]
fn what_needs_the_rows_twice_is_refused_before_the_first() {
    for (model, needed) in [
        (
            r#"{"name": "gbdt", "early_stopping_rounds": 2}"#,
            "early stopping",
        ),
        (
            r#"{"name": "gbdt", "class_weight": "balanced"}"#,
            "balanced class weights",
        ),
        (r#"{"class_weight": "balanced"}"#, "balanced class weights"),
        ("log_reg", "`C`"),
    ] {
        refused(&["--one-pass", "--model", model], &["--one-pass", needed]);
    }
}

#[test]
fn classes_are_a_list_of_different_names() {
    for (classes, needed) in [
        ("donor,acceptor,donor", "`donor` is named twice"),
        ("donor", "one class"),
        ("donor,,acceptor", "a name is empty"),
    ] {
        refused(&["--classes", classes], &["--classes", needed]);
    }
    let number = ["--profile", "none", "--target", "gc_content", "--classes"];
    for (classes, needed) in [
        ("1,1.0", "`1.0` is named twice"),
        ("0,nan", "`nan` is no number"),
    ] {
        let more: Vec<&str> = number.into_iter().chain([classes]).collect();
        refused(&more, &["--classes", needed]);
    }
}

#[test]
fn a_task_that_is_always_refused_is_not_offered() {
    let help = succeeds(&["incremental", "--help"]).stdout;
    assert!(help.contains("- multiclass:"), "{help}");
    assert!(!help.contains("- regression:"), "{help}");
}

#[test]
fn options_of_trees_without_a_name_are_told_to_give_it() {
    let needed = ["`n_estimators`", r#"add "name": "gbdt""#];
    refused(&["--model", r#"{"n_estimators": 30}"#], &needed);
}

#[test]
fn what_is_refused_leaves_the_run_that_it_would_replace() {
    let dir = tempfile::tempdir().unwrap();
    let table = dir.path().join("table.parquet");
    write_table(&table, |_| {});
    let out_dir = dir.path().join("run");
    succeeds(&super::words(&table, &out_dir, &[]));
    let before = contents(&out_dir);
    for needed in ["model.rowmill", "learner.rowmill", "run.json"] {
        assert!(before.iter().any(|(name, _)| name == needed), "{needed}");
    }
    let no_class = r#"{"class_weight": {"nowhere": 2}}"#;
    let no_class_of_trees = r#"{"name": "gbdt", "class_weight": {"nowhere": 2}}"#;
    let no_feature = r#"{"name": "gbdt", "monotone_constraints": {"nowhere": 1}}"#;
    for (more, code) in [
        (&["--resume"][..], 2),
        (&["--batch-size", "0"], 2),
        (&["--model", "nowhere"], 2),
        (&["--model", r#"{"n_estimators": 30}"#], 2),
        (&["--model", no_feature], 1),
        (&["--model", no_class], 1),
        (&["--model", no_class, "--one-pass"], 1),
        (&["--model", no_class_of_trees], 1),
        (&["--model", no_class_of_trees, "--one-pass"], 1),
        (&["--one-pass", "--split", "balanced"], 2),
        (&["--one-pass", "--prune-features"], 2),
        (&["--one-pass", "--model", "log_reg"], 2),
        (&["--classes", "donor,donor"], 2),
        (&["--classes", "donor,nowhere"], 2),
        (&["--task", "regression"], 2),
        (&["--target", "x", "--profile", "none"], 1),
        (&["--target", "nowhere"], 1),
        (&["--weight-col", "nowhere"], 1),
        (&["--test-size", "0.9", "--valid-size", "0.9"], 2),
        (&["--init-model", "nowhere"], 1),
        (&["--more-trees", "3"], 2),
        (&["--memory", "1MiB"], 1),
    ] {
        let more = [more, &["--overwrite"]].concat();
        fails(&super::words(&table, &out_dir, &more), code, &[]);
        assert!(contents(&out_dir) == before, "{more:?}");
    }
}

#[test]
fn weights_of_which_none_counts_teach_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let table = dir.path().join("table.parquet");
    let refused = |weight: f64, needed: &[&str]| {
        write_table(&table, |table| {
            let mut weights = vec![0.0; table.rows()];
            weights[42] = weight;
            table.x = Feature::Number(weights);
        });
        let out_dir = dir.path().join("run");
        for model in ["logistic", "gbdt"] {
            let roles = [
                "--target",
                "splice_type",
                "--weight-col",
                "x",
                "--profile",
                "none",
            ];
            let classes = ["--classes", "acceptor,donor,neither", "--model", model];
            let more = [&["--one-pass", "--overwrite"], &roles[..], &classes].concat();
            fails(&super::words(&table, &out_dir, &more), 1, needed);
            assert!(!out_dir.join("model.rowmill").exists());
        }
    };
    refused(0.0, &["weight 0", "--weight-col"]);
    refused(2e12, &["row 42", "2000000000000", "1e12"]);
}

#[test]
fn classes_are_found_as_the_target_stores_them() {
    let dir = tempfile::tempdir().unwrap();
    let table = dir.path().join("table.parquet");
    write_table(&table, |table| {
        let values = (0..table.rows()).map(|row| [0.0, 0.1][row % 2]).collect();
        table.x = Feature::Number(values);
    });
    let out_dir = dir.path().join("run");
    let more = [
        "--one-pass",
        "--target",
        "x",
        "--classes=-0,0.1",
        "--include",
        "splice_type",
    ];
    succeeds(&super::words(&table, &out_dir, &more));
}

#[test]
fn truth_values_are_classes_of_a_boolean_target() {
    let dir = tempfile::tempdir().unwrap();
    // A column of a type that no learner takes, of which the stream has none.
    let not_read = dir.path().join("not_read");
    std::fs::write(&not_read, "list\n").unwrap();
    let kinds = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/data/kinds.parquet");
    let truth = |classes| {
        let target = ["--one-pass", "--target", "boolean", "--exclude-file"];
        [&target[..], &[text(&not_read), "--classes", classes]].concat()
    };
    let out_dir = dir.path().join("kinds");
    fails(
        &super::words(&kinds, &out_dir, &truth("no,true")),
        2,
        &["--classes", "`no` is no number"],
    );
    succeeds(&super::words(&kinds, &out_dir, &truth("false,true")));
    let classes = super::metrics(&out_dir)["classes"].clone();
    assert_eq!(classes, serde_json::json!(["0", "1"]));

    let truths = BooleanArray::from_iter((0..600).map(|row| Some(row % 3 == 0)));
    let numbers = Float64Array::from_iter_values((0..600).map(|row| f64::from(row * 37 % 101)));
    let columns: [(&str, ArrayRef); 2] = [("boolean", Arc::new(truths)), ("x", Arc::new(numbers))];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut stream = Vec::new();
    let mut writer =
        arrow_ipc::writer::StreamWriter::try_new(&mut stream, &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    drop(writer);
    let streamed = dir.path().join("streamed");
    let words = super::words(Path::new("-"), &streamed, &truth("true,false"));
    let outcome = fed(&words, &stream);
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
}

/// The rows of a second stream would be lost.
#[test]
fn two_streams_are_not_one() {
    let dir = tempfile::tempdir().unwrap();
    let out_dir = dir.path().join("run");
    let one = super::stream(0..600, 100);
    let outcome = fed(&super::streamed(&out_dir, &[]), &[&one[..], &one].concat());
    assert_eq!(outcome.code, Some(1), "{outcome:#?}");
    let needed = "after the end of the Arrow stream (600 rows)";
    assert!(outcome.stderr.contains(needed), "{outcome:#?}");
    assert!(!out_dir.join("model.rowmill").exists());
}

#[test]
fn a_learner_is_not_shown_as_a_model() {
    let dir = tempfile::tempdir().unwrap();
    let table = dir.path().join("table.parquet");
    write_table(&table, |_| {});
    let out_dir = dir.path().join("run");
    succeeds(&super::words(&table, &out_dir, &[]));
    succeeds(&["show", text(&out_dir)]);
    let learner = out_dir.join("learner.rowmill");
    let needed = ["the learner of `rowmill incremental`", "model.rowmill"];
    fails(&["show", text(&learner)], 1, &needed);
}
