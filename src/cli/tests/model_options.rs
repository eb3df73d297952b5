//! The options of `--model`: names, values and defaults, each held to the parser of `--model`.

use std::fmt::Write as _;

use crate::learner::{ModelChoice, ModelSpec};
use crate::limits::Limits;

/// A row of the reference.
struct ModelOption {
    /// The first name is the one that the reference leads with.
    names: &'static [&'static str],
    meaning: &'static str,
    values: &'static str,
    /// JSON that means the same as leaving the option out.
    default: &'static str,
    /// The default for readers, where the run does not print the option by itself.
    shown: &'static str,
    /// JSON of a value that is not the default of every preset; empty where there is none.
    probe: &'static str,
    /// Pairs without which the option is refused.
    with: &'static str,
}

/// An option that stands alone and whose default the run prints.
const PRINTED: ModelOption = ModelOption {
    names: &[],
    meaning: "",
    values: "",
    default: "null",
    shown: "",
    probe: "",
    with: "",
};

const TREE_PRESETS: [&str; 3] = ["gbdt", "xgboost", "lightgbm"];
const LINEAR_PRESETS: [&str; 3] = ["logistic", "log_reg", "sgd_logistic"];

const SEED: ModelOption = ModelOption {
    names: &["seed", "random_state", "random_seed"],
    meaning: "seed of every random choice; by default that of `--seed`",
    values: "0 or more",
    probe: "7",
    ..PRINTED
};

const CLASS_WEIGHT: ModelOption = ModelOption {
    names: &["class_weight", "class_weights"],
    meaning: "factor on the weights of the rows of each class",
    values: "`\"balanced\"` or `{class: weight}`",
    shown: "none",
    probe: "\"balanced\"",
    ..PRINTED
};

