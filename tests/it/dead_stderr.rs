//! A standard error that nobody takes, a closed pipe or a full disk: every command ends as it would have.

use std::{io, process::Stdio};

use crate::{
    command::{code_with_stderr, text},
    dataset,
};

const FEW_TREES: &str = r#"{"name": "gbdt", "n_estimators": 3, "max_depth": 3}"#;

/// Runs each command with such a standard error; `dead` makes one.
fn check(dead: impl Fn() -> Stdio) {
    let dir = tempfile::tempdir().unwrap();
    let place = |name: &str| text(&dir.path().join(name)).to_owned();
    let (small, made) = (text(dataset::small()), place("made"));
    let (run, log, learned, trimmed) = (place("run"), place("log"), place("by"), place("trimmed"));
    let train = ["train", small, "--model", FEW_TREES, "--out-dir", &run];
    let json = [
        "train",
        small,
        "--model",
        FEW_TREES,
        "--log-json",
        "--out-dir",
        &log,
    ];
    let incremental = ["incremental", small, "--out-dir", &learned];
    let no_config = ["train", small, "--config", "nope.toml"];
    let commands: [(&[&str], i32); 10] = [
        (&train, 0),
        (&train, 2),
        (&json, 0),
        (&incremental, 0),
        (&["prune", small, "--out", &trimmed], 0),
        (&["synth", "--rows", "600", "--out-dir", &made], 0),
        (&["plan", small], 0),
        (&["show", "nope"], 1),
        (&["shwo"], 2),
        (&no_config, 1),
    ];
    for (arguments, expected) in commands {
        let code = code_with_stderr(arguments, dead());
        assert_eq!(code, Some(expected), "{arguments:?}");
    }
    assert!(dir.path().join("run/model.rowmill").exists());
}

#[test]
fn a_closed_pipe() {
    check(|| {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        writer.into()
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk() {
    check(|| {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
        full.unwrap().into()
    });
}
