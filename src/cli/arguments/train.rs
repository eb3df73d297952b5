//! Flags of `rowmill train` and `rowmill plan`.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use crate::cli::arguments::{common::PassArguments, training::CommonArguments, values};
use crate::{
    data::{Task, task_or_auto},
    learner::gbdt::Sampling,
    stats::metrics::Metric,
};

/// Text after the flags of `rowmill train --help`.
const MODEL_HELP: &str = "\
Options of --model as JSON, with their other names:

  trees (gbdt, xgboost, lightgbm)              gbdt's default, range
    n_estimators, num_iterations,              120, from 1 to 1000000
      num_boost_round, iterations
    learning_rate, eta, shrinkage_rate         0.12, above 0, at most 1
    grow_policy                                lossguide, or depthwise
    max_depth (0 or -1: unlimited)             none, from 1 to 64; depthwise: 6
    num_leaves, max_leaves                     63, from 2 to 65535; or 2^max_depth
    max_bin                                    255, from 2
    reg_lambda, lambda_l2                      1, 0 or more
    reg_alpha, lambda_l1                       0, 0 or more
    min_child_weight, min_sum_hessian_in_leaf  0.001, 0 or more
    min_child_samples, min_data_in_leaf        20, 0 or more
    min_split_gain, gamma                      0, 0 or more
    colsample_bytree, feature_fraction         1, above 0
    colsample_bylevel                          1, above 0
    colsample_bynode, feature_fraction_bynode  1, above 0
    max_delta_step                             0 (no limit)
    monotone_constraints                       {feature: -1, 0 or 1}, or a list
    interaction_constraints                    [[feature, ...], ...]
    sampling                                   auto, as --sampling
      or subsample with sampling_method        1, above 0; \"uniform\"
      or data_sample_strategy \"goss\"           top_rate 0.2, other_rate 0.1
    sample_keep, bagging_freq (rounds)         8, from 1 to 1000
    early_stopping_rounds                      0 (off); watches the valid split
    eval_metric, metric (a list, each round)   {metrics}
    early_stopping_metric                      the last of eval_metric, or the loss
    scale_pos_weight                           1, above 0
    class_weight                               \"balanced\" or {class: weight}
    objective                                  as --task; for numbers regression,
                                               mae, quantile, poisson
    quantile_alpha, alpha (of quantile)        no default, above 0 and below 1
    poisson_max_delta_step (of poisson)        0.7, 0 or more
    seed, random_state                         as --seed

  logistic regression (logistic, log_reg,      logistic's default, range
  sgd_logistic)
    l2, alpha (beside the mean loss)           0.000001, 0 or more
      or C (beside the sum of losses)          above 0
    l1 (beside the mean loss)                  0, 0 or more
      or l1_ratio, penalty (share of L1)       0, from 0 to 1
    solver                                     newton, or sgd (averaged)
    step_size, eta0 (sgd)                      from the curvature; above 0
    adaptive (sgd: a step a coefficient)       false
    max_iter (passes over the data)            10 (sgd: 1), from 1 to 20
    tol (Newton decrement / loss)              0.00001, 0 or more
    missing_indicator (a column for missing)   false
    max_categories (of a text column)          64, from 1 to 254
    class_weight, seed                         as above

xgboost, lightgbm, sgd_logistic and log_reg are the same two learners with the
defaults of XGBoost, LightGBM and scikit-learn; the run prints the differences.
An option of those libraries that rowmill does not have is an error.

Examples:
  rowmill train master/ --out-dir models/first
  rowmill train master/ eval/full_splice_performance.tsv --memory 512MiB
  rowmill train master/ --model lightgbm --task multiclass --valid-size 0.15
  rowmill train master/ --model '{\"n_estimators\": 500, \"eta\": 0.05}'
  rowmill train 'tables/*.parquet' --profile none --target price \\
      --task regression --group-col shop
  rowmill train master/ --config run.toml --seed 7
      flags on the command line take precedence over the file

