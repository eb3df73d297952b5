//! Flags of `rowmill prune`, and those about pruning that a training has too.

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

/// What stands under `rowmill prune --help`.
const EXAMPLES: &str = "\
Examples:
  rowmill prune master/ --out trimmed/
      a file for each of the input's, without the columns that add nothing
  rowmill prune master/ --out dataset_trimmed.parquet --corr-thr 0.95
  rowmill prune table.parquet --profile none --target price --out small.parquet \\
      --exact-correlation --corr-report 0.8
      compare every pair on all rows, and list those of |r| 0.8 or more";

/// Leave out columns that add nothing: constant, repeated, or told by another one.
///
/// Looks at all rows. Columns with one value in all rows go; of two columns whose correlation reaches
/// --corr-thr one goes, and features.csv names the kept one beside it. What is kept is copied
/// as it is encoded, without being decoded: rows, values, types and nulls stay what they were. The
/// target, the group column, metadata and columns that are not features are kept.
///
/// Unless --exact-correlation is given, a sample of the rows says which pairs could reach the
/// threshold, and only those are compared on all rows.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(in crate::cli) struct PruneArguments {
    /// A Parquet file, a directory of them, or a glob in quotes.
    #[arg(value_name = "DATASET", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) dataset: String,

    /// Where the trimmed data go: one file if the name ends in .parquet, else a directory with a file
    /// for each of the input's. features.csv goes beside the file, or into the directory.
    #[arg(long, short, value_name = "FILE_OR_DIR", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) out: PathBuf,

    /// Replace the file of an earlier run.
    #[arg(long)]
    pub(in crate::cli) overwrite: bool,

    /// Columns to leave out unseen, separated by commas; names or patterns as --exclude has them.
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

/// Which features are left out for what the data say of them.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Pruning")]
pub(in crate::cli) struct PruneInTraining {
    /// Leave out features that add nothing in the training rows: constant, repeated, or told by another one.
    ///
    /// features.csv says which and why. The data without them are copied to dataset_trimmed.parquet in
    /// --out-dir, or, where files store a column in different ways, to the directory dataset_trimmed with a
    /// file for each; see `rowmill prune --help`.
    #[arg(long)]
    pub(in crate::cli) prune_features: bool,

    #[command(flatten)]
    pub(in crate::cli) pruning: PruningArguments,

    /// Do not write dataset_trimmed.
    #[arg(long)]
    pub(in crate::cli) no_trimmed: bool,
}

/// When a column adds nothing.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Pruning")]
pub(in crate::cli) struct PruningArguments {
    /// Two columns with a correlation of this or more, of either sign, tell the same [default: 0.99].
    #[arg(long, value_name = "R", value_parser = values::number)]
    pub(in crate::cli) corr_thr: Option<f64>,

    /// Columns whose variance is this or less tell nothing; 0 is about constants [default: 0].
    #[arg(long, value_name = "VARIANCE", value_parser = values::number)]
    pub(in crate::cli) var_thr: Option<f64>,

    /// Which of two columns that tell the same is kept [default: ranked].
    #[arg(long, value_enum, value_name = "RULE")]
    pub(in crate::cli) keep: Option<Keep>,

    /// Columns that are kept whatever is found, separated by commas; names or patterns as --exclude has
    /// them. The profile's base scores are kept in any case.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub(in crate::cli) protect: Vec<String>,

    /// Write all pairs with a correlation of this or more to correlations.csv [default without a number: 0.9].
    #[arg(
        long,
        value_name = "R",
        num_args = 0..=1,
        require_equals = false,
        default_missing_value = "0.9",
        value_parser = values::number
    )]
    pub(in crate::cli) corr_report: Option<f64>,

    /// Compare every pair of columns on all rows.
    #[arg(long)]
    pub(in crate::cli) exact_correlation: bool,
}

impl PruningArguments {
    /// A flag that was given, if any was.
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

    /// As the library has it.
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

/// `--keep`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Keep {
    /// The one with fewer missing values, then the higher correlation with the target, then by name
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
