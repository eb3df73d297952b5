//! Codes that serve several runs, and the commands that show and remove scratch files.

use std::{fs, path::Path};

use serde_json::Value;

use crate::{
    artefacts::json,
    command::{Outcome, Run, fails, succeeds, text},
    dataset,
};

fn train(out_dir: &Path, model: &str, more: &[&str]) -> Outcome {
    let run = Run::train(dataset::small()).out_dir(out_dir).model(model);
    run.args(more).succeeds()
}

const FIRST: &str = r#"{"n_estimators": 5, "max_depth": 4}"#;
const SECOND: &str = r#"{"n_estimators": 7, "max_depth": 3, "learning_rate": 0.3}"#;

#[test]
fn a_second_run_uses_the_codes_of_the_first_and_makes_the_same_files_as_alone() {
    let dir = tempfile::tempdir().unwrap();
    let [scratch, first, second, alone, other] =
        ["scratch", "first", "second", "alone", "other"].map(|name| dir.path().join(name));
    let shared = ["--scratch-dir", text(&scratch)];
    train(&first, FIRST, &[&shared[..], &["--keep-scratch"]].concat());
    let reused = train(&second, SECOND, &shared);
    assert!(
        reused.stderr.contains("codes of an earlier run are used"),
        "{reused:#?}"
    );
    train(&alone, SECOND, &[]);
    for name in [
        "model.rowmill",
        "metrics.json",
        "features.csv",
        "splits.parquet",
    ] {
        let bytes = |out_dir: &Path| fs::read(out_dir.join(name)).unwrap();
        assert!(bytes(&second) == bytes(&alone), "{name}");
    }
    let record = json(&second.join("run.json"));
    assert!(
        record["reused_scratch"]
            .as_str()
            .unwrap()
            .contains("codes-")
    );
    assert_eq!(json(&alone.join("run.json"))["reused_scratch"], Value::Null);
    let refused = train(&other, FIRST, &[&shared[..], &["--seed", "7"]].concat());
    assert!(
        refused.stderr.contains("--seed was 42 and is now 7"),
        "{refused:#?}"
    );
}

#[test]
fn scratch_is_listed_and_cleaned() {
    let dir = tempfile::tempdir().unwrap();
    let scratch = dir.path().join("scratch");
    let shared = ["--scratch-dir", text(&scratch), "--keep-scratch"];
    train(&dir.path().join("run"), FIRST, &shared);
    let dead = scratch.join("run-1-0.rowmill-scratch");
    fs::create_dir(&dead).unwrap();
    fs::write(dead.join("lock"), "").unwrap();
    let listed = succeeds(&["scratch", "list", text(&scratch)]).stdout;
    for words in ["kept", "dead", "not complete", text(dataset::small())] {
        assert!(listed.contains(words), "{words}: {listed}");
    }
    let clean = |more: &[&str]| {
        let words = ["scratch", "clean", text(&scratch)];
        succeeds(&[&words[..], more].concat()).stdout
    };
    assert!(clean(&[]).contains("1 removed"));
    assert!(!dead.exists());
    assert!(clean(&["--older-than", "7d"]).contains("0 removed"));
    assert!(clean(&["--older-than", "0s"]).contains("1 removed"));
    let empty = succeeds(&["scratch", "list", text(&scratch)]).stdout;
    assert!(empty.contains("no scratch files"), "{empty}");
    fails(&["scratch", "list", "no/such/place"], 1, &["no/such/place"]);
    fails(
        &["scratch", "clean", text(&scratch), "--older-than", "7"],
        2,
        &["7d"],
    );
}
