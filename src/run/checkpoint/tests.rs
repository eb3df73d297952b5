use std::borrow::Cow;

use serde_json::json;

use super::*;
use crate::{
    engine::Silent,
    format::container::{Codec, lengthened},
    learner::{ModelChoice, gbdt::RoundLoss},
    limits::Limits,
    model::{Leaf, Tree},
};

fn about() -> CheckpointAbout {
    let file = |name: &str| FileMark {
        name: name.to_owned(),
        bytes: 100,
        footer_hash: 7,
    };
    CheckpointAbout {
        rowmill_version: "0.1.0".to_owned(),
        options: json!({"seed": 42, "group_col": {"column": "g"}, "model": {"learner": "gbdt", "learning_rate": 0.1}}),
        files: vec![file("a.parquet"), file("b.parquet")],
        known_hash: 9,
        sampling: json!("exact"),
    }
}

fn booster(rounds: u32) -> BoosterCheckpoint<'static> {
    let leaf = Tree::leaf(Leaf {
        value: 0.5,
        cover: 3.0,
        count: 3,
    });
    let loss = |rounds| RoundLoss {
        rounds,
        train: Some(0.5),
        valid: None,
        metrics: Vec::new(),
    };
    let reach =
        json!({"weight_max": 1.0, "gradient_max": 0.5, "hessian_max": 0.25, "step_max": 0.1});
    BoosterCheckpoint {
        outputs: 1,
        trees: Cow::Owned(vec![leaf; rounds as usize]),
        curve: Cow::Owned((0..=rounds).map(loss).collect()),
        reach: serde_json::from_value(reach).unwrap(),
    }
}

fn written(directory: &Path, rounds: u32) {
    let bytes = to_bytes(&about(), &booster(rounds));
    replace_newest(directory, |newest| {
        atomic::write(newest, |writer| writer.write_all(&bytes))
    })
    .unwrap();
}

fn loaded(directory: &Path) -> Option<u32> {
    let checkpoint = Checkpoint::load(directory, &Silent).unwrap();
    checkpoint.map(|checkpoint| checkpoint.booster.rounds())
}

#[test]
fn the_newest_comes_back_and_the_one_before_it_stays() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    assert_eq!(loaded(path), None);
    for rounds in [1, 2, 3] {
        written(path, rounds);
        assert_eq!(loaded(path), Some(rounds));
    }
    let back = Checkpoint::load(path, &Silent).unwrap().unwrap();
    assert_eq!((back.about, back.booster), (about(), booster(3)));
    fs::remove_file(path.join(CHECKPOINT)).unwrap();
    assert_eq!(loaded(path), Some(2));
    remove_before(path).unwrap();
    remove_before(path).unwrap();
    assert_eq!(loaded(path), None);
}

#[test]
fn every_damaged_byte_falls_back_to_the_generation_before() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    written(path, 1);
    written(path, 2);
    let newest = path.join(CHECKPOINT);
    let bytes = fs::read(&newest).unwrap();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        assert!(Checkpoint::from_bytes(&damaged).is_err(), "byte {at}");
        assert!(Checkpoint::from_bytes(&bytes[..at]).is_err(), "cut at {at}");
    }
    fs::write(&newest, &bytes[..bytes.len() / 2]).unwrap();
    assert_eq!(loaded(path), Some(1));
    fs::write(path.join(CHECKPOINT_BEFORE), b"").unwrap();
    let error = Checkpoint::load(path, &Silent).unwrap_err().to_string();
    assert!(error.contains("--overwrite"), "{error}");
}

#[test]
fn another_version_is_refused() {
    let section = |id| Section {
        id,
        version: VERSION + 1,
        codec: Codec::Json,
        bytes: b"{}".to_vec(),
    };
    let bytes = container::seal(
        FileKind::Checkpoint,
        b"{}",
        &[section(ABOUT), section(BOOSTER)],
    );
    let error = Checkpoint::from_bytes(&bytes).unwrap_err();
    assert!(error.contains("another version"), "{error}");
}

#[test]
fn bytes_behind_a_section_s_value_are_refused() {
    let bytes = to_bytes(&about(), &booster(2));
    let longer = lengthened(FileKind::Checkpoint, &bytes);
    assert_eq!(longer.len(), 1);
    let error = Checkpoint::from_bytes(&longer[0]).unwrap_err();
    assert!(error.contains("1 bytes too many"), "{error}");
}

#[test]
fn a_full_disk_leaves_the_newest() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    for rounds in [1, 2] {
        written(path, rounds);
        let full = replace_newest(path, |newest| {
            let full = std::io::ErrorKind::StorageFull.into();
            Err(Error::io("write", newest, full))
        });
        let error = full.unwrap_err().to_string();
        assert!(error.contains("free some disk space"), "{error}");
        assert_eq!(loaded(path), Some(rounds));
    }
}

