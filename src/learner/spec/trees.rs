//! Options of boosted trees under the names that XGBoost, LightGBM and scikit-learn use.

use crate::learner::spec::{
    Preset, constraints,
    linear::class_weight_text,
    metrics, objective,
    reader::{OptionReader, Range, Refused},
    sampling,
};
use crate::{
    data::Task,
    error::{Error, Result},
    learner::{
        ClassWeight,
        gbdt::{BoosterOptions, Growth, Loss},
    },
    limits::Limits,
    text::nearest,
};

/// The most bins of a feature: a byte less the code for missing values.
const BINS_MAX: i64 = 255;

const ON_THE_COMMAND_LINE: &str = "give --threads, --quiet or --log-json on the command line";

/// What is known and not offered. A neutral value passes.
const REFUSED: &[Refused] = &[
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

fn defaults(preset: Preset) -> BoosterOptions {
    match preset {
        Preset::Xgboost => BoosterOptions::xgboost(),
        Preset::Lightgbm => BoosterOptions::lightgbm(),
        _ => BoosterOptions::default(),
    }
}

/// Reads the options of trees.
pub(super) fn read(
    reader: &mut OptionReader,
    preset: Preset,
    seed: u64,
    limits: &Limits,
) -> Result<(BoosterOptions, Option<Task>)> {
    let mut options = defaults(preset);
    options.seed = reader.seed()?.unwrap_or(seed);
    // Before the penalties: `alpha` may be the quantile.
    let (task, loss) = objective::read(reader, preset)?;
    options.objective = loss;
    read_shape(reader, &mut options, preset, limits)?;
    read_penalties(reader, &mut options)?;
    options.constraints = constraints::read(reader)?;
    let renews_leaves = matches!(loss, Some(Loss::AbsoluteError | Loss::Quantile { .. }));
    let is_directed = |(_, direction): &(_, i8)| *direction != 0;
    if renews_leaves && options.constraints.monotone.iter().any(is_directed) {
        return Err(Error::Usage(
            "--model: `monotone_constraints` cannot bind leaves that are medians or quantiles; \
             leave them out, or use reg:squarederror"
                .to_owned(),
        ));
    }
    sampling::read(reader, preset, &mut options)?;
    let rounds = &[
        "early_stopping_rounds",
        "early_stopping_round",
        "early_stopping",
        "n_iter_no_change",
    ];
    if let Some(rounds) = reader.limit(rounds, limits.trees_max as i64)? {
        options.early_stopping_rounds = rounds.map(|rounds| rounds as u32);
    }
    (options.eval_metric, options.early_stopping_metric) = metrics::read(reader)?;
    if let Some(weight) = reader.real(&["scale_pos_weight"], Range::Positive)? {
        options.scale_pos_weight = weight;
    }
    options.class_weight = reader.class_weight()?;
    if options.class_weight != ClassWeight::Equal && options.scale_pos_weight != 1.0 {
        return Err(Error::Usage(
            "--model: `scale_pos_weight` and `class_weight` both weigh the positive class; give one of them"
                .to_owned(),
        ));
    }
    reader.finish(preset.name(), REFUSED)?;
    add_notes(reader, preset);
    Ok((options, task))
}

/// Number, depth and leaves of trees, bins, step.
fn read_shape(
    reader: &mut OptionReader,
    options: &mut BoosterOptions,
    preset: Preset,
    limits: &Limits,
) -> Result<()> {
    let trees = &[
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
    ];
    if let Some(trees) = reader.integer(trees, 1..=limits.trees_max as i64)? {
        options.n_estimators = trees as u32;
    }
    let step = &["learning_rate", "eta", "shrinkage_rate", "shrinkage"];
    if let Some(shrinkage) = reader.real(step, Range::Fraction)? {
        options.learning_rate = shrinkage;
    }
    if let Some(growth) = read_growth(reader)? {
        options.grow_policy = growth;
    }
    let depth = reader.limit(&["max_depth", "depth"], limits.depth_max as i64)?;
    // XGBoost's depth of 6 stands for `lossguide` too.
    let unlimited = options.grow_policy == Growth::LeafWise && preset != Preset::Xgboost;
    options.max_depth = match depth {
        Some(Some(depth)) => depth as u32,
        Some(None) => limits.depth_max as u32,
        None if unlimited => limits.depth_max as u32,
        None => options.max_depth,
    };
    let leaves = reader.limit(
        &[
            "num_leaves",
            "max_leaves",
            "max_leaf",
            "max_leaf_nodes",
            "num_leaf",
        ],
        limits.leaves_max as i64,
    )?;
    options.num_leaves = match leaves {
        Some(Some(1)) => {
            return Err(Error::Usage(format!(
                "--model: `num_leaves` is 1; it must be an integer from 2 to {}, or 0 for no limit but the depth's",
                limits.leaves_max
            )));
        }
        Some(Some(leaves)) => leaves as u32,
        // A leaf budget of its own stands until it is changed; elsewhere the depth alone rules.
        None if preset == Preset::Lightgbm => options.num_leaves,
        None if unlimited && depth.flatten().is_none() => options.num_leaves,
        Some(None) | None => leaves_of_depth(options.max_depth, limits),
    };
    let bins = reader.integer(&["max_bin", "max_bins", "border_count"], 2..=BINS_MAX + 1)?;
    if let Some(bins) = bins {
        if bins > BINS_MAX {
            reader
                .note("max_bin 256 is taken as 255: one code of a byte is kept for missing values");
        }
        options.max_bin = bins.min(BINS_MAX) as u16;
    }
    Ok(())
}

/// The names of the ways to grow, as XGBoost has them.
const GROW_POLICIES: [(&str, Growth); 2] = [
    ("depthwise", Growth::DepthWise),
    ("lossguide", Growth::LeafWise),
];

fn read_growth(reader: &mut OptionReader) -> Result<Option<Growth>> {
    let Some(policy) = reader.text(&["grow_policy"])? else {
        return Ok(None);
    };
    let found = GROW_POLICIES.into_iter().find(|(name, _)| *name == policy);
    let Some((_, growth)) = found else {
        return Err(Error::Usage(format!(
            "--model: `grow_policy` is \"{policy}\"{}; it must be \"depthwise\" or \"lossguide\"",
            nearest::hint(&policy, GROW_POLICIES.map(|(name, _)| name))
        )));
    };
    Ok(Some(growth))
}

fn leaves_of_depth(depth_max: u32, limits: &Limits) -> u32 {
    let leaves_max = limits.leaves_max as u32;
    1u32.checked_shl(depth_max)
        .map_or(leaves_max, |leaves| leaves.min(leaves_max))
}

/// What keeps trees small, and which features they see.
fn read_penalties(reader: &mut OptionReader, options: &mut BoosterOptions) -> Result<()> {
    let reals: [(&[&'static str], Range, &mut f64); 8] = [
        (
            &[
                "reg_lambda",
                "lambda_l2",
                "lambda",
                "l2_regularization",
                "l2_leaf_reg",
            ],
            Range::NotNegative,
            &mut options.reg_lambda,
        ),
        (
            &["reg_alpha", "lambda_l1", "alpha", "l1_regularization"],
            Range::NotNegative,
            &mut options.reg_alpha,
        ),
        (
            &[
                "min_child_weight",
                "min_sum_hessian_in_leaf",
                "min_sum_hessian_per_leaf",
                "min_sum_hessian",
                "min_hessian",
            ],
            Range::NotNegative,
            &mut options.min_child_weight,
        ),
        (
            &[
                "min_split_gain",
                "gamma",
                "min_gain_to_split",
                "min_split_loss",
            ],
            Range::NotNegative,
            &mut options.min_split_gain,
        ),
        (
            &[
                "colsample_bytree",
                "feature_fraction",
                "sub_feature",
                "colsample",
            ],
            Range::Fraction,
            &mut options.colsample_bytree,
        ),
        (
            &["colsample_bylevel"],
            Range::Fraction,
            &mut options.colsample_bylevel,
        ),
        (
            &["colsample_bynode", "feature_fraction_bynode"],
            Range::Fraction,
            &mut options.colsample_bynode,
        ),
        (
            &["max_delta_step", "max_tree_output", "max_leaf_output"],
            Range::NotNegative,
            &mut options.max_delta_step,
        ),
    ];
    for (names, range, option) in reals {
        if let Some(value) = reader.real(names, range)? {
            *option = value;
        }
    }
    let rows = &[
        "min_child_samples",
        "min_data_in_leaf",
        "min_data_per_leaf",
        "min_data",
        "min_samples_leaf",
    ];
    if let Some(rows) = reader.integer(rows, 0..=i64::from(u32::MAX))? {
        // A child without rows is no child.
        options.min_child_samples = rows.max(1) as u32;
    }
    Ok(())
}

fn add_notes(reader: &mut OptionReader, preset: Preset) {
    match preset {
        Preset::Xgboost => {
            reader.note("XGBoost's defaults, but max_bin 255 for its 256 and a cut x <= c where its rule is x < c");
        }
        Preset::Lightgbm => {
            reader.note("LightGBM's defaults: leaf-wise, 31 leaves, no limit of depth");
        }
        _ => {}
    }
}

fn grow_policy(growth: Growth) -> &'static str {
    match growth {
        Growth::DepthWise => "depthwise",
        Growth::LeafWise => "lossguide",
    }
}

/// The options as they are used.
pub(super) fn effective(options: &BoosterOptions) -> Vec<(&'static str, String)> {
    let mut list = vec![
        ("n_estimators", options.n_estimators.to_string()),
        ("learning_rate", options.learning_rate.to_string()),
        ("grow_policy", grow_policy(options.grow_policy).to_owned()),
        ("max_depth", options.max_depth.to_string()),
        ("num_leaves", options.num_leaves.to_string()),
        ("max_bin", options.max_bin.to_string()),
        ("reg_lambda", options.reg_lambda.to_string()),
        ("reg_alpha", options.reg_alpha.to_string()),
        ("min_child_weight", options.min_child_weight.to_string()),
        ("min_child_samples", options.min_child_samples.to_string()),
        ("min_split_gain", options.min_split_gain.to_string()),
        ("colsample_bytree", options.colsample_bytree.to_string()),
    ];
    for (name, fraction) in [
        ("colsample_bylevel", options.colsample_bylevel),
        ("colsample_bynode", options.colsample_bynode),
    ] {
        if fraction != 1.0 {
            list.push((name, fraction.to_string()));
        }
    }
    if options.max_delta_step != 0.0 {
        list.push(("max_delta_step", options.max_delta_step.to_string()));
    }
    list.extend(constraints::effective(&options.constraints));
    list.push(("sampling", options.sampling.to_string()));
    if options.sample_keep != 1 {
        list.push(("sample_keep", options.sample_keep.to_string()));
    }
    let rounds = options.early_stopping_rounds;
    list.push((
        "early_stopping_rounds",
        rounds.map_or_else(|| "off".to_owned(), |rounds| rounds.to_string()),
    ));
    if !options.eval_metric.is_empty() {
        let names = options.eval_metric.iter().map(|metric| metric.round_name());
        list.push(("eval_metric", names.collect::<Vec<_>>().join(", ")));
    }
    if let (Some(_), Some(watched)) = (rounds, options.early_stopping_metric) {
        list.push(("early_stopping_metric", watched.round_name().to_owned()));
    }
    list.extend(objective::effective(options.regression_loss()).map(|loss| ("objective", loss)));
    if options.scale_pos_weight != 1.0 {
        list.push(("scale_pos_weight", options.scale_pos_weight.to_string()));
    }
    list.extend(class_weight_text(&options.class_weight));
    list.push(("seed", options.seed.to_string()));
    list
}
