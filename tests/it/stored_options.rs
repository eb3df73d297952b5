//! Options in model files: under the names that users type, in files of before too.
//!
//! `data/options/*_before.rowmill` are of the last version that stored names of its own (`shrinkage`,
//! `leaves_max`, ...), `*_now.rowmill` of the first that stores those of `--model`. Both were trained on
//! the same 120 rows with the same options.

use std::path::PathBuf;

use crate::command::{succeeds, text};

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/data/options")
        .join(format!("{name}.rowmill"))
}

/// The options that `rowmill show` prints of a model file, each as `name value`.
fn shown(name: &str) -> Vec<String> {
    let shown = succeeds(&["show", text(&golden(name))]).stdout;
    let lines = shown.lines().skip_while(|line| *line != "Options").skip(1);
    lines
        .take_while(|line| line.starts_with("  "))
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

#[test]
fn files_of_before_and_of_now_show_the_same_options() {
    let check = |learner: &str, expected: &[&str]| {
        let [before, now] = ["before", "now"].map(|time| shown(&format!("{learner}_{time}")));
        assert_eq!(before, expected, "{learner} of before");
        assert_eq!(now, expected, "{learner} of now");
    };
    check(
        "gbdt",
        &[
            "n_estimators 2",
            "learning_rate 0.3",
            "grow_policy depthwise",
            "max_depth 3",
            "num_leaves 5",
            "max_bin 16",
            "reg_lambda 2",
            "reg_alpha 0.25",
            "min_child_weight 0.5",
            "min_child_samples 3",
            "min_split_gain 0.125",
            "colsample_bytree 0.9",
            "colsample_bylevel 0.8",
            "colsample_bynode 0.7",
            "max_delta_step 2",
            "monotone_constraints a +1",
            "interaction_constraints a, b",
            "sampling uniform:45",
            "sample_keep 2",
            "early_stopping_rounds 7",
            "eval_metric error, auc",
            "early_stopping_metric auc",
            "class_weight yes: 2",
            "seed 5",
        ],
    );
    check(
        "logistic",
        &[
            "C 0.5",
            "l1_ratio 0.25",
            "solver newton",
            "max_iter 4",
            "tol 0.001",
            "max_categories 9",
            "missing_indicator true",
            "class_weight balanced",
            "seed 5",
        ],
    );
    check(
        "quantile",
        &[
            "n_estimators 1",
            "learning_rate 0.12",
            "grow_policy lossguide",
            "max_depth 64",
            "num_leaves 2",
            "max_bin 255",
            "reg_lambda 1",
            "reg_alpha 0",
            "min_child_weight 0.001",
            "min_child_samples 20",
            "min_split_gain 0",
            "colsample_bytree 1",
            "sampling exact",
            "sample_keep 8",
            "early_stopping_rounds off",
            "objective quantile, quantile_alpha 0.75",
            "seed 5",
        ],
    );
}

#[test]
fn model_files_store_options_under_the_names_that_users_type() {
    let check = |name: &str, stored: &[&str], absent: &[&str]| {
        // Options are JSON in the file.
        let bytes = std::fs::read(golden(name)).unwrap();
        let contents = String::from_utf8_lossy(&bytes);
        let has = |option: &str| contents.contains(&format!("\"{option}\":"));
        assert!(stored.iter().all(|option| has(option)), "{name}");
        assert!(!absent.iter().any(|option| has(option)), "{name}");
    };
    let (own, users) = (["shrinkage", "trees"], ["learning_rate", "n_estimators"]);
    check("gbdt_before", &own, &users);
    check("gbdt_now", &users, &own);
    let (own, users) = (["passes_max", "inverse_strength"], ["max_iter", "C"]);
    check("logistic_before", &own, &users);
    check("logistic_now", &users, &own);
}
