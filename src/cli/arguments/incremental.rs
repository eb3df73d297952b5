//! Flags of `rowmill incremental`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::cli::arguments::{training::CommonArguments, values};
use crate::data::{Task, task_or_auto};

/// Text after the flags of `rowmill incremental --help`.
const NOTES: &str = "\
--model takes the options listed in `rowmill train --help`, except an L1 penalty (l1, l1_ratio,
penalty), which needs several passes over all rows.

Examples:
  rowmill incremental master/ --batch-size 200_000 --out-dir models/first
      the same model as `rowmill train --model logistic`, and a learner for further data
  rowmill incremental july/ --init-model models/first --out-dir models/second
      continue with further data
  duckdb -c \"LOAD nanoarrow; COPY (FROM read_parquet('master/*.parquet', union_by_name=true))
      TO '/dev/stdout' (FORMAT arrows)\" |
      rowmill incremental - --one-pass --out-dir models/streamed
      train on the rows of a query, each read once
  rowmill incremental master/ --model gbdt --one-pass --out-dir models/trees
      train trees and read each row once
  rowmill incremental master/ --out-dir models/first --resume
      continue after a stop; the model is the same as without one";

/// Train logistic regression or trees batch by batch, and save a learner that can continue with further data.
///
/// For each batch, the learner first predicts it (progressive validation, a curve in metrics.json), then
/// updates on it, and is saved. Splits, evaluation, baseline and files are those of `rowmill train`, plus
/// learner.rowmill. After the last batch a final fit on all rows makes the same model as `rowmill train`.
/// With the solver sgd, with --one-pass and after --init-model there is no final fit: the model is that of
/// the incremental learner.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = NOTES)]
pub(in crate::cli) struct IncrementalArguments {
    /// A Parquet file, a directory of them (also with hive-style key=value directories), a glob in quotes, or
    /// `-` for an Arrow IPC stream on the standard input (with --one-pass).
    #[arg(value_name = "DATASET", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) dataset: String,

    /// Baseline table of counts by group, as for `rowmill train`.
    #[arg(value_name = "BASELINE_TSV", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) baseline: Option<PathBuf>,

    #[command(flatten)]
    pub(in crate::cli) learning: LearningArguments,
    #[command(flatten)]
    pub(in crate::cli) common: CommonArguments,
}

/// The model and its updates by batches.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Learning")]
pub(in crate::cli) struct LearningArguments {
    /// Model: logistic, sgd_logistic, log_reg, gbdt, lightgbm, xgboost, a JSON object of options, or
    /// @FILE.json [default: logistic].
    ///
    /// A JSON object may name its model with the key `name`; without it the model is logistic.
    #[arg(long, value_name = "MODEL", conflicts_with = "init_model")]
    pub(in crate::cli) model: Option<String>,

    /// Number of training rows per batch, such as 200_000.
    #[arg(long, value_name = "ROWS", default_value = "200_000", value_parser = values::batch_rows)]
    pub(in crate::cli) batch_size: usize,

    /// Read each row once, without a survey before and a final fit after; required for DATASET `-`, an Arrow
    /// IPC stream on the standard input.
    ///
    /// Implies --split hash. For logistic regression the first 32,768 training rows fix means, scales and
    /// categories; for trees the first 65,536 rows fix the bins (fewer if --memory is too small for them).
    /// Held-out rows are kept in a scratch file (for trees, the codes of all rows) and evaluated with the final
    /// model. The classes must be given by the profile, --init-model or --classes.
    #[arg(long)]
    pub(in crate::cli) one_pass: bool,

    /// Continue with the learner of an earlier run: the run's directory, its model.rowmill or its
    /// learner.rowmill.
    ///
    /// Options, features, bins, categories, task and classes are the learner's, and so are the target, group and
    /// weight columns unless flags name others. A feature that the data lack is missing. New columns and new
    /// categories are ignored. A new class is an error. Existing trees are kept, their leaf values are updated
    /// with the new rows, and new trees are added.
    #[arg(long, value_name = "MODEL", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) init_model: Option<PathBuf>,

    /// Number of boosting rounds to add to those of --init-model [default: the same number per row as before].
    #[arg(long, value_name = "N", value_parser = values::rounds)]
    pub(in crate::cli) more_trees: Option<u32>,

    /// Expected number of rows of DATASET `-`, held-out rows included; needed for trees, which are spread over
    /// them. Fewer rows are accepted, more are an error.
    #[arg(long, value_name = "ROWS", value_parser = values::rows)]
    pub(in crate::cli) expected_rows: Option<u64>,

    /// Classes of the target, separated by commas; the data need not contain all of them
    /// [default: the profile's, else the classes in the data].
    #[arg(
        long,
        value_name = "CLASSES",
        value_delimiter = ',',
        conflicts_with = "init_model"
    )]
    pub(in crate::cli) classes: Option<Vec<String>>,

    /// Kind of target.
    #[arg(long, value_name = "TASK", value_parser = values::class_task(), default_value = task_or_auto::AUTO)]
    pub(in crate::cli) task: std::option::Option<Task>,
}
