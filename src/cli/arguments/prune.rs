//! Flags of `rowmill prune`, and the pruning flags of a training.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use crate::cli::arguments::{
    ColumnArguments,
    common::{PassArguments, ResourceArguments},
    values,
};
use crate::{
    pipeline::prune::options::Pruning,
    transform::prune::{KeepRule, PruneRules},
};

/// Text after the flags in `rowmill prune --help`.
const EXAMPLES: &str = "\
Examples:
  rowmill prune master/ --out trimmed/
      write one file per input file, without the redundant columns
  rowmill prune master/ --out dataset_trimmed.parquet --corr-thr 0.95
  rowmill prune table.parquet --profile none --target price --out small.parquet \\
      --exact-correlation --corr-report 0.8
      compare every pair on all rows, and list the pairs with |r| of at least 0.8";

/// Drop redundant columns: constant, duplicate, or highly correlated with another.
///
/// Uses all rows. Drops columns with the same value in every row, and one of two columns whose absolute
/// Pearson correlation is at least --corr-thr; features.csv names the kept column for each dropped one. The
/// remaining columns are copied without decoding, so rows, values, types and nulls do not change. The target,
/// the group column, metadata and columns that are not features are kept.
///
/// Without --exact-correlation, a sample of the rows selects the pairs that could reach the threshold, and
/// only these pairs are compared on all rows.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(in crate::cli) struct PruneArguments {
    /// A Parquet file, a directory of them, or a glob in quotes.
    #[arg(value_name = "DATASET", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) dataset: String,

    /// Output: one file if the name ends in .parquet, else a directory with one file per input file.
    /// features.csv is written beside the file, or into the directory.
    #[arg(long, short, value_name = "FILE_OR_DIR", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) out: PathBuf,

    /// Replace the output of an earlier run.
    #[arg(long)]
    pub(in crate::cli) overwrite: bool,

    /// Columns to drop without any check, separated by commas; names or patterns as for --exclude.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub(in crate::cli) drop: Vec<String>,

    #[command(flatten)]
    pub(in crate::cli) pruning: PruningArguments,
    #[command(flatten)]
    pub(in crate::cli) columns: ColumnArguments,
    #[command(flatten)]
    pub(in crate::cli) resources: ResourceArguments,
    #[command(flatten)]
    pub(in crate::cli) passes: PassArguments,
}

/// Pruning of the features of a training.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Pruning")]
pub(in crate::cli) struct PruneInTraining {
    /// Drop features that are redundant in the training rows: constant, duplicate, or highly correlated with
    /// another.
    ///
    /// features.csv lists them with the reason. The data without them are copied to dataset_trimmed.parquet in
    /// --out-dir. If the files store a column in different ways, the copy is a directory dataset_trimmed with
    /// one file per input file. See `rowmill prune --help`.
    #[arg(long)]
    pub(in crate::cli) prune_features: bool,

    #[command(flatten)]
    pub(in crate::cli) pruning: PruningArguments,

    /// Do not write the copy dataset_trimmed.
    #[arg(long)]
    pub(in crate::cli) no_trimmed: bool,
}

/// Rules of pruning.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Pruning")]
pub(in crate::cli) struct PruningArguments {
    /// Drop one of two columns whose absolute Pearson correlation is at least R [default: 0.99].
    #[arg(long, value_name = "R", value_parser = values::number)]
    pub(in crate::cli) corr_thr: Option<f64>,

    /// Drop columns whose variance is at most VARIANCE; 0 drops constants only [default: 0].
    #[arg(long, value_name = "VARIANCE", value_parser = values::number)]
    pub(in crate::cli) var_thr: Option<f64>,

    /// Rule for which of two correlated columns is kept [default: ranked].
    #[arg(long, value_enum, value_name = "RULE")]
    pub(in crate::cli) keep: Option<Keep>,

    /// Columns that are never dropped, separated by commas; names or patterns as for --exclude. The profile's
    /// base scores are never dropped either.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub(in crate::cli) protect: Vec<String>,

    /// Write all pairs with an absolute correlation of at least R to correlations.csv [R without a value: 0.9].
    #[arg(
        long,
        value_name = "R",
        num_args = 0..=1,
        require_equals = false,
        default_missing_value = "0.9",
        value_parser = values::number
    )]
    pub(in crate::cli) corr_report: Option<f64>,

    /// Compare every pair of columns on all rows, without selecting pairs by a sample.
    #[arg(long)]
    pub(in crate::cli) exact_correlation: bool,
}

impl PruningArguments {
    /// The first pruning flag on the command line, if there is one.
    pub(in crate::cli) fn given(&self) -> Option<&'static str> {
        let flags = [
            ("--corr-thr", self.corr_thr.is_some()),
            ("--var-thr", self.var_thr.is_some()),
            ("--keep", self.keep.is_some()),
            ("--protect", !self.protect.is_empty()),
            ("--corr-report", self.corr_report.is_some()),
            ("--exact-correlation", self.exact_correlation),
        ];
        let given = flags.iter().find(|(_, is_given)| *is_given);
        given.map(|(flag, _)| *flag)
    }

    /// The library's options, with defaults filled in.
    pub(in crate::cli) fn pruning(&self) -> Pruning {
        let default = PruneRules::default();
        Pruning {
            rules: PruneRules {
                correlation: self.corr_thr.unwrap_or(default.correlation),
                variance: self.var_thr.unwrap_or(default.variance),
                keep: self.keep.map_or(default.keep, KeepRule::from),
            },
            exact: self.exact_correlation,
            protect: self.protect.clone(),
            report: self.corr_report,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Keep {
    /// Fewer missing values, then higher correlation with the target, then fewer rows with the most
    /// frequent value, then the name
    Ranked,
    /// The earlier column
    First,
}

impl From<Keep> for KeepRule {
    fn from(keep: Keep) -> Self {
        match keep {
            Keep::Ranked => Self::Ranked,
            Keep::First => Self::First,
        }
    }
}
