//! A stopped run ends promptly and cleanly; a killed one leaves no half file under a final name; both
//! go on from their checkpoint to the same bytes.

#![cfg(unix)]

use std::{
    fs,
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Child, Command, ExitStatus},
    thread,
    time::{Duration, Instant},
};

use crate::{
    command::{fails, start, succeeds, text},
    dataset,
};

/// Longer than any of these runs takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// So many times a run is killed before it may end.
const KILLS: usize = 2;

/// So many runs may end before they were killed so often, since nobody knows how fast they are.
const ENDED_MAX: usize = 20;

/// Kills a run again and again, each time as soon as it has written the file `newest` anew, and lets it go
/// on: that it does is `said`, and it ends in the `files` of a run that never was killed.
pub(crate) fn check_killed(arguments: &[&str], newest: &str, said: &str, files: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    let straight = dir.path().join("straight");
    succeeds(&[arguments, &["--out-dir", text(&straight)]].concat());
    for attempt in 0..ENDED_MAX {
        let killed = dir.path().join(format!("killed-{attempt}"));
        let words = [arguments, &["--out-dir", text(&killed), "--resume"]].concat();
        if !(0..KILLS).all(|_| is_killed_once_written(&words, &killed, newest)) {
            continue;
        }
        let outcome = succeeds(&words);
        assert!(outcome.stderr.contains(said), "{outcome:#?}");
        for name in files {
            let bytes = |dir: &Path| fs::read(dir.join(name)).unwrap();
            assert!(bytes(&killed) == bytes(&straight), "{name}");
        }
        assert!(killed.join("run.json").exists());
        let left = visible_names(&killed);
        assert!(
            !left.iter().any(|name| name.contains("scratch")),
            "{left:?}"
        );
        return;
    }
    panic!("{ENDED_MAX} runs ended before they were killed {KILLS} times");
}

/// Starts a run and kills it as soon as it has written a file anew; answers whether that was before its end.
fn is_killed_once_written(words: &[&str], out_dir: &Path, name: &str) -> bool {
    let read = || fs::read(out_dir.join(name)).ok();
    let before = read();
    let mut child = start(words);
    let started = Instant::now();
    while read().is_none_or(|now| before.as_ref() == Some(&now)) {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{status:?}");
            return false;
        }
        assert!(started.elapsed() < PATIENCE, "{name} is not written");
        thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    let status = child.wait().unwrap();
    status.signal() == Some(9) && !out_dir.join("run.json").exists()
}

fn long_run(out_dir: &Path) -> Child {
    start(&[
        "train",
        text(dataset::small()),
        "--out-dir",
        text(out_dir),
        "--threads",
        "2",
        "--model",
        r#"{"n_estimators": 20000, "max_depth": 4, "learning_rate": 0.001}"#,
        "--checkpoint-seconds",
        "0",
    ])
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}

/// Polls until the run has written a second checkpoint.
fn wait_for_checkpoint(out_dir: &Path) {
    let started = Instant::now();
    while !out_dir.join("checkpoint-before.rowmill").exists() {
        assert!(started.elapsed() < PATIENCE, "no checkpoint");
        thread::sleep(Duration::from_millis(5));
    }
}

fn wait_for_end(child: &mut Child) -> ExitStatus {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        assert!(started.elapsed() < PATIENCE, "the run does not end");
        thread::sleep(Duration::from_millis(10));
    }
}

fn visible_names(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).into_iter().flatten().flatten();
    names
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.'))
        .collect()
}

#[test]
fn signals_end_a_run_with_their_code_and_leave_what_it_goes_on_from() {
    for (name, code) in [("-INT", 130), ("-TERM", 143)] {
        let dir = tempfile::tempdir().unwrap();
        let out_dir = dir.path().join("run");
        let mut child = long_run(&out_dir);
        wait_for_checkpoint(&out_dir);
        signal(&child, name);
        let status = wait_for_end(&mut child);
        assert_eq!(status.code(), Some(code), "{status:?}");
        let mut left = visible_names(&out_dir);
        let codes = left
            .iter()
            .position(|name| name.ends_with(".rowmill-scratch"));
        left.remove(codes.expect("codes for the run that goes on"));
        let checkpoints = ["checkpoint-before.rowmill", "checkpoint.rowmill"];
        left.retain(|name| !checkpoints.contains(&name.as_str()));
        assert!(left.is_empty(), "{name} left {left:?}");
        assert!(out_dir.join("checkpoint.rowmill").exists());
        let listed = succeeds(&["scratch", "list", text(&out_dir)]).stdout;
        assert!(listed.contains("waiting"), "{listed}");
        let cleaned = succeeds(&["scratch", "clean", text(&out_dir)]).stdout;
        assert!(cleaned.contains("0 removed"), "{cleaned}");
        let cleaned = succeeds(&["scratch", "clean", text(&out_dir), "--all"]).stdout;
        assert!(cleaned.contains("1 removed"), "{cleaned}");
    }
}

#[test]
fn a_run_that_is_killed_goes_on_to_the_bytes_of_one_that_never_was() {
    let dir = tempfile::tempdir().unwrap();
    let table = dir.path().join("table.parquet");
    dataset::write_table(&table, |_| {});
    let arguments = [
        "train",
        text(&table),
        "--threads",
        "2",
        "--model",
        r#"{"n_estimators": 200, "max_depth": 3, "min_child_samples": 2}"#,
        "--checkpoint-seconds",
        "0",
        "--no-verify",
    ];
    let files = [
        "model.rowmill",
        "metrics.json",
        "features.csv",
        "splits.parquet",
    ];
    let said = "resuming after round";
    check_killed(&arguments, "checkpoint.rowmill", said, &files);
}

#[test]
fn an_unfinished_run_is_neither_overwritten_nor_continued_by_mistake() {
    let dir = tempfile::tempdir().unwrap();
    let out_dir = dir.path().join("run");
    let mut child = long_run(&out_dir);
    wait_for_checkpoint(&out_dir);
    signal(&child, "-INT");
    wait_for_end(&mut child);
    let train = |more: &[&'static str]| {
        let words = ["train", text(dataset::small()), "--out-dir", text(&out_dir)];
        [&words[..], more].concat()
    };
    fails(
        &train(&[]),
        2,
        &["unfinished run", "--resume", "--overwrite"],
    );
    let words = train(&[
        "--resume",
        "--model",
        r#"{"n_estimators": 20000, "max_depth": 5}"#,
    ]);
    fails(&words, 2, &["--model", "was", "--overwrite"]);
    fails(&train(&["--resume", "--overwrite"]), 2, &["--overwrite"]);
    assert!(out_dir.join("checkpoint.rowmill").exists());
}

#[test]
fn a_killed_run_leaves_no_final_name_and_does_not_bar_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let out_dir = dir.path().join("run");
    let mut child = long_run(&out_dir);
    wait_for_checkpoint(&out_dir);
    child.kill().unwrap();
    wait_for_end(&mut child);
    for name in [
        "model.rowmill",
        "metrics.json",
        "run.json",
        "splits.parquet",
        "features.csv",
    ] {
        assert!(!out_dir.join(name).exists(), "{name} after a kill");
    }
    succeeds(&[
        "train",
        text(dataset::small()),
        "--out-dir",
        text(&out_dir),
        "--overwrite",
        "--model",
        r#"{"n_estimators": 2, "max_depth": 3}"#,
    ]);
    assert!(out_dir.join("model.rowmill").exists());
}