const TREES: &[ModelOption] = &[
    ModelOption {
        names: &[
            "n_estimators",
            "num_iterations",
            "num_iteration",
            "n_iter",
            "num_boost_round",
            "num_round",
            "num_rounds",
            "nrounds",
            "num_trees",
            "num_tree",
            "iterations",
            "max_iter",
            "trees",
        ],
        meaning: "number of boosting rounds",
        values: "1 to 1000000",
        probe: "7",
        ..PRINTED
    },
    ModelOption {
        names: &["learning_rate", "eta", "shrinkage_rate", "shrinkage"],
        meaning: "factor on leaf values",
        values: "above 0, at most 1",
        probe: "0.5",
        ..PRINTED
    },
    ModelOption {
        names: &["grow_policy"],
        meaning: "order in which nodes are split: level by level, or the leaf with the largest gain; also `--grow-policy`",
        values: "`depthwise`, `lossguide`",
        probe: "\"depthwise\"",
        ..PRINTED
    },
    ModelOption {
        names: &["max_depth", "depth"],
        meaning: "largest depth of a tree; 64 is the limit of rowmill",
        values: "1 to 64; 0 or -1: no limit",
        probe: "3",
        ..PRINTED
    },
    ModelOption {
        names: &[
            "num_leaves",
            "max_leaves",
            "max_leaf",
            "max_leaf_nodes",
            "num_leaf",
        ],
        meaning: "largest number of leaves of a tree; by default 2^`max_depth` where `max_depth` is given or trees are depth-wise (not for `lightgbm`)",
        values: "2 to 65535; 0 or -1: no limit",
        probe: "9",
        ..PRINTED
    },
    ModelOption {
        names: &["max_bin", "max_bins", "border_count"],
        meaning: "number of bins of a numeric feature, without the bin for missing values",
        values: "2 to 255; 256 is taken as 255",
        probe: "64",
        ..PRINTED
    },
    ModelOption {
        names: &[
            "reg_lambda",
            "lambda_l2",
            "lambda",
            "l2_regularization",
            "l2_leaf_reg",
        ],
        meaning: "L2 penalty on leaf values",
        values: "0 or more",
        probe: "0.5",
        ..PRINTED
    },
    ModelOption {
        names: &["reg_alpha", "lambda_l1", "alpha", "l1_regularization"],
        meaning: "L1 penalty on leaf values",
        values: "0 or more",
        probe: "0.5",
        ..PRINTED
    },
    ModelOption {
        names: &[
            "min_child_weight",
            "min_sum_hessian_in_leaf",
            "min_sum_hessian_per_leaf",
            "min_sum_hessian",
            "min_hessian",
        ],
        meaning: "smallest sum of hessians in a child",
        values: "0 or more",
        probe: "0.5",
        ..PRINTED
    },
    ModelOption {
        names: &[
            "min_child_samples",
            "min_data_in_leaf",
            "min_data_per_leaf",
            "min_data",
            "min_samples_leaf",
        ],
        meaning: "smallest number of rows in a child, estimated from hessians as in LightGBM",
        values: "0 or more",
        probe: "5",
        ..PRINTED
    },
    ModelOption {
        names: &[
            "min_split_gain",
            "gamma",
            "min_gain_to_split",
            "min_split_loss",
        ],
        meaning: "smallest gain of a split",
        values: "0 or more",
        probe: "0.5",
        ..PRINTED
    },
    ModelOption {
        names: &[
            "colsample_bytree",
            "feature_fraction",
            "sub_feature",
            "colsample",
        ],
        meaning: "share of the features that a tree may use",
        values: "above 0, at most 1",
        default: "1",
        shown: "1",
        probe: "0.5",
        ..PRINTED
    },
    ModelOption {
        names: &["colsample_bylevel"],
        meaning: "share of the tree's features that a level may use",
        values: "above 0, at most 1",
        default: "1",
        shown: "1",
        probe: "0.5",
        ..PRINTED
    },
    ModelOption {
        names: &["colsample_bynode", "feature_fraction_bynode"],
        meaning: "share of the level's features that a node may use",
        values: "above 0, at most 1",
        default: "1",
        shown: "1",
        probe: "0.5",
        ..PRINTED
    },
    ModelOption {
        names: &["max_delta_step", "max_tree_output", "max_leaf_output"],
        meaning: "largest magnitude of a leaf value before `learning_rate`",
        values: "0 or more; 0: no limit",
        default: "0",
        shown: "0",
        probe: "0.5",
        ..PRINTED
    },
    ModelOption {
        names: &[
            "monotone_constraints",
            "monotone_constraint",
            "monotonic_cst",
            "mc",
        ],
        meaning: "direction in which predictions may change with a feature; not for `mae` and `quantile`",
        values: "`{feature: -1, 0 or 1}`, or a list with one for each feature",
        default: "{}",
        shown: "none",
        probe: "{\"a\": 1}",
        ..PRINTED
    },
    ModelOption {
        names: &["interaction_constraints", "interaction_cst"],
        meaning: "sets of features that may be used together on a path of a tree",
        values: "`[[feature, ...], ...]`",
        default: "[]",
        shown: "none",
        probe: "[[\"a\"]]",
        ..PRINTED
    },
    ModelOption {
        names: &["sampling"],
        meaning: "rows that grow a tree; also `--sampling`",
        values: "`exact`, `auto`, `mvs[:ROWS]`, `goss[:TOP,OTHER]`, `uniform[:SHARE]`",
        probe: "\"mvs:1000\"",
        ..PRINTED
    },
    ModelOption {
        names: &["subsample", "bagging_fraction", "sub_row", "bagging"],
        meaning: "share of the rows that grow a tree; 1 means `exact`",
        values: "above 0, at most 1",
        shown: "none",
        probe: "0.5",
        ..PRINTED
    },
    ModelOption {
        names: &["sampling_method", "data_sample_strategy"],
        meaning: "method of `subsample`; `gradient_based` means `mvs`",
        values: "`uniform` (`bagging`), `gradient_based`, `goss`",
        shown: "`uniform`",
        probe: "\"goss\"",
        ..PRINTED
    },
    ModelOption {
        names: &["top_rate"],
        meaning: "share of the rows that `goss` keeps for their large gradients",
        values: "0 or more",
        default: "0.2",
        shown: "0.2",
        probe: "0.3",
        with: "\"data_sample_strategy\": \"goss\"",
    },
    ModelOption {
        names: &["other_rate"],
        meaning: "share of the rows that `goss` draws at random",
        values: "0 or more",
        default: "0.1",
        shown: "0.1",
        probe: "0.3",
        with: "\"data_sample_strategy\": \"goss\"",
    },
    ModelOption {
        names: &["sample_keep", "bagging_freq", "subsample_freq"],
        meaning: "number of rounds that use the same sample; 1 where `subsample` or `goss` is given",
        values: "1 to 1000; 0 is taken as 1",
        default: "1",
        shown: "1",
        probe: "3",
        ..PRINTED
    },
    ModelOption {
        names: &[
            "early_stopping_rounds",
            "early_stopping_round",
            "early_stopping",
            "n_iter_no_change",
        ],
        meaning: "rounds without a better value on the valid split before training stops",
        values: "1 or more; 0 or -1: off",
        probe: "5",
        ..PRINTED
    },
    ModelOption {
        names: &["early_stopping_metric"],
        meaning: "metric that early stopping watches",
        values: "`loss` or a metric of `eval_metric`",
        shown: "the last of `eval_metric`, else the loss",
        probe: "\"auc\"",
        ..PRINTED
    },
    ModelOption {
        names: &["eval_metric", "metric", "metrics", "eval_metrics"],
        meaning: "metrics after each round, for `learning_curve`",
        values: "one or a list of `logloss`, `error`, `auc`, `aucpr`, `mlogloss`, `merror`, `rmse`, `mse`, `mae`, `quantile`, `poisson`",
        default: "[]",
        shown: "none",
        probe: "[\"auc\"]",
        ..PRINTED
    },
    ModelOption {
        names: &["scale_pos_weight"],
        meaning: "factor on the weights of positive rows (two classes)",
        values: "above 0",
        default: "1",
        shown: "1",
        probe: "2",
        ..PRINTED
    },
    CLASS_WEIGHT,
    ModelOption {
        names: &["objective", "objective_type", "application", "app", "loss"],
        meaning: "loss; by default that of `--task`",
        values: "`binary`, `multiclass`, `regression`, `mae`, `quantile`, `poisson`, and the libraries' names for them",
        shown: "of `--task`",
        probe: "\"mae\"",
        ..PRINTED
    },
    ModelOption {
        names: &["quantile_alpha", "quantile"],
        meaning: "quantile of the objective `quantile`; needed there, but for `lightgbm` 0.9; also `alpha`, but not for `xgboost`",
        values: "above 0, below 1",
        shown: "none",
        probe: "0.25",
        with: "\"objective\": \"quantile\"",
        ..PRINTED
    },
    ModelOption {
        names: &["poisson_max_delta_step"],
        meaning: "added to the margin of the hessians of the objective `poisson`",
        values: "0 or more",
        default: "0.7",
        shown: "0.7",
        probe: "0.5",
        with: "\"objective\": \"poisson\"",
    },
    SEED,
];

