//! Options of other libraries that are not offered. A neutral value passes.

use crate::learner::spec::reader::Refused;

const ON_THE_COMMAND_LINE: &str = "give --threads, --quiet or --log-json on the command line";

const NEWTON: &str = "streamed Newton passes need no step size, and rows are taken in their order by both solvers; leave it out";

/// Of trees.
pub(super) const TREES: &[Refused] = &[
    Refused {
        names: &["pos_bagging_fraction", "neg_bagging_fraction"],
        neutral: &["1"],
        why: "rows are drawn alike whatever their class; use `subsample` (`bagging_fraction`)",
    },
    Refused {
        names: &["bagging_seed", "feature_fraction_seed", "data_random_seed"],
        neutral: &[],
        why: "one seed rules every random choice; use `seed`",
    },
    Refused {
        names: &["boosting", "boosting_type", "boost", "booster"],
        neutral: &["\"gbdt\"", "\"gbtree\""],
        why: "only gradient-boosted trees are grown (`gbdt`, `gbtree`); for a linear model use --model logistic",
    },
    Refused {
        names: &["tree_method"],
        neutral: &["\"hist\"", "\"auto\""],
        why: "trees are always grown from histograms (`hist`)",
    },
    Refused {
        names: &["device", "device_type"],
        neutral: &["\"cpu\""],
        why: "rowmill runs on the CPU",
    },
    Refused {
        names: &["path_smooth", "linear_lambda"],
        neutral: &["0"],
        why: "leaf values are limited by `reg_lambda`, `reg_alpha`, `max_delta_step` and `learning_rate` alone",
    },
    Refused {
        names: &["monotone_constraints_method"],
        neutral: &["\"basic\""],
        why: "monotone constraints part children in the middle of their values (`basic`)",
    },
    Refused {
        names: &["monotone_penalty"],
        neutral: &["0"],
        why: "a constrained split is not penalised; leave it out",
    },
    Refused {
        names: &["feature_types"],
        neutral: &["[]", "{}"],
        why: "text columns are categories and numbers are not; leave it out",
    },
    Refused {
        names: &["base_score", "boost_from_average", "init_score"],
        neutral: &["true"],
        why: "training starts from the average of the target; leave it out",
    },
    Refused {
        names: &["is_unbalance", "unbalance"],
        neutral: &["false"],
        why: "use `class_weight`: \"balanced\", or `scale_pos_weight`",
    },
    Refused {
        names: &[
            "num_parallel_tree",
            "num_class",
            "extra_trees",
            "linear_tree",
            "multi_strategy",
        ],
        neutral: &["1", "false", "\"one_output_per_tree\""],
        why: "each round grows one ordinary tree a class, and classes are taken from the target; leave it out",
    },
    Refused {
        names: &["first_metric_only"],
        neutral: &["false"],
        why: "early stopping watches the last metric of `eval_metric`; name another with `early_stopping_metric`",
    },
    Refused {
        names: &["quantile_alpha", "quantile"],
        neutral: &[],
        why: "it is the quantile of the objective `quantile`; give that `objective`, or leave it out",
    },
    Refused {
        names: &["poisson_max_delta_step"],
        neutral: &["0.7"],
        why: "it is an option of the objective `poisson`; give that `objective`, or leave it out",
    },
    Refused {
        names: &["enable_categorical"],
        neutral: &["true"],
        why: "text columns are always categorical features; leave them out with --exclude",
    },
    Refused {
        names: &["missing", "use_missing", "zero_as_missing"],
        neutral: &["true", "false"],
        why: "null and NaN are missing, and nothing else is",
    },
    Refused {
        names: &[
            "n_jobs",
            "nthread",
            "num_threads",
            "num_thread",
            "verbosity",
            "verbose",
            "silent",
        ],
        neutral: &[],
        why: ON_THE_COMMAND_LINE,
    },
];

/// Of logistic regression.
pub(super) const LOGISTIC: &[Refused] = &[
    Refused {
        names: &["elasticnet_alpha"],
        neutral: &["0"],
        why: "give `l1` and `l2`, or `alpha` and `l1_ratio`",
    },
    Refused {
        names: &["loss", "objective"],
        neutral: &["\"log_loss\"", "\"log\""],
        why: "the loss is the logistic loss (`log_loss`)",
    },
    Refused {
        names: &["fit_intercept"],
        neutral: &["true"],
        why: "an intercept is always fitted",
    },
    Refused {
        names: &[
            "learning_rate",
            "power_t",
            "shuffle",
            "early_stopping",
            "validation_fraction",
            "n_iter_no_change",
            "epsilon",
            "warm_start",
            "dual",
            "intercept_scaling",
            "multi_class",
        ],
        neutral: &["false"],
        why: NEWTON,
    },
    Refused {
        names: &["n_jobs", "verbose"],
        neutral: &[],
        why: ON_THE_COMMAND_LINE,
    },
];