#[test]
fn what_differs_is_named() {
    let check = |change: &dyn Fn(&mut CheckpointAbout), part: &str| {
        let mut now = about();
        change(&mut now);
        let error = about().check(&now).expect_err(part);
        assert_eq!(error.exit_code(), 2);
        let message = error.to_string();
        assert!(
            message.contains(part) && message.contains("--overwrite"),
            "{message}"
        );
    };
    about().check(&about()).unwrap();
    check(
        &|now| now.rowmill_version = "9.9.9".to_owned(),
        "this is 9.9.9",
    );
    check(
        &|now| now.options["seed"] = json!(43),
        "--seed was 42 and is 43",
    );
    check(
        &|now| now.options["model"]["learning_rate"] = json!(0.2),
        "--model learning_rate was 0.1 and is 0.2",
    );
    check(
        &|now| now.options["model"]["colsample_bylevel"] = json!(0.5),
        "--model colsample_bylevel was null and is 0.5",
    );
    check(
        &|now| now.options["group_col"] = json!({"column": "h"}),
        "--group-col was {\"column\":\"g\"}",
    );
    check(
        &|now| now.options["new"] = json!(1),
        "--new was null and is 1",
    );
    check(
        &|now| now.files[1].bytes = 3,
        "the file b.parquet has changed",
    );
    check(
        &|now| now.files[1].footer_hash = 3,
        "the file b.parquet has changed",
    );
    check(
        &|now| now.files[0].name = "c".to_owned(),
        "have the file c and had a.parquet",
    );
    check(&|now| now.files.truncate(1), "have 1 files and had 2");
    let check = |change: &dyn Fn(&mut CheckpointAbout), part: &str| {
        let mut now = about();
        change(&mut now);
        let message = about().check_found(&now).expect_err(part).to_string();
        assert!(message.contains(part), "{message}");
    };
    about().check_found(&about()).unwrap();
    check(&|now| now.known_hash = 8, "labels, groups, splits");
    check(
        &|now| now.sampling = json!("mvs"),
        "--sampling was \"exact\"",
    );
}

#[test]
fn every_option_of_a_learner_is_named_as_users_write_it() {
    for learner in ["gbdt", "logistic"] {
        let choice = ModelChoice::parse(learner, 42, &Limits::default()).unwrap();
        let Value::Object(mut options) = serde_json::to_value(choice.spec).unwrap() else {
            panic!("options are fields");
        };
        if let Some(Value::Object(constraints)) = options.remove("constraints") {
            options.extend(constraints);
        }
        // What the data make of the constraints is in no checkpoint, nor does a list differ from an object
        // without its entries doing so.
        options.remove("feature_constraints");
        options.remove("monotone_of_all");
        assert!(options.len() > 10, "{options:?}");
        for option in options.keys() {
            let name = command_line_name("model", option);
            let Some(name) = name.strip_prefix("--model ") else {
                assert!(["--seed", "--model"].contains(&&*name), "{name}");
                continue;
            };
            // An option that is not known is an error, and null as good as none.
            let model = json!({"name": learner, name: null}).to_string();
            let parsed = ModelChoice::parse(&model, 42, &Limits::default());
            assert!(parsed.is_ok(), "{option} as {name}: {parsed:?}");
        }
    }
}

#[test]
fn options_of_before_are_read_under_the_names_of_today() {
    let mut before = serde_json::to_value(about()).unwrap();
    before["options"] = json!({
        "seed": 42, "weight": "w", "group": {"column": "g"}, "split_column": null, "split_rule": "hash",
        "exclude_if_there": ["a"],
        "prune": {
            "rules": {"correlation": 0.9, "variance": 0.0, "keep": "ranked"},
            "exact": false, "protect": [], "report": null,
        },
        "online": {"batch_rows": 5, "rows_expected": null, "one_pass": true},
        "model": {
            "learner": "logistic", "l2": 0.5, "passes_max": 7, "tolerance": 0.25, "class_weights": [],
            "balanced": true, "categories_max": 9, "seed": 3,
        },
    });
    let read: CheckpointAbout = serde_json::from_value(before).unwrap();
    let expected = json!({
        "seed": 42, "weight_col": "w", "group_col": {"column": "g"}, "split_col": null, "split": "hash",
        "exclude_file": ["a"],
        "prune_features": {
            "rules": {"corr_thr": 0.9, "var_thr": 0.0, "keep": "ranked"},
            "exact_correlation": false, "protect": [], "corr_report": null,
        },
        "online": {"batch_size": 5, "expected_rows": null, "one_pass": true},
        "model": {
            "learner": "logistic", "l2": 0.5, "l1": 0.0, "C": null, "l1_ratio": 0.0, "solver": "newton",
            "step_size": null, "adaptive": false, "max_iter": 7, "tol": 0.25, "class_weights": [],
            "class_weight": "balanced", "max_categories": 9, "missing_indicator": false, "seed": 3,
        },
    });
    assert_eq!(read.options, expected);
    let again = serde_json::to_value(&read).unwrap();
    let again: CheckpointAbout = serde_json::from_value(again).unwrap();
    assert_eq!(again, read);
}
