//! Flags of `rowmill incremental`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::cli::arguments::{common::CommonArguments, values};
use crate::data::{Task, task_or_auto};

/// What stands under `rowmill incremental --help`.
const NOTES: &str = "\
Options of --model as JSON are those in `rowmill train --help`, without an L1 penalty (l1, l1_ratio,
penalty), which needs passes over all rows.

Examples:
  rowmill incremental master/ --batch-size 200_000 --out-dir models/first
      the model of `rowmill train --model logistic`, with a learner that goes on
  rowmill incremental july/ --init-model models/first --out-dir models/second
      go on with further data
  duckdb -c \"LOAD nanoarrow; COPY (FROM read_parquet('master/*.parquet', union_by_name=true))
      TO '/dev/stdout' (FORMAT arrows)\" |
      rowmill incremental - --one-pass --out-dir models/streamed
      learn from a query's rows as they come
  rowmill incremental master/ --model gbdt --one-pass --out-dir models/trees
      trees from one read of the data
  rowmill incremental master/ --out-dir models/first --resume
      go on after a stop, to the same bytes as without one";

/// Train logistic regression or trees batch by batch, and keep a learner that goes on with further data.
///
/// Each batch is scored by what was learned before it (progressive validation, the curve in
/// metrics.json), then learned, and the learner is written down. Splits, evaluation, baseline and files are
/// those of `rowmill train`, with learner.rowmill beside them. At the end, passes over all rows make the
/// model that `train` makes, but not for the solver sgd, not with --one-pass and not after --init-model:
/// there the model is what the batches taught.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = NOTES)]
pub(in crate::cli) struct IncrementalArguments {
    /// A Parquet file, a directory of them (also hive-style key=value directories), a glob in quotes, or `-`
    /// for an Arrow IPC stream on the standard input (with --one-pass).
    #[arg(value_name = "DATASET", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) dataset: String,

    /// The baseline's table of counts by group, as for `rowmill train`.
    #[arg(value_name = "BASELINE_TSV", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) baseline: Option<PathBuf>,

    #[command(flatten)]
    pub(in crate::cli) learning: LearningArguments,
    #[command(flatten)]
    pub(in crate::cli) common: CommonArguments,
}

/// What is learned by batches, and by what.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Learning")]
pub(in crate::cli) struct LearningArguments {
    /// logistic, sgd_logistic, log_reg, gbdt, lightgbm, xgboost, a JSON object of their options (of logistic
    /// unless it has a name), or @FILE.json [default: logistic].
    #[arg(long, value_name = "MODEL", conflicts_with = "init_model")]
    pub(in crate::cli) model: Option<String>,

    /// Training rows of a batch, such as 200_000.
    #[arg(long, value_name = "ROWS", default_value = "200_000", value_parser = values::batch_rows)]
    pub(in crate::cli) batch_size: usize,

    /// Read each row once: no survey before, no exact passes at the end; for data that come once, and for
    /// DATASET `-`, an Arrow IPC stream on the standard input.
    ///
    /// Implies --split hash. The first 32,768 training rows fix means, scales and categories; of trees, the
    /// first 65,536 fix the bins (fewer, where --memory has no room for them). Held-out rows wait in a scratch
    /// file and are scored by the finished learner; of trees, the codes of all rows lie there. The classes
    /// must be known: from the profile, --init-model or --classes.
    #[arg(long)]
    pub(in crate::cli) one_pass: bool,

    /// Go on with a learner: a run of `rowmill incremental`, its model.rowmill or its learner.rowmill.
    ///
    /// Its options, features, bins, categories, task and classes stay, and its target, group and weight column
    /// where no flag names others. A feature that the data lack counts as missing, a new one is left out, and so
    /// is a new category; a new class is an error. A learner of trees keeps its trees, lets their values follow
    /// the new rows, and grows further ones.
    #[arg(long, value_name = "MODEL", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) init_model: Option<PathBuf>,

    /// Rounds of trees that are grown in addition to those of --init-model [default: as many to a row as
    /// before].
    #[arg(long, value_name = "N", value_parser = values::rounds)]
    pub(in crate::cli) more_trees: Option<u32>,

    /// Rows that DATASET `-` is expected to have, held-out ones among them: trees are spread over them.
    /// Fewer are fine, more are an error.
    #[arg(long, value_name = "ROWS", value_parser = values::rows)]
    pub(in crate::cli) expected_rows: Option<u64>,

    /// The classes of the target, separated by commas, whether or not the data have them all yet
    /// [default: the profile's, else those that the data have].
    #[arg(
        long,
        value_name = "CLASSES",
        value_delimiter = ',',
        conflicts_with = "init_model"
    )]
    pub(in crate::cli) classes: Option<Vec<String>>,

    /// What kind of target is learned.
    #[arg(long, value_name = "TASK", value_parser = values::class_task(), default_value = task_or_auto::AUTO)]
    pub(in crate::cli) task: std::option::Option<Task>,
}
