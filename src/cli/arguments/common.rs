//! Flags that `rowmill train` and `rowmill incremental` share, and some that `rowmill prune` has too.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use crate::cli::arguments::{ColumnArguments, prune::PruneInTraining, values};
use crate::run::options::train::SplitRule;

/// What every command that trains can be told besides its data and its learner.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct CommonArguments {
    #[command(flatten)]
    pub(in crate::cli) columns: ColumnArguments,
    #[command(flatten)]
    pub(in crate::cli) prune: PruneInTraining,
    #[command(flatten)]
    pub(in crate::cli) split: SplitArguments,
    #[command(flatten)]
    pub(in crate::cli) run: RunArguments,
    #[command(flatten)]
    pub(in crate::cli) resources: ResourceArguments,
}

/// Which rows are held out.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Split")]
pub(in crate::cli) struct SplitArguments {
    /// Share of the rows held out for the test.
    #[arg(long, value_name = "SHARE", default_value = "0.2", value_parser = values::share, conflicts_with = "split_col")]
    pub(in crate::cli) test_size: f64,

    /// Share of the rows held out for early stopping.
    #[arg(long, value_name = "SHARE", default_value = "0.1", value_parser = values::share, conflicts_with = "val_dir")]
    pub(in crate::cli) valid_size: f64,

    /// Another dataset (a file, a directory or a glob), whose labelled rows are the valid split; the rows of
    /// DATASET are then for training and test.
    ///
    /// Columns go together as those of one dataset's files do: a feature that it lacks is missing. A group that is
    /// in both is refused. --split-col says the splits of DATASET alone, and what it calls valid stays valid.
    #[arg(long, value_name = "DATASET", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) val_dir: Option<String>,

    /// How groups go to splits [default: balanced; with --one-pass hash].
    #[arg(long, value_enum, conflicts_with = "split_col")]
    pub(in crate::cli) split: Option<Rule>,

    /// Seed of every random choice.
    #[arg(long, value_name = "N", default_value = "42", value_parser = values::seed)]
    pub(in crate::cli) seed: u64,
}

impl SplitArguments {
    /// The share of DATASET's rows that is held out for early stopping.
    pub(in crate::cli) fn valid_share(&self) -> f64 {
        match self.val_dir {
            Some(_) => 0.0,
            None => self.valid_size,
        }
    }
}

/// Where the run's files go.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Run")]
pub(in crate::cli) struct RunArguments {
    /// Where the model, the reports and all other files of the run go.
    #[arg(long, short, value_name = "DIR", default_value = "rowmill-run", value_hint = ValueHint::DirPath)]
    pub(in crate::cli) out_dir: PathBuf,

    /// Replace a finished or an unfinished run in --out-dir.
    #[arg(long)]
    pub(in crate::cli) overwrite: bool,

    /// Go on with the trees or the batches of the run in --out-dir, to the same model as without a stop.
    ///
    /// Give the same data and options as before; threads and memory may differ, and for `rowmill train`
    /// n_estimators and early_stopping_rounds may grow. Where nothing was written down, the run starts from the
    /// beginning.
    #[arg(long, conflicts_with = "overwrite")]
    pub(in crate::cli) resume: bool,

    /// Seconds between writing down what was learned; 0 for after every round of trees or every batch
    /// [default: 10 for `rowmill train`, 0 for `rowmill incremental`].
    ///
    /// Writing takes at most a twentieth of the time, except after every round of trees.
    #[arg(long, value_name = "N", value_parser = values::seconds)]
    pub(in crate::cli) checkpoint_seconds: Option<u64>,

    /// A TOML file with long flags as keys; the command line wins over it.
    #[arg(long, value_name = "FILE.toml", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) config: Option<PathBuf>,

    /// Do not open the saved model again to check it on the test rows.
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

/// What the run may use.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Resources")]
pub(in crate::cli) struct ResourceArguments {
    /// Memory limit, such as 512MiB or 2GB; a contract, see `rowmill plan`.
    #[arg(long, value_name = "SIZE", default_value = "1GiB", value_parser = values::memory)]
    pub(in crate::cli) memory: u64,

    /// Threads; changes no bit of the model [default: all processors].
    #[arg(long, short = 'j', value_name = "N", value_parser = values::threads)]
    pub(in crate::cli) threads: Option<usize>,

    /// Where scratch files go; for trees about a byte a feature and row [default: --out-dir].
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(in crate::cli) scratch_dir: Option<PathBuf>,

    /// Allow a scratch directory that lies in memory (tmpfs).
    #[arg(long)]
    pub(in crate::cli) allow_tmpfs: bool,
}

/// How passes over the data are made, where there are more than one.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Resources")]
pub(in crate::cli) struct PassArguments {
    /// Most rows of a batch, such as 200_000; bounds memory and changes no result.
    #[arg(long, value_name = "ROWS", default_value = "65_536", value_parser = values::batch_rows)]
    pub(in crate::cli) batch_size: usize,

    /// Leave the codes at the end: a run on the same data with the same --scratch-dir reads no Parquet.
    #[arg(long)]
    pub(in crate::cli) keep_scratch: bool,
}

/// `--split`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Rule {
    /// Groups go to the split that is furthest below its share of rows and classes
    Balanced,
    /// A threshold on the group's hash: a group never moves when data grow
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
