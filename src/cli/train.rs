//! `rowmill train`: flags to options, two calls, a summary.

use std::fmt::Write as _;

use super::{
    arguments::{GrowPolicy, PruneInTraining, SplitArguments, TrainArguments, threads_default},
    log::Log,
    model, signals, terminal,
};
use crate::{
    data::Split,
    engine::Progress,
    error::{Error, Result},
    learner::{ModelChoice, ModelSpec, Objective, gbdt::Sampling},
    limits::Limits,
    platform::stop,
    report::{self, Finished},
    train::{self, TrainOptions, options::TaskChoice, output, prune::Pruning},
};

/// Features that the summary lists.
const FEATURES_LISTED: usize = 10;

/// Trains and prints what was made.
pub(super) fn run(arguments: &TrainArguments, log: &Log) -> Result<()> {
    let (options, choice) = options(arguments)?;
    signals::watch()?;
    let progress = log.progress();
    progress.message(&choice.describe());
    let finished = execute(&options, progress.as_ref())?;
    if log.is_quiet() {
        return Ok(());
    }
    terminal::print(&summary(&finished, &options))
}

/// Trains, and writes all that a run leaves behind.
pub(super) fn execute(options: &TrainOptions, progress: &dyn Progress) -> Result<Finished> {
    let stop = stop::process();
    let trained = train::train(options, stop, progress)?;
    report::finish(trained, options, stop, progress)
}

