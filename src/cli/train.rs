//! `rowmill train`: flags to options, two calls, a summary.

use std::fmt::Write as _;

use crate::cli::{
    arguments::{GrowPolicy, ModelArguments, TrainArguments},
    log::Log,
    model,
    options::{CommandFlags, training},
    signals, terminal,
};
use crate::{
    data::Split,
    engine::Progress,
    error::{Error, Result},
    learner::{ModelChoice, ModelSpec, gbdt::Sampling},
    limits::Limits,
    pipeline::session::output,
    platform::stop,
    report,
    run::{
        artefacts::RunReport,
        options::{OutputOptions, TrainOptions},
        train,
    },
};

/// Features that the summary lists.
const FEATURES_LISTED: usize = 10;

/// Trains and prints a summary.
pub(super) fn run(arguments: &TrainArguments, log: &Log) -> Result<()> {
    let (options, choice) = options(arguments)?;
    train_and_print(&options, &choice, log)
}

/// The common part of every command that trains, once its flags are options.
pub(super) fn train_and_print(
    options: &TrainOptions,
    choice: &ModelChoice,
    log: &Log,
) -> Result<()> {
    signals::watch()?;
    let progress = log.progress();
    progress.message(&choice.describe());
    let finished = execute(options, progress.as_ref())?;
    if log.is_quiet() {
        return Ok(());
    }
    terminal::print(&summary(&finished, options))
}

/// Trains, and writes the files of the run.
pub(super) fn execute(options: &TrainOptions, progress: &dyn Progress) -> Result<RunReport> {
    let stop = stop::process();
    train::train(options, stop, progress)
}

/// The summary of a run, for people.
pub(super) fn summary(finished: &RunReport, options: &TrainOptions) -> String {
    let RunReport {
        metrics,
        features,
        run,
    } = finished;
    let mut parts = vec![
        report::terminal::splits_table(metrics),
        report::terminal::metrics_table(metrics),
    ];
    let test = metrics
        .splits
        .iter()
        .find(|record| record.split == Split::Test);
    if let (Some(test), true) = (test, metrics.classes.len() > 2) {
        parts.push(report::terminal::classes_table(metrics, test));
    }
    if let Some(baseline) = &metrics.baseline {
        parts.push(report::terminal::delta_summary(baseline));
    }
    parts.push(report::terminal::importance_table(
        features,
        FEATURES_LISTED,
    ));
    parts.push(report::terminal::passes_table(run));
    parts.push(files(options, metrics.baseline.is_some()));
    let parts: Vec<&str> = parts.iter().map(|part| part.trim_end()).collect();
    parts.join("\n\n")
}

/// The files of the run's directory.
fn files(options: &TrainOptions, has_delta: bool) -> String {
    let mut text = format!("in {}:", options.output.out_dir.display());
    for artefact in report::ARTEFACTS {
        let is_there = match artefact.name {
            report::delta::NAME => has_delta,
            report::coefficients::NAME => matches!(options.model, ModelSpec::Logistic(_)),
            // Trees that batches alone have grown leave none.
            output::CHECKPOINT => options.output.out_dir.join(output::CHECKPOINT).exists(),
            report::PREDICTIONS => options.output.predictions,
            output::LEARNER => options.incremental.is_some(),
            _ => true,
        };
        if is_there {
            let _ = write!(text, "\n  {:<22} {}", artefact.name, artefact.what);
        }
    }
    text
}

/// The options of a run, checked, and the parsed `--model`.
///
/// # Errors
/// [`Error::Usage`] for invalid values and combinations, [`Error::Io`] for files that
/// flags name.
pub(super) fn options(arguments: &TrainArguments) -> Result<(TrainOptions, ModelChoice)> {
    let limits = Limits {
        batch_rows_max: arguments.passes.batch_size,
        ..Limits::default()
    };
    let (common, learner) = (&arguments.common, &arguments.model);
    let choice = choice(learner, common.split.seed, &limits)?;
    let asked = CommandFlags {
        dataset: &arguments.dataset,
        baseline: arguments.baseline.as_ref(),
        choice: &choice,
        task: learner.task,
    };
    let mut options = training(common, &asked, OutputOptions::default(), limits)?;
    options.resources.keep_scratch = arguments.passes.keep_scratch;
    Ok((options, choice))
}

/// The learner, from `--model` and the related flags.
fn choice(arguments: &ModelArguments, seed: u64, limits: &Limits) -> Result<ModelChoice> {
    let policy = arguments.grow_policy.map(GrowPolicy::name);
    let more: Vec<(&str, &str)> = policy
        .map(|name| ("grow_policy", name))
        .into_iter()
        .collect();
    let mut choice = model::choice(&arguments.model, None, &more, seed, limits)?;
    if arguments.sampling.is_some() && matches!(choice.spec, ModelSpec::Logistic(_)) {
        return Err(Error::Usage(format!(
            "--sampling applies to trees, but --model {} grows none; leave it out",
            choice.name
        )));
    }
    if let (Some(sampling), ModelSpec::Gbdt(options)) = (arguments.sampling, &mut choice.spec) {
        let is_chosen = !matches!(options.sampling, Sampling::Exact | Sampling::Auto);
        if is_chosen && options.sampling != sampling {
            return Err(Error::Usage(format!(
                "--sampling {} and the sampling of --model ({}) contradict each other; leave one of them out",
                sampling, options.sampling
            )));
        }
        options.sampling = sampling;
    }
    Ok(choice)
}

#[cfg(test)]
mod tests;
