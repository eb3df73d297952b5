//! `rowmill incremental`: flags to options; the run and its summary are those of `train`.

use super::{
    arguments::{IncrementalArguments, threads_default},
    log::Log,
    model, signals, terminal,
    train::{self, check_shares, execute, summary, task},
};
use crate::{
    error::{Error, Result},
    learner::{ModelChoice, ModelSpec},
    limits::Limits,
    train::{
        TrainOptions,
        online::{OnlineOptions, initial_options},
        options::SplitRule,
        prune::Pruning,
    },
};

/// The learner where neither `--model` nor `--init-model` says one.
const MODEL_DEFAULT: &str = "logistic";

/// Learns and prints what was made.
pub(super) fn run(arguments: &IncrementalArguments, log: &Log) -> Result<()> {
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

/// The options of a run, checked.
///
/// # Errors
/// [`Error::Usage`] for values and combinations that cannot be meant, [`Error::Io`] and
/// [`Error::Format`] for files that flags name.
fn options(arguments: &IncrementalArguments) -> Result<(TrainOptions, ModelChoice)> {
    let limits = Limits::default();
    let learning = &arguments.learning;
    let selection = arguments.columns.selection()?;
    let choice = choice(arguments, &limits)?;
    let task = task(learning.task.into(), &choice)?;
    check_shares(
        &arguments.split,
        arguments.columns.split_col.is_some(),
        &choice,
    )?;
    let resources = &arguments.resources;
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
        split_rule: if learning.one_pass {
            SplitRule::Hash
        } else {
            arguments.split.split.into()
        },
        seed: arguments.split.seed,
        out_dir: arguments.run.out_dir.clone(),
        overwrite: arguments.run.overwrite,
        resume: arguments.run.resume,
        checkpoint_seconds: arguments.run.checkpoint_seconds,
        scratch_dir: resources.scratch_dir.clone(),
        allow_tmpfs: resources.allow_tmpfs,
        keep_scratch: false,
        memory_bytes: resources.memory,
        threads: resources.threads.unwrap_or_else(threads_default),
        prune: pruning(arguments)?,
        trimmed: !arguments.prune.no_trimmed,
        // What was read once cannot be read again.
        verify: !arguments.run.no_verify && !learning.one_pass,
        online: Some(OnlineOptions {
            batch_rows: learning.batch_size,
            one_pass: learning.one_pass,
            init_model: learning.init_model.clone(),
            classes: learning.classes.clone(),
        }),
        limits,
    };
    Ok((options, choice))
}

/// How features are pruned, where the data are read before they are learned.
fn pruning(arguments: &IncrementalArguments) -> Result<Option<Pruning>> {
    let learning = &arguments.learning;
    let why = if learning.one_pass {
        "--one-pass reads each row once, so nothing is known of a column before it is learned"
    } else if learning.init_model.is_some() {
        "the features are those of --init-model"
    } else {
        return train::pruning(&arguments.prune);
    };
    match train::pruning(&arguments.prune)? {
        None => Ok(None),
        Some(_) => Err(Error::Usage(format!(
            "--prune-features: {why}; leave one of them out, or trim the data with `rowmill prune` before"
        ))),
    }
}

/// The learner: of `--init-model`, or as `--model` says.
fn choice(arguments: &IncrementalArguments, limits: &Limits) -> Result<ModelChoice> {
    if let Some(path) = &arguments.learning.init_model {
        return Ok(ModelChoice {
            spec: initial_options(path)?,
            name: MODEL_DEFAULT,
            objective: None,
            notes: vec!["the options are those of --init-model".to_owned()],
        });
    }
    let argument = arguments.learning.model.as_deref().unwrap_or(MODEL_DEFAULT);
    // Options without a name are those of the default.
    let text = argument.trim();
    let object = serde_json::from_str::<serde_json::Map<_, serde_json::Value>>(text);
    let is_unnamed = object.is_ok_and(|object| !object.contains_key("name"));
    let name = [("name", MODEL_DEFAULT)];
    let more = if is_unnamed { &name[..] } else { &[] };
    let choice = model::choice(argument, more, arguments.split.seed, limits)?;
    match &choice.spec {
        ModelSpec::Logistic(options) if options.l1 > 0.0 || options.l1_ratio > 0.0 => {
            Err(Error::Usage(
                "--model: an L1 penalty needs passes over all rows, and batches are learned once; use \
                 `rowmill train`, or an L2 penalty"
                    .to_owned(),
            ))
        }
        ModelSpec::Logistic(_) => Ok(choice),
        ModelSpec::Gbdt(_) => Err(Error::Usage(format!(
            "--model {}: trees are not learned by batches; use `rowmill train`, or --model logistic",
            choice.name
        ))),
    }
}
