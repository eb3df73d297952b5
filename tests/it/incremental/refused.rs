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
