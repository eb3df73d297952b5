//! `rowmill synth`, `rowmill demo` and the commands around them.

use std::fs;

use crate::command::{fails, succeeds, text};

#[test]
fn synth_writes_the_same_files_twice() {
    let dir = tempfile::tempdir().unwrap();
    let make = |name: &str, threads: &str| {
        let out_dir = dir.path().join(name);
        succeeds(&[
            "synth",
            "--out-dir",
            text(&out_dir),
            "--rows",
            "4_000",
            "--kmers",
            "16",
            "--genes",
            "20",
            "--shards",
            "3",
            "--seed",
            "5",
            "--threads",
            threads,
        ]);
        out_dir
    };
    let (first, second) = (make("first", "1"), make("second", "2"));
    let mut files = 0;
    for entry in fs::read_dir(&first).unwrap() {
        let path = entry.unwrap().path();
        let twin = second.join(path.file_name().unwrap());
        assert!(
            fs::read(&path).unwrap() == fs::read(&twin).unwrap(),
            "{}",
            path.display()
        );
        files += 1;
    }
    assert_eq!(files, 5);
}

#[test]
fn synth_does_not_replace_data_unasked() {
    let dir = tempfile::tempdir().unwrap();
    let arguments = [
        "synth",
        "--out-dir",
        text(dir.path()),
        "--rows",
        "1_000",
        "--kmers",
        "8",
    ];
    succeeds(&arguments);
    fails(&arguments, 2, &["--overwrite"]);
    succeeds(&[&arguments[..], &["--overwrite"]].concat());
}

#[test]
fn synth_refuses_what_it_cannot_make() {
    let dir = tempfile::tempdir().unwrap();
    let check = |more: &[&str], word: &str| {
        let arguments = [&["synth", "--out-dir", text(dir.path())], more].concat();
        fails(&arguments, 2, &[word]);
    };
    check(&["--rows", "many"], "many");
    check(&["--kmers", "1"], "--kmers");
    check(&["--rows", "100", "--genes", "90"], "--genes");
}

#[test]
fn the_demo_ends_with_what_to_try_next() {
    let dir = tempfile::tempdir().unwrap();
    let out_dir = dir.path().join("demo");
    let demo = succeeds(&["demo", "--out-dir", text(&out_dir), "--rows", "8_000"]);
    assert!(demo.stdout.contains("rowmill train"), "{demo:#?}");
    assert!(out_dir.join("run/model.rowmill").exists(), "{demo:#?}");
    assert!(
        out_dir.join("run/delta_vs_baseline.csv").exists(),
        "{demo:#?}"
    );
}

#[test]
fn help_completions_and_manual_pages_are_there() {
    for command in ["train", "plan", "inspect", "show", "synth", "demo"] {
        let help = succeeds(&[command, "--help"]);
        assert!(help.stdout.contains("Usage"), "{help:#?}");
    }
    assert!(
        succeeds(&["completions", "bash"])
            .stdout
            .contains("rowmill")
    );
    assert!(succeeds(&["man"]).stdout.contains(".TH"));
    assert!(
        succeeds(&["--version"])
            .stdout
            .contains(env!("CARGO_PKG_VERSION"))
    );
}