const LINEAR: &[ModelOption] = &[
    ModelOption {
        names: &["l2", "alpha", "reg_lambda", "lambda_l2", "lambda"],
        meaning: "L2 penalty beside the *mean* loss, on standardised coefficients",
        values: "0 or more",
        shown: "from `C`",
        probe: "0.5",
        ..PRINTED
    },
    ModelOption {
        names: &["l1", "reg_alpha", "lambda_l1"],
        meaning: "L1 penalty beside the *mean* loss; sets coefficients to 0",
        values: "0 or more",
        shown: "from `C`",
        probe: "0.5",
        ..PRINTED
    },
    ModelOption {
        names: &["C"],
        meaning: "scikit-learn's inverse penalty, beside the *sum* of losses, in place of `l2` and `l1`",
        values: "above 0",
        shown: "none",
        probe: "2",
        ..PRINTED
    },
    ModelOption {
        names: &["l1_ratio"],
        meaning: "share of L1 in the penalty",
        values: "0 to 1",
        default: "0",
        shown: "0",
        probe: "0.5",
        ..PRINTED
    },
    ModelOption {
        names: &["penalty"],
        meaning: "kind of penalty; `elasticnet` needs `l1_ratio`",
        values: "`l2`, `l1`, `elasticnet`",
        default: "\"l2\"",
        shown: "`l2`",
        probe: "\"l1\"",
        ..PRINTED
    },
    ModelOption {
        names: &["solver"],
        meaning: "Newton passes over all rows, or averaged stochastic gradient descent in one pass",
        values: "`newton` (`newton-cholesky`, `auto`), `sgd`",
        probe: "\"sgd\"",
        ..PRINTED
    },
    ModelOption {
        names: &["step_size", "eta0"],
        meaning: "first step size of `sgd`",
        values: "above 0",
        shown: "from the curvature",
        probe: "0.5",
        with: "\"solver\": \"sgd\"",
        ..PRINTED
    },
    ModelOption {
        names: &["adaptive", "adagrad"],
        meaning: "a step size for each coefficient in `sgd` (AdaGrad)",
        values: "`true`, `false`",
        default: "false",
        shown: "false",
        probe: "true",
        with: "\"solver\": \"sgd\"",
    },
    ModelOption {
        names: &["average"],
        meaning: "accepted for `sgd`, which always averages",
        values: "`true`",
        default: "true",
        shown: "true",
        with: "\"solver\": \"sgd\"",
        ..PRINTED
    },
    ModelOption {
        names: &["max_iter", "passes", "passes_max", "epochs"],
        meaning: "largest number of passes over the data; 1 for `sgd`; more than 20 is taken as 20",
        values: "1 or more",
        probe: "3",
        ..PRINTED
    },
    ModelOption {
        names: &["tol", "tolerance"],
        meaning: "Newton passes stop when the estimated gain is below this share of the loss",
        values: "0 or more",
        probe: "0.5",
        ..PRINTED
    },
    ModelOption {
        names: &["max_categories", "categories_max"],
        meaning: "number of indicator columns of a text column",
        values: "1 to 254",
        probe: "5",
        ..PRINTED
    },
    ModelOption {
        names: &["missing_indicator", "add_indicator"],
        meaning: "an additional column for each feature with missing or infinite values",
        values: "`true`, `false`",
        probe: "true",
        ..PRINTED
    },
    CLASS_WEIGHT,
    SEED,
];

