//! A stopped run ends promptly and cleanly; a killed one leaves no half file under a final name.

#![cfg(unix)]

use std::{
    fs,
    path::Path,
    process::{Child, Command, ExitStatus},
    thread,
    time::{Duration, Instant},
};

use crate::{
    command::{start, succeeds, text},
    dataset,
};

/// Longer than any of these runs takes.
const PATIENCE: Duration = Duration::from_secs(60);

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
    ])
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}

/// Polls until the run has begun to work: its first file, hidden or not, is there.
fn wait_for_work(out_dir: &Path) {
    let started = Instant::now();
    while fs::read_dir(out_dir).map_or(0, |entries| entries.count()) == 0 {
        assert!(started.elapsed() < PATIENCE, "the run has not begun");
        thread::sleep(Duration::from_millis(10));
    }
    // Far enough to be among the trees.
    thread::sleep(Duration::from_millis(500));
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
fn signals_end_a_run_with_their_code_and_leave_nothing() {
    for (name, code) in [("-INT", 130), ("-TERM", 143)] {
        let dir = tempfile::tempdir().unwrap();
        let out_dir = dir.path().join("run");
        let mut child = long_run(&out_dir);
        wait_for_work(&out_dir);
        signal(&child, name);
        let status = wait_for_end(&mut child);
        assert_eq!(status.code(), Some(code), "{status:?}");
        let left = fs::read_dir(&out_dir).map_or(0, |entries| entries.count());
        assert_eq!(left, 0, "{name} left {:?}", visible_names(&out_dir));
    }
}

#[test]
fn a_killed_run_leaves_no_final_name_and_does_not_bar_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let out_dir = dir.path().join("run");
    let mut child = long_run(&out_dir);
    wait_for_work(&out_dir);
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
