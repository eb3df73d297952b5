use serde_json::{Value, json};

use crate::{
    learner::ModelChoice,
    limits::Limits,
    pipeline::session::identity::{FileMark, RunIdentity, command_line_name},
};

fn about() -> RunIdentity {
    let file = |name: &str| FileMark {
        name: name.to_owned(),
        bytes: 100,
        footer_hash: 7,
    };
    RunIdentity {
        rowmill_version: "0.1.0".to_owned(),
        options: json!({"seed": 42, "group_col": {"column": "g"}, "model": {"learner": "gbdt", "learning_rate": 0.1}}),
        files: vec![file("a.parquet"), file("b.parquet")],
        codes_hash: 9,
        sampling: json!("exact"),
    }
}

#[test]
fn what_differs_is_named() {
    let check = |change: &dyn Fn(&mut RunIdentity), part: &str| {
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
    let check = |change: &dyn Fn(&mut RunIdentity), part: &str| {
        let mut now = about();
        change(&mut now);
        let message = about().check_found(&now).expect_err(part).to_string();
        assert!(message.contains(part), "{message}");
    };
    about().check_found(&about()).unwrap();
    check(&|now| now.codes_hash = 8, "labels, groups, splits");
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
        // What the data make of the constraints is in no checkpoint, and a list of directions differs from an
        // object only if its entries do.
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
    let read: RunIdentity = serde_json::from_value(before).unwrap();
    let expected = json!({
        "seed": 42, "weight_col": "w", "group_col": {"column": "g"}, "split_col": null, "split": "hash",
        "exclude_file": ["a"],
        "prune_features": {
            "rules": {"corr_thr": 0.9, "var_thr": 0.0, "keep": "ranked"},
            "exact_correlation": false, "protect": [], "corr_report": null,
        },
        "incremental": {"batch_size": 5, "expected_rows": null, "one_pass": true},
        "model": {
            "learner": "logistic", "l2": 0.5, "l1": 0.0, "C": null, "l1_ratio": 0.0, "solver": "newton",
            "step_size": null, "adaptive": false, "max_iter": 7, "tol": 0.25, "class_weights": [],
            "class_weight": "balanced", "max_categories": 9, "missing_indicator": false, "seed": 3,
        },
    });
    assert_eq!(read.options, expected);
    let again = serde_json::to_value(&read).unwrap();
    let again: RunIdentity = serde_json::from_value(again).unwrap();
    assert_eq!(again, read);
}
