//! Flags of `rowmill train` and `rowmill incremental`, some of them also of `rowmill prune`.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use crate::cli::arguments::values;
use crate::pipeline::options::{SplitOptions, SplitRule};
use crate::run::options::OutputOptions;

/// Assignment of rows to the splits.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Split")]
pub(in crate::cli) struct SplitArguments {
    /// Share of the rows in the test split.
    #[arg(long, value_name = "SHARE", default_value_t = SplitOptions::default().test_size, value_parser = values::share, conflicts_with = "split_col")]
    pub(in crate::cli) test_size: f64,

    /// Share of the rows in the valid split, which early stopping uses.
    #[arg(long, value_name = "SHARE", default_value_t = SplitOptions::default().valid_size, value_parser = values::share, conflicts_with = "val_dir")]
    pub(in crate::cli) valid_size: f64,

    /// Validation dataset (a file, a directory or a glob): its labelled rows become the valid split, and the
    /// rows of DATASET are used for training and test.
    ///
    /// Columns are matched by name; a feature that the validation dataset lacks is missing there. It is an error
    /// if a group has rows in both datasets. --split-col applies to DATASET only; its valid rows stay valid.
    #[arg(long, value_name = "DATASET", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) val_dir: Option<String>,

    /// Method that assigns groups to splits [default: balanced; with --one-pass hash].
    #[arg(long, value_enum, conflicts_with = "split_col")]
    pub(in crate::cli) split: Option<Rule>,

    /// Seed of every random choice.
    #[arg(long, value_name = "N", default_value_t = SplitOptions::default().seed, value_parser = values::seed)]
    pub(in crate::cli) seed: u64,
}

impl SplitArguments {
    /// Share of DATASET's rows in the valid split: none beside --val-dir.
    pub(in crate::cli) fn valid_share(&self) -> f64 {
        match self.val_dir {
            Some(_) => 0.0,
            None => self.valid_size,
        }
    }
}

/// Files of the run.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Run")]
pub(in crate::cli) struct RunArguments {
    /// Directory for the model, the reports and all other files of the run.
    #[arg(long, short, value_name = "DIR", default_value_os_t = OutputOptions::default().out_dir, value_hint = ValueHint::DirPath)]
    pub(in crate::cli) out_dir: PathBuf,

    /// Replace a finished or an unfinished run in --out-dir.
    #[arg(long)]
    pub(in crate::cli) overwrite: bool,

    /// Continue the run in --out-dir from its last checkpoint; the model is the same as without a stop.
    ///
    /// Give the same data and options as before. Threads and memory may differ, and `rowmill train` accepts
    /// a larger n_estimators or early_stopping_rounds. Without a checkpoint the run starts from the beginning.
    #[arg(long, conflicts_with = "overwrite")]
    pub(in crate::cli) resume: bool,

    /// Seconds between checkpoints; 0 writes one after every round of trees or every batch
    /// [default: 10 for `rowmill train`, 0 for `rowmill incremental`].
    ///
    /// Writing checkpoints takes at most a twentieth of the time, except in `rowmill train` with 0.
    #[arg(long, value_name = "N", value_parser = values::seconds)]
    pub(in crate::cli) checkpoint_seconds: Option<u64>,

    /// TOML file with the long flags as keys; flags on the command line take precedence.
    #[arg(long, value_name = "FILE.toml", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) config: Option<PathBuf>,

    /// Skip the check that the saved model, opened again, has the same test metrics.
    #[arg(long)]
    pub(in crate::cli) no_verify: bool,

    /// Write the valid and test rows with their predictions to predictions.parquet.
    ///
    /// Its columns: row, group, split, label, weight, and probability (two classes), probability_CLASS (a
    /// column a class, of more classes) or prediction (regression). The saved model makes them in a pass over
    /// the data, the same that checks it; a dataset `-` can be read only once and is refused.
    #[arg(long)]
    pub(in crate::cli) predictions: bool,
}

/// Limits on memory and threads, and the place of scratch files.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Resources")]
pub(in crate::cli) struct ResourceArguments {
    /// Memory limit, such as 512MiB or 2GB; `rowmill plan` prints how it is used.
    #[arg(long, value_name = "SIZE", default_value = "1GiB", value_parser = values::memory)]
    pub(in crate::cli) memory: u64,

    /// Number of threads; does not change the model [default: all processors].
    #[arg(long, short = 'j', value_name = "N", value_parser = values::threads)]
    pub(in crate::cli) threads: Option<usize>,

    /// Directory for scratch files; trees need about one byte per feature and row [default: --out-dir].
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(in crate::cli) scratch_dir: Option<PathBuf>,

    /// Allow a scratch directory on a file system in memory (tmpfs).
    #[arg(long)]
    pub(in crate::cli) allow_tmpfs: bool,
}

/// Flags of commands that read the data more than once.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Resources")]
pub(in crate::cli) struct PassArguments {
    /// Maximum number of rows per batch, such as 200_000; bounds memory and does not change results.
    #[arg(long, value_name = "ROWS", default_value = "65_536", value_parser = values::batch_rows)]
    pub(in crate::cli) batch_size: usize,

    /// Keep the binned data (codes) after the run: the next run on the same data with the same --scratch-dir
    /// reuses them instead of binning again.
    #[arg(long)]
    pub(in crate::cli) keep_scratch: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Rule {
    /// Assign each group to the split that is furthest below its share of rows and classes
    Balanced,
    /// Assign each group by its hash; a group keeps its split when data are added
    Hash,
}

impl From<Rule> for SplitRule {
    fn from(rule: Rule) -> Self {
        match rule {
            Rule::Balanced => Self::Balanced,
            Rule::Hash => Self::Hash,
        }
    }
}
