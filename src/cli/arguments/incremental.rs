//! Flags of `rowmill incremental`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::{
    ColumnArguments,
    train::{PruneInTraining, SplitArguments, Task},
    values,
};

/// What stands under `rowmill incremental --help`.
const NOTES: &str = "\
Options of --model as JSON are those of logistic regression in `rowmill train --help`.

Examples:
  rowmill incremental master/ --batch-size 200_000 --out-dir models/first
      the model of `rowmill train --model logistic`, with a learner that goes on
  rowmill incremental july/ --init-model models/first --out-dir models/second
      go on with further data
  duckdb -c \"LOAD nanoarrow; COPY (FROM 'master/*.parquet') TO '/dev/stdout' (FORMAT arrows)\" |
      rowmill incremental - --one-pass --out-dir models/streamed
      learn from a query's rows as they come
  rowmill incremental master/ --out-dir models/first --resume
      go on after a stop, to the same bytes as without one";

/// Train logistic regression batch by batch, and keep a learner that goes on with further data.
///
/// Each batch is scored by what was learned before it (progressive validation, the curve in
/// metrics.json), then learned, and the learner is written down. Splits, evaluation, baseline and files are
/// those of `rowmill train`, with learner.rowmill beside them. At the end, exact passes make the model
/// that `train` makes, but not for the solver sgd and not after --init-model: there the model is what
/// the batches taught.
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
    pub(in crate::cli) columns: ColumnArguments,
    #[command(flatten)]
    pub(in crate::cli) prune: PruneInTraining,
    #[command(flatten)]
    pub(in crate::cli) split: SplitArguments,
    #[command(flatten)]
    pub(in crate::cli) run: BatchRunArguments,
    #[command(flatten)]
    pub(in crate::cli) resources: BatchResourceArguments,
}

/// What is learned by batches, and by what.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Learning")]
pub(in crate::cli) struct LearningArguments {
    /// logistic, sgd_logistic, log_reg, a JSON object of their options, or @FILE.json [default: logistic].
    #[arg(long, value_name = "MODEL", conflicts_with = "init_model")]
    pub(in crate::cli) model: Option<String>,

    /// Training rows of a batch, such as 200_000.
    #[arg(long, value_name = "ROWS", default_value = "200_000", value_parser = values::batch_rows)]
    pub(in crate::cli) batch_size: usize,

    /// Read each row once: no survey before, no exact passes at the end; for data that come once, and for
    /// DATASET `-`, an Arrow IPC stream on the standard input.
    ///
    /// Implies --split hash. The first 32,768 training rows fix means, scales and categories. Held-out rows
    /// wait in a scratch file and are scored by the finished learner. The classes must be known: from the
    /// profile, --init-model or --classes.
    #[arg(long)]
    pub(in crate::cli) one_pass: bool,

    /// Go on with a learner: a run of `rowmill incremental`, its model.rowmill or its learner.rowmill.
    ///
    /// Its options, features, categories and classes stay. A feature that the data lack counts as missing,
    /// a new one is left out, and so is a new category; a new class is an error.
    #[arg(long, value_name = "MODEL", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) init_model: Option<PathBuf>,

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
    #[arg(long, value_enum, default_value = "auto")]
    pub(in crate::cli) task: Task,
}

/// Where the run's files go.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Run")]
pub(in crate::cli) struct BatchRunArguments {
    /// Where the model, the learner and the reports go.
    #[arg(long, short, value_name = "DIR", default_value = "rowmill-run", value_hint = ValueHint::DirPath)]
    pub(in crate::cli) out_dir: PathBuf,

    /// Replace a finished or an unfinished run in --out-dir.
    #[arg(long)]
    pub(in crate::cli) overwrite: bool,

    /// Go on with the batches of the run in --out-dir, to the same files as without a stop.
    ///
    /// Give the same data and options as before; threads and memory may differ. Without a learner there the
    /// run starts from the beginning.
    #[arg(long, conflicts_with = "overwrite")]
    pub(in crate::cli) resume: bool,

    /// Seconds between writing the learner; 0 for after every batch, but at most a twentieth of the time.
    #[arg(long, value_name = "N", default_value = "0", value_parser = values::seconds)]
    pub(in crate::cli) checkpoint_seconds: u64,

    /// A TOML file with long flags as keys; the command line wins over it.
    #[arg(long, value_name = "FILE.toml", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) config: Option<PathBuf>,

    /// Do not open the saved model again to check it on the test rows.
    #[arg(long)]
    pub(in crate::cli) no_verify: bool,
}

/// What the run may use.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Resources")]
pub(in crate::cli) struct BatchResourceArguments {
    /// Memory limit, such as 512MiB or 2GB.
    #[arg(long, value_name = "SIZE", default_value = "1GiB", value_parser = values::memory)]
    pub(in crate::cli) memory: u64,

    /// Threads; changes no bit of the model [default: all processors].
    #[arg(long, short = 'j', value_name = "N", value_parser = values::threads)]
    pub(in crate::cli) threads: Option<usize>,

    /// Where scratch files go [default: --out-dir].
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(in crate::cli) scratch_dir: Option<PathBuf>,

    /// Allow a scratch directory that lies in memory (tmpfs).
    #[arg(long)]
    pub(in crate::cli) allow_tmpfs: bool,
}