/// What a run found, for people.
pub(super) fn summary(finished: &Finished, options: &TrainOptions) -> String {
    let Finished {
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
    let mut text = format!("in {}:", options.out_dir.display());
    for artefact in report::ARTEFACTS {
        let is_there = match artefact.name {
            report::delta::NAME => has_delta,
            report::coefficients::NAME => matches!(options.model, ModelSpec::Logistic(_)),
            output::CHECKPOINT => matches!(options.model, ModelSpec::Gbdt(_)),
            output::LEARNER => options.online.is_some(),
            _ => true,
        };
        if is_there {
            let _ = write!(text, "\n  {:<22} {}", artefact.name, artefact.what);
        }
    }
    text
}

/// The options of a run, checked, and what `--model` was understood as.
///
/// # Errors
/// [`Error::Usage`] for values and combinations that cannot be meant, [`Error::Io`] for files that
/// flags name.
pub(super) fn options(arguments: &TrainArguments) -> Result<(TrainOptions, ModelChoice)> {
    let limits = Limits {
        batch_rows_max: arguments.resources.batch_size,
        ..Limits::default()
    };
    let selection = arguments.columns.selection()?;
    let seed = arguments.split.seed;
    let policy = arguments.model.grow_policy.map(GrowPolicy::name);
    let more: Vec<(&str, &str)> = policy
        .map(|name| ("grow_policy", name))
        .into_iter()
        .collect();
    let mut choice = model::choice(&arguments.model.model, &more, seed, &limits)?;
    if arguments.model.sampling.is_some() && matches!(choice.spec, ModelSpec::Logistic(_)) {
        return Err(Error::Usage(format!(
            "--sampling is about trees and --model {} grows none; leave it out",
            choice.name
        )));
    }
    if let (Some(sampling), ModelSpec::Gbdt(options)) = (arguments.model.sampling, &mut choice.spec)
    {
        let is_chosen = !matches!(options.sampling, Sampling::Exact | Sampling::Auto);
        if is_chosen && options.sampling != sampling {
            return Err(Error::Usage(format!(
                "--sampling {} and the sampling of --model ({}) contradict each other; leave one of them out",
                sampling, options.sampling
            )));
        }
        options.sampling = sampling;
    }
    let task = task(arguments.model.task.into(), &choice)?;
    check_shares(
        &arguments.split,
        arguments.columns.split_col.is_some(),
        &choice,
    )?;
    let options = TrainOptions {
        dataset: arguments.dataset.clone(),
        baseline: arguments.baseline.clone(),
        model: choice.spec.clone(),
        target: selection.target,
        task,
        profile: arguments.columns.profile.clone(),
        exclude: selection.exclude,
        exclude_if_there: selection.exclude_if_there,
        include: selection.include,
        weight: selection.weight,
        group: selection.group,
        split_column: selection.split,
        test_size: arguments.split.test_size,
        valid_size: arguments.split.valid_size,
        split_rule: arguments.split.split.into(),
        seed,
        out_dir: arguments.run.out_dir.clone(),
        overwrite: arguments.run.overwrite,
        resume: arguments.run.resume,
        checkpoint_seconds: arguments.run.checkpoint_seconds,
        scratch_dir: arguments.resources.scratch_dir.clone(),
        allow_tmpfs: arguments.resources.allow_tmpfs,
        keep_scratch: arguments.resources.keep_scratch,
        memory_bytes: arguments.resources.memory,
        threads: arguments.resources.threads.unwrap_or_else(threads_default),
        prune: pruning(&arguments.prune)?,
        trimmed: !arguments.prune.no_trimmed,
        verify: !arguments.run.no_verify,
        online: None,
        limits,
    };
    Ok((options, choice))
}

/// How features are pruned, where they are.
pub(super) fn pruning(arguments: &PruneInTraining) -> Result<Option<Pruning>> {
    let given = arguments.pruning.given();
    let given = given.or(arguments.no_trimmed.then_some("--no-trimmed"));
    if !arguments.prune_features {
        return match given {
            None => Ok(None),
            Some(flag) => Err(Error::Usage(format!(
                "{flag} is about pruning, which is not asked for; add --prune-features, or leave it out"
            ))),
        };
    }
    let pruning = arguments.pruning.pruning();
    pruning.check()?;
    Ok(Some(pruning))
}

/// `--task` and the model's `objective` together.
pub(super) fn task(asked: TaskChoice, choice: &ModelChoice) -> Result<TaskChoice> {
    let task = match (asked, choice.objective) {
        (asked, None) => asked,
        (TaskChoice::Auto | TaskChoice::Binary, Some(Objective::Binary)) => TaskChoice::Binary,
        (TaskChoice::Auto | TaskChoice::Multiclass, Some(Objective::Multiclass)) => {
            TaskChoice::Multiclass
        }
        (TaskChoice::Auto | TaskChoice::Regression, Some(Objective::Regression)) => {
            TaskChoice::Regression
        }
        (asked, Some(objective)) => {
            return Err(Error::Usage(format!(
                "--task {} and the model's objective ({}) contradict each other; leave one of them out",
                task_name(asked),
                objective.name()
            )));
        }
    };
    match (&choice.spec, task) {
        (ModelSpec::Logistic(_), TaskChoice::Regression) => Err(Error::Usage(format!(
            "--model {} learns classes, not a number; use --model gbdt for --task regression",
            choice.name
        ))),
        (ModelSpec::Gbdt(options), TaskChoice::Multiclass | TaskChoice::Regression)
            if options.positive_weight != 1.0 =>
        {
            Err(Error::Usage(format!(
                "--model: `scale_pos_weight` is for two classes, not for --task {}; use `class_weight` or leave it out",
                task_name(task)
            )))
        }
        _ => Ok(task),
    }
}

fn task_name(task: TaskChoice) -> &'static str {
    match task {
        TaskChoice::Auto => "auto",
        TaskChoice::Binary => "binary",
        TaskChoice::Multiclass => "multiclass",
        TaskChoice::Regression => "regression",
    }
}

/// Shares that leave nothing to learn from, or nothing to stop early by.
pub(super) fn check_shares(
    split: &SplitArguments,
    has_split_column: bool,
    choice: &ModelChoice,
) -> Result<()> {
    let (test, valid) = (split.test_size, split.valid_size);
    if has_split_column {
        return Ok(());
    }
    if test + valid >= 1.0 {
        return Err(Error::Usage(format!(
            "--test-size {test} and --valid-size {valid} leave no rows to learn from; their sum must be below 1"
        )));
    }
    if valid == 0.0 && choice.spec.early_stopping_rounds().is_some() {
        return Err(Error::Usage(
            "--model: `early_stopping_rounds` watches the valid split, but --valid-size is 0; give it a share such as 0.1"
                .to_owned(),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
