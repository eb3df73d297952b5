//! The command line: its commands, flags and help texts.

mod columns;
mod common;
mod incremental;
mod prune;
mod scratch;
mod train;
mod training;
mod values;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueHint};
use clap_complete::Shell;

pub(super) use columns::ColumnArguments;
pub(super) use common::{ResourceArguments, Rule};
pub(super) use incremental::{IncrementalArguments, LearningArguments};
pub(super) use prune::{PruneArguments, PruneInTraining};
pub(super) use scratch::{CleanArguments, ListArguments, ScratchArguments, ScratchCommand};
pub(super) use train::{GrowPolicy, ModelArguments, TrainArguments};
pub(super) use training::CommonArguments;

/// The examples under `rowmill --help`.
const EXAMPLES: &str = "\
Examples:
  rowmill demo
      make data, train on them, and print what was made and what to try next
  rowmill inspect master/
      print files, rows, columns, and the role of each column
  rowmill train master/ --memory 512MiB --out-dir models/first
      train on a directory of Parquet files with the defaults
  rowmill train master/ --model '{\"n_estimators\": 500, \"learning_rate\": 0.05}'
  rowmill show models/first/model.rowmill
  rowmill prune master/ --out trimmed/
      drop columns that are constant, duplicate, or highly correlated with another

Exit codes: 0 success, 1 the run failed, 2 wrong usage, 130 or 143 stopped by a signal.";

/// Streaming training of tabular models on Parquet data larger than memory.
///
/// rowmill trains gradient-boosted trees and logistic regression on Parquet files of any size in a
/// fixed amount of memory. It splits by group, evaluates on held-out groups, compares with a
/// baseline, and writes one self-contained model file. The same data, options and seed give the same
/// model, byte for byte, for any number of threads.
#[derive(Debug, Parser)]
#[command(
    name = "rowmill",
    version,
    after_long_help = EXAMPLES,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 110
)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) output: OutputArguments,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Verbosity and format of the messages.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArguments {
    /// Print warnings and errors only.
    #[arg(long, short, global = true)]
    pub(super) quiet: bool,
    /// Write progress and messages to the standard error as JSON, one object per line.
    #[arg(long, global = true)]
    pub(super) log_json: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Train(TrainArguments),
    Incremental(IncrementalArguments),
    Plan(PlanArguments),
    Inspect(InspectArguments),
    Prune(PruneArguments),
    Show(ShowArguments),
    Scratch(ScratchArguments),
    Synth(SynthArguments),
    Demo(DemoArguments),
    Completions(CompletionsArguments),
    Man(ManArguments),
}

/// Print the memory plan of a training run without running it.
///
/// Takes the same flags as `rowmill train`, reads only the files' footers, and prints each step of
/// the run with the bytes that it holds and the reason. If the run does not fit into --memory or into
/// the free memory, it prints the memory that would be enough and exits with code 1.
#[derive(Debug, Args)]
pub(super) struct PlanArguments {
    #[command(flatten)]
    pub(super) train: TrainArguments,
}

/// Print files, row groups, rows, the unified schema and the role of each column.
///
/// Reads only the footers. Columns of the same kind and type share one line unless --all is given.
#[derive(Debug, Args)]
pub(super) struct InspectArguments {
    /// A Parquet file, a directory of them, or a glob in quotes.
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(super) dataset: String,
    /// Print one line for each file and each column.
    #[arg(long)]
    pub(super) all: bool,
    /// Number of reading threads for the estimate of memory [default: all processors].
    #[arg(long, value_parser = values::threads, value_name = "N")]
    pub(super) threads: Option<usize>,
    #[command(flatten)]
    pub(super) columns: ColumnArguments,
}

/// Print the task, classes, features, options and metrics of a model file.
#[derive(Debug, Args)]
pub(super) struct ShowArguments {
    /// A model file, or the directory of a run that contains model.rowmill.
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(super) model: PathBuf,
}

/// Generate splice-like Parquet data of any size, with a baseline table beside them.
///
/// The data have the difficulties of real tables: files with different columns, genes of 8 to 17,629
/// rows, 91 % of the rows without a splice site, k-mer counts stored as floats, infinite ratios,
/// nulls, repeated rows, unrelated CSV files. The same options give the same files.
#[derive(Debug, Args)]
pub(super) struct SynthArguments {
    /// Directory for the files; created if it does not exist.
    #[arg(long, short, value_name = "DIR", default_value = "rowmill-synth", value_hint = ValueHint::DirPath)]
    pub(super) out_dir: PathBuf,
    /// Number of rows over all files.
    #[arg(long, value_name = "N", default_value = "500_000", value_parser = values::count)]
    pub(super) rows: u64,
    /// Number of columns with k-mer counts.
    #[arg(long, value_name = "N", default_value = "64", value_parser = values::count)]
    pub(super) kmers: u64,
    /// Number of genes [default: one per 400 rows].
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub(super) genes: Option<u64>,
    /// Number of Parquet files.
    #[arg(long, value_name = "N", default_value = "4", value_parser = values::count)]
    pub(super) shards: u64,
    /// Give the files different columns, as in real data (true or false).
    #[arg(
        long,
        value_name = "BOOL",
        default_value = "true",
        default_missing_value = "true",
        num_args = 0..=1,
        require_equals = true,
        action = clap::ArgAction::Set
    )]
    pub(super) ragged: bool,
    /// Seed of every random choice.
    #[arg(long, value_name = "N", default_value = "42", value_parser = values::seed)]
    pub(super) seed: u64,
    /// Replace the files of an earlier run.
    #[arg(long)]
    pub(super) overwrite: bool,
    /// Number of threads; does not change the files [default: all processors].
    #[arg(long, value_parser = values::threads, value_name = "N")]
    pub(super) threads: Option<usize>,
}

/// Generate data, train on them, and print the results and what to try next.
///
/// Makes 500,000 rows and takes under a minute on two processors. All files are below --out-dir.
#[derive(Debug, Args)]
pub(super) struct DemoArguments {
    /// Directory for the data and the run.
    #[arg(long, short, value_name = "DIR", default_value = "rowmill-demo", value_hint = ValueHint::DirPath)]
    pub(super) out_dir: PathBuf,
    /// Number of rows to generate.
    #[arg(long, value_name = "N", default_value = "500_000", value_parser = values::count)]
    pub(super) rows: u64,
    /// Memory limit of the training.
    #[arg(long, value_name = "SIZE", default_value = "512MiB", value_parser = values::memory)]
    pub(super) memory: u64,
    /// Seed of every random choice.
    #[arg(long, value_name = "N", default_value = "42", value_parser = values::seed)]
    pub(super) seed: u64,
    /// Replace an earlier demo.
    #[arg(long)]
    pub(super) overwrite: bool,
    /// Number of threads [default: all processors].
    #[arg(long, value_parser = values::threads, value_name = "N")]
    pub(super) threads: Option<usize>,
}

/// Print a completion script for a shell.
///
/// For bash: `rowmill completions bash > ~/.local/share/bash-completion/completions/rowmill`
#[derive(Debug, Args)]
pub(super) struct CompletionsArguments {
    /// Shell to print the script for.
    #[arg(value_enum)]
    pub(super) shell: Shell,
}

/// Print a man page, or write all of them.
#[derive(Debug, Args)]
pub(super) struct ManArguments {
    /// Command to print the page of [default: rowmill itself].
    #[arg(conflicts_with = "out_dir")]
    pub(super) command: Option<String>,
    /// Directory to write the pages of all commands into, instead of printing one.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) out_dir: Option<PathBuf>,
}

#[cfg(test)]
mod tests;
