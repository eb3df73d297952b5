//! Options of boosted trees under the names that XGBoost, LightGBM and scikit-learn use.

use crate::learner::spec::{
    constraints, metrics, not_offered, objective,
    preset::Preset,
    reader::{OptionReader, Range},
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
    read_feature_shares(reader, &mut options)?;
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
    reader.finish(preset.name(), not_offered::TREES)?;
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
        // The depth is what bounds trees that grow level by level.
        None => BoosterOptions::depth_wise().max_depth,
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
    read_bins(reader, options)
}

fn read_bins(reader: &mut OptionReader, options: &mut BoosterOptions) -> Result<()> {
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

/// Penalties, and least sizes of children.
fn read_penalties(reader: &mut OptionReader, options: &mut BoosterOptions) -> Result<()> {
    let reals: [(&[&'static str], Range, &mut f64); 5] = [
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

/// Shares of the features.
fn read_feature_shares(reader: &mut OptionReader, options: &mut BoosterOptions) -> Result<()> {
    let shares: [(&[&'static str], &mut f64); 3] = [
        (
            &[
                "colsample_bytree",
                "feature_fraction",
                "sub_feature",
                "colsample",
            ],
            &mut options.colsample_bytree,
        ),
        (&["colsample_bylevel"], &mut options.colsample_bylevel),
        (
            &["colsample_bynode", "feature_fraction_bynode"],
            &mut options.colsample_bynode,
        ),
    ];
    for (names, option) in shares {
        if let Some(share) = reader.real(names, Range::Fraction)? {
            *option = share;
        }
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
    let class_weight = options.class_weight.text();
    list.extend(class_weight.map(|text| ("class_weight", text)));
    list.push(("seed", options.seed.to_string()));
    list
}
