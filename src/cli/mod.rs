//! Arguments to options, printing, exit codes. Nothing here knows how training works.
//!
//! ```text
//! command line + --config file -> arguments -> options -> one call of the library -> printing
//! ```
//!
//! Results go to the standard output; progress, messages, warnings and errors to the standard
//! error. A usage error exits with 2, a failed run with 1, a stopped one with 128 + the signal.

mod arguments;
mod config;
mod options;

mod completions;
mod demo;
mod incremental;
mod inspect;
mod model;
mod plan;
mod prune;
mod scratch;
mod show;
mod synth;
#[cfg(test)]
mod tests;
mod train;

mod log;
mod progress;
mod signals;
mod table;
mod terminal;

use std::{ffi::OsString, process::ExitCode};

use crate::cli::arguments::{Arguments, Command};
use crate::cli::log::Log;

use crate::{error::Result, platform::panics};

/// Runs one command line and answers its exit code: 0 fine, 1 the run failed, 2 wrong usage.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    panics::keep_caught_quiet();
    let arguments = match config::parse(arguments.into_iter().collect()) {
        Ok(arguments) => arguments,
        Err(refusal) => return refusal.report(),
    };
    let log = Log::start(arguments.output.quiet, arguments.output.log_json);
    match execute(arguments, &log) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(exit_code = error.exit_code(), "{error}");
            ExitCode::from(error.exit_code())
        }
    }
}

/// Whether `--config` takes a file of this text for `rowmill train`: the way in for fuzzing.
#[doc(hidden)]
pub fn takes_train_config(text: &str) -> bool {
    let words = ["rowmill", "train", "DATASET"].map(OsString::from);
    config::parse_with(words.into(), text).is_ok()
}

fn execute(arguments: Arguments, log: &Log) -> Result<()> {
    match arguments.command {
        Command::Train(train) => train::run(&train, log),
        Command::Incremental(incremental) => incremental::run(&incremental, log),
        Command::Plan(plan) => plan::run(&plan, log),
        Command::Prune(prune) => prune::run(&prune, log),
        Command::Inspect(inspect) => inspect::run(&inspect),
        Command::Show(show) => show::run(&show),
        Command::Scratch(scratch) => scratch::run(&scratch.command),
        Command::Synth(synth) => synth::run(&synth, log),
        Command::Demo(demo) => demo::run(&demo, log),
        Command::Completions(completions) => completions::run_completions(&completions),
        Command::Man(man) => completions::run_man(&man),
    }
}
