//! What `rowmill incremental` refuses before it learns, and the next step that it names.

use crate::{
    command::{fails, text},
    dataset,
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
    std::fs::write(&config, "split = \"balanced\"\n").unwrap();
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
    std::fs::write(&profile, text_of).unwrap();
    let needed = ["`gc_content`", "`rowmill train --model gbdt`"];
    refused(&["--profile", text(&profile)], &needed);
}
