//! What the command line looks like: the commands, their flags and their help.

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
pub(super) use values::threads_default;

/// The examples under `rowmill --help`.
const EXAMPLES: &str = "\
Examples:
  rowmill demo
      make data, train on them, and say what was made and what to try next
  rowmill inspect master/
      files, rows, columns, and the part that each column would play
  rowmill train master/ --memory 512MiB --out-dir models/first
      train on a directory of Parquet files with the defaults
  rowmill train master/ --model '{\"n_estimators\": 500, \"learning_rate\": 0.05}'
  rowmill show models/first/model.rowmill
  rowmill prune master/ --out trimmed/
      leave out columns that are constant, repeated, or told by another one

Exit codes: 0 done, 1 the run failed, 2 wrong usage, 130 or 143 stopped by a signal.";

/// Streaming training of tabular models on Parquet data larger than memory.
///
/// rowmill trains gradient-boosted trees and logistic regression on Parquet files of any size in a
/// fixed amount of memory. It splits by group, evaluates on held-out groups, compares with a
/// baseline, and writes one self-contained model file. The same data, options and seed give the same
/// model, byte for byte, whatever the threads and the memory.
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

/// How much is said, and in which form.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArguments {
    /// Print warnings and errors only.
    #[arg(long, short, global = true)]
    pub(super) quiet: bool,
    /// Write progress and messages as JSON, one object a line, to the standard error.
    #[arg(long, global = true)]
    pub(super) log_json: bool,
}

/// The commands.
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

/// Print what a training run would hold in memory, without running it.
///
/// Takes the same flags as `rowmill train`, reads the files' footers, and prints what holds how
/// many bytes in which step and why. Exits with 1 and the figure that would do when the run does not
/// fit into --memory or into what is free.
#[derive(Debug, Args)]
pub(super) struct PlanArguments {
    #[command(flatten)]
    pub(super) train: TrainArguments,
}

/// Print files, row groups, rows, the unified schema and the part that each column would play.
///
/// Reads only the footers. Columns that look alike are folded into one line unless --all is given.
#[derive(Debug, Args)]
pub(super) struct InspectArguments {
    /// A Parquet file, a directory of them, or a glob in quotes.
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(super) dataset: String,
    /// Print every file and every column on a line of its own.
    #[arg(long)]
    pub(super) all: bool,
    #[command(flatten)]
    pub(super) columns: ColumnArguments,
    /// Threads that would read; the estimate of memory depends on them [default: all processors].
    #[arg(long, value_parser = values::threads, value_name = "N")]
    pub(super) threads: Option<usize>,
}

/// Print what a model file holds: task, classes, features, options, metrics.
#[derive(Debug, Args)]
pub(super) struct ShowArguments {
    /// A model file, or the directory of a run, whose model.rowmill is meant.
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(super) model: PathBuf,
}

/// Make splice-like Parquet data of any size, with a baseline table beside them.
///
/// The data look and hurt like real ones: ragged shards, genes of 8 to 17,629 rows, 91 % rows
/// without a site, k-mer counts stored as floats, infinite ratios, nulls, repeated rows, stray CSV
/// files. The same options give the same files.
#[derive(Debug, Args)]
pub(super) struct SynthArguments {
    /// Where the files go; created if it is not there.
    #[arg(long, short, value_name = "DIR", default_value = "rowmill-synth", value_hint = ValueHint::DirPath)]
    pub(super) out_dir: PathBuf,
    /// Rows over all shards.
    #[arg(long, value_name = "N", default_value = "500_000", value_parser = values::count)]
    pub(super) rows: u64,
    /// Columns of k-mer counts.
    #[arg(long, value_name = "N", default_value = "64", value_parser = values::count)]
    pub(super) kmers: u64,
    /// Genes [default: one in 400 rows].
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub(super) genes: Option<u64>,
    /// Parquet files.
    #[arg(long, value_name = "N", default_value = "4", value_parser = values::count)]
    pub(super) shards: u64,
    /// Let shards differ in their columns, as real ones do (true or false).
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
    /// Threads; changes no byte of the files [default: all processors].
    #[arg(long, value_parser = values::threads, value_name = "N")]
    pub(super) threads: Option<usize>,
}

/// Make data, train on them, and say what was made, where, and what to try next.
///
/// About 500,000 rows; under a minute on two processors. Everything goes below --out-dir.
#[derive(Debug, Args)]
pub(super) struct DemoArguments {
    /// Where data and run go.
    #[arg(long, short, value_name = "DIR", default_value = "rowmill-demo", value_hint = ValueHint::DirPath)]
    pub(super) out_dir: PathBuf,
    /// Rows to make.
    #[arg(long, value_name = "N", default_value = "500_000", value_parser = values::count)]
    pub(super) rows: u64,
    /// Memory limit.
    #[arg(long, value_name = "SIZE", default_value = "512MiB", value_parser = values::memory)]
    pub(super) memory: u64,
    /// Seed of every random choice.
    #[arg(long, value_name = "N", default_value = "42", value_parser = values::seed)]
    pub(super) seed: u64,
    /// Replace an earlier demo.
    #[arg(long)]
    pub(super) overwrite: bool,
    /// Threads [default: all processors].
    #[arg(long, value_parser = values::threads, value_name = "N")]
    pub(super) threads: Option<usize>,
}

/// Print a completion script for a shell.
///
/// For bash: rowmill completions bash > ~/.local/share/bash-completion/completions/rowmill
#[derive(Debug, Args)]
pub(super) struct CompletionsArguments {
    /// The shell.
    #[arg(value_enum)]
    pub(super) shell: Shell,
}

/// Print a man page, or write all of them.
#[derive(Debug, Args)]
pub(super) struct ManArguments {
    /// The command whose page is printed [default: rowmill itself].
    #[arg(conflicts_with = "out_dir")]
    pub(super) command: Option<String>,
    /// Write the pages of all commands into this directory instead.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) out_dir: Option<PathBuf>,
}

#[cfg(test)]
mod tests;