/// The model options as Markdown tables.
pub(super) fn render() -> String {
    let mut text = String::from(
        "## Options of `--model`\n\n\
         `--model` takes a name, a JSON object of options, or `@FILE.json`.\n\
         The names are `gbdt`, `xgboost`, `lightgbm` (boosted trees), and `logistic`, `log_reg`, `sgd_logistic` \
         (logistic regression).\n\
         `xgboost`, `lightgbm`, `log_reg` and `sgd_logistic` are the same two learners with the defaults of XGBoost, \
         LightGBM, and scikit-learn's `LogisticRegression` and `SGDClassifier`.\n\
         An object may name its model with the key `name`.\n\
         An option that is given under two names with different values is an error, and so is an unknown one.\n\
         An option that those libraries have and rowmill does not is refused by name.\n",
    );
    table(&mut text, "Trees", &TREE_PRESETS, TREES);
    table(&mut text, "Logistic regression", &LINEAR_PRESETS, LINEAR);
    text
}

fn table(text: &mut String, title: &str, presets: &[&str], options: &[ModelOption]) {
    let named: Vec<String> = presets.iter().map(|name| format!("`{name}`")).collect();
    let _ = write!(
        text,
        "\n### {title}\n\n| option | other names | meaning | values | default of {} |\n| --- | --- | --- | --- |{}\n",
        named.join(" | "),
        " --- |".repeat(presets.len())
    );
    for option in options {
        let (first, others) = option.names.split_first().unwrap();
        let others: Vec<String> = others.iter().map(|name| format!("`{name}`")).collect();
        let defaults: Vec<String> = presets
            .iter()
            .map(|preset| default_of(option, preset))
            .collect();
        let _ = writeln!(
            text,
            "| `{first}` | {} | {} | {} | {} |",
            others.join(", "),
            option.meaning,
            option.values,
            defaults.join(" | ")
        );
    }
}

/// The default as a run prints it, else as the row says it.
fn default_of(option: &ModelOption, preset: &str) -> String {
    let spec = spec(preset, "", "").unwrap();
    let effective = spec.effective();
    let printed = effective
        .iter()
        .find(|(name, _)| option.names.contains(name));
    printed.map_or_else(|| option.shown.to_owned(), |(_, value)| value.clone())
}

/// The learner that a preset means with these options; `None` where they are refused.
fn spec(preset: &str, with: &str, option: &str) -> Option<ModelSpec> {
    let pairs = [&format!("\"name\": \"{preset}\""), with, option];
    let pairs: Vec<&str> = pairs.into_iter().filter(|pair| !pair.is_empty()).collect();
    let text = format!("{{{}}}", pairs.join(", "));
    let choice = ModelChoice::parse(&text, 42, &Limits::DEFAULT);
    choice.ok().map(|choice| choice.spec)
}

fn tables() -> [(&'static [ModelOption], [&'static str; 3]); 2] {
    [(TREES, TREE_PRESETS), (LINEAR, LINEAR_PRESETS)]
}

#[test]
fn every_name_means_what_the_reference_says() {
    for (options, presets) in tables() {
        for option in options.iter().filter(|option| !option.probe.is_empty()) {
            let taken = |preset: &str, name: &str| {
                let pair = format!("\"{name}\": {}", option.probe);
                spec(preset, option.with, &pair)
            };
            let mut is_effective = false;
            for preset in presets {
                let first = taken(preset, option.names[0]);
                assert!(first.is_some(), "{preset} refuses {}", option.names[0]);
                for name in option.names {
                    assert_eq!(taken(preset, name), first, "{preset}: {name}");
                }
                is_effective |= first != spec(preset, option.with, "");
            }
            assert!(is_effective, "{} changes nothing", option.names[0]);
        }
    }
}

#[test]
fn every_default_is_the_parsers() {
    for (options, presets) in tables() {
        for option in options {
            for preset in presets {
                let printed = default_of(option, preset);
                assert!(!printed.is_empty(), "{preset}: {}", option.names[0]);
                if printed != option.shown {
                    continue;
                }
                let pair = format!("\"{}\": {}", option.names[0], option.default);
                assert_eq!(
                    spec(preset, option.with, &pair),
                    spec(preset, option.with, ""),
                    "{preset}: {pair}"
                );
            }
        }
    }
}
