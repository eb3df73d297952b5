//! A stopped run ends promptly and cleanly; a killed one leaves no half file under a final name; both
//! go on from their checkpoint to the same bytes.

#![cfg(unix)]

use std::{
    fs,
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
fn a_run_killed_at_many_moments_ends_in_the_bytes_of_one_that_never_was() {
    let dir = tempfile::tempdir().unwrap();
    let (straight, killed) = (dir.path().join("straight"), dir.path().join("killed"));
    let table = dir.path().join("table.parquet");
    dataset::write_table(&table, |_| {});
    let arguments = |out_dir: &Path, more: &[&str]| -> Vec<String> {
        let model = r#"{"n_estimators": 40, "max_depth": 3, "min_child_samples": 2}"#;
        let words = [
            "train",
            text(&table),
            "--out-dir",
            text(out_dir),
            "--model",
            model,
            "--checkpoint-seconds",
            "0",
            "--no-verify",
        ];
        let words = words.iter().chain(more);
        words.map(|word| (*word).to_owned()).collect()
    };
    let run = |words: &[String]| start(&words.iter().map(String::as_str).collect::<Vec<_>>());
    let started = Instant::now();
    let status = wait_for_end(&mut run(&arguments(&straight, &["--threads", "2"])));
    assert!(status.success());
    let whole = started.elapsed();
    let mut kills = 0;
    // Moments spread by the golden ratio, first over a part of a run; the last ones come late enough.
    for attempt in 1..200 {
        let threads = ["1", "2", "3"][attempt % 3];
        let mut child = run(&arguments(&killed, &["--resume", "--threads", threads]));
        let share = (attempt as f64 * 0.618_034).fract();
        let longest = [0.3, 1.0, 3.0][(attempt / 20).min(2)];
        let deadline = Instant::now() + whole.mul_f64(share * longest);
        let status = loop {
            match child.try_wait().unwrap() {
                Some(status) => break Some(status),
                None if Instant::now() >= deadline => break None,
                None => thread::sleep(Duration::from_millis(2)),
            }
        };
        if let Some(status) = status {
            assert!(status.success(), "attempt {attempt}: {status:?}");
            break;
        }
        child.kill().unwrap();
        wait_for_end(&mut child);
        kills += 1;
    }
    assert!(kills >= 3, "{kills} kills");
    assert!(
        killed.join("run.json").exists(),
        "it never ended, {kills} kills"
    );
    for name in [
        "model.rowmill",
        "metrics.json",
        "features.csv",
        "splits.parquet",
    ] {
        let bytes = |dir: &Path| fs::read(dir.join(name)).unwrap();
        assert!(
            bytes(&killed) == bytes(&straight),
            "{name} after {kills} kills"
        );
    }
    let scratch = visible_names(&killed).into_iter();
    assert_eq!(scratch.filter(|name| name.contains("scratch")).count(), 0);
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