A --config file has the long flags as keys:
  memory = \"512MiB\"
  exclude = [\"gc_content\", \"dup_*\"]
  model = { name = \"gbdt\", n_estimators = 500 }";

/// The help of options, with the metrics of rounds filled in.
fn model_help() -> String {
    const INDENT: usize = 47;
    const WIDTH: usize = 80;
    let mut lines = vec!["none;".to_owned()];
    let names: Vec<&str> = Metric::of_rounds().map(Metric::round_name).collect();
    for (index, name) in names.iter().enumerate() {
        let comma = if index + 1 < names.len() { "," } else { "" };
        let line = lines.last_mut().expect("there is one from the start");
        if INDENT + line.len() + 1 + name.len() + comma.len() <= WIDTH {
            line.push_str(&format!(" {name}{comma}"));
        } else {
            lines.push(format!("{name}{comma}"));
        }
    }
    let metrics = lines.join(&format!("\n{}", " ".repeat(INDENT)));
    MODEL_HELP.replace("{metrics}", &metrics)
}

/// Train a model, evaluate it on held-out groups, and compare it with a baseline.
///
/// Streams the Parquet files: trees read the feature columns twice (survey and binning) and once more to
/// verify the saved model; logistic regression also reads them in each Newton pass. Writes into --out-dir:
/// model.rowmill, metrics.json, splits.parquet, features.csv, run.json, with a baseline
/// delta_vs_baseline.csv, and with --predictions predictions.parquet. Memory stays below --memory for any
/// number of rows. A run that does not fit is refused before it starts, with the memory that would be enough.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = model_help())]
pub(in crate::cli) struct TrainArguments {
    /// A Parquet file, a directory of them (also with hive-style key=value directories), or a glob in quotes.
    #[arg(value_name = "DATASET", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) dataset: String,

    /// Baseline table of counts by group [default: full_splice_performance.tsv in or beside the dataset or in
    /// spliceai_eval/ there, if it exists; a profile may name other files].
    #[arg(value_name = "BASELINE_TSV", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) baseline: Option<PathBuf>,

    #[command(flatten)]
    pub(in crate::cli) model: ModelArguments,
    #[command(flatten)]
    pub(in crate::cli) common: CommonArguments,
    #[command(flatten)]
    pub(in crate::cli) passes: PassArguments,
}

/// The model and the kind of target.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Model")]
pub(in crate::cli) struct ModelArguments {
    /// Model: gbdt, logistic, xgboost, lightgbm, sgd_logistic, log_reg, a JSON object of options, or
    /// @FILE.json.
    ///
    /// A JSON object may name its model with the key `name`; without it the model is gbdt. The options are
    /// listed at the end of this help.
    #[arg(long, value_name = "MODEL", default_value = "gbdt")]
    pub(in crate::cli) model: String,

    /// Sampling of the training rows for each tree: exact, auto, mvs, mvs:ROWS, goss, goss:TOP,OTHER, uniform
    /// or uniform:SHARE [default: the model's; for gbdt auto].
    ///
    /// `exact` uses every training row, from scratch files. The others grow trees in memory from a sample, with
    /// at most one pass over the rows per tree. `mvs` (minimal-variance sampling) prefers rows with large
    /// derivatives, `goss` keeps the rows with the largest gradients, `uniform` draws all rows with equal
    /// probability. `auto` means mvs if there are at least twice as many training rows as a sample has, else
    /// exact. A number above 1 is a number of rows, any other number a share of the training rows.
    #[arg(long, value_name = "SAMPLING", value_parser = values::sampling)]
    pub(in crate::cli) sampling: Option<Sampling>,

    /// Order in which the nodes of a tree are split [default: the model's; for gbdt lossguide].
    #[arg(long, value_enum)]
    pub(in crate::cli) grow_policy: Option<GrowPolicy>,

    /// Kind of target.
    ///
    /// `auto` is the profile's task for the profile's target (binary for splice), and otherwise derived from
    /// the target's values.
    #[arg(long, value_name = "TASK", value_parser = values::task(), default_value = task_or_auto::AUTO)]
    pub(in crate::cli) task: std::option::Option<Task>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum GrowPolicy {
    /// All nodes of a level, XGBoost's default
    Depthwise,
    /// The leaf with the largest gain, LightGBM's method
    Lossguide,
}

impl GrowPolicy {
    /// The value of the model option `grow_policy`.
    pub(in crate::cli) fn name(self) -> &'static str {
        match self {
            Self::Depthwise => "depthwise",
            Self::Lossguide => "lossguide",
        }
    }
}
