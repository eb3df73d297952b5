//! One command line from its words to its exit code.

use std::{ffi::OsString, process::ExitCode};

use crate::{
    cli::{
        arguments::{Arguments, Command},
        completions, config, demo, incremental, inspect,
        log::Log,
        plan, prune, scratch, show, synth, train,
    },
    error::Result,
    platform::panics,
};

/// Runs one command line. Exit codes: 0 for success, 1 for a failed run, 2 for wrong usage.
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

/// True if `--config` takes a file of this text for `rowmill train`: the entry of a fuzz target.
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
