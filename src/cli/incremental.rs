//! `rowmill incremental`: flags to options; the run and its summary are those of `train`.

use crate::cli::{
    arguments::{IncrementalArguments, LearningArguments, Rule},
    log::Log,
    model,
    options::{CommandFlags, training},
    train::train_and_print,
};
use crate::{
    data::Task,
    error::{Error, Result},
    learner::{ModelChoice, ModelSpec},
    limits::Limits,
    pipeline::{
        incremental::earlier_learner::{Initial, initial},
        options::{IncrementalOptions, STANDARD_INPUT, SplitRule},
        prune::options::Pruning,
    },
    run::options::{OutputOptions, TrainOptions},
};

/// The learner where neither `--model` nor `--init-model` says one.
const MODEL_DEFAULT: &str = "logistic";

/// Learns and prints what was made.
pub(super) fn run(arguments: &IncrementalArguments, log: &Log) -> Result<()> {
    let (options, choice) = options(arguments)?;
    train_and_print(&options, &choice, log)
}

/// The options of a run, checked.
///
/// # Errors
/// [`Error::Usage`] for values and combinations that cannot be meant, [`Error::Io`] and
/// [`Error::Format`] for files that flags name.
pub(super) fn options(arguments: &IncrementalArguments) -> Result<(TrainOptions, ModelChoice)> {
    let limits = Limits::default();
    let learning = &arguments.learning;
    check_split(arguments)?;
    check_task(learning)?;
    let initial = learning.init_model.as_deref().map(initial).transpose()?;
    let choice = choice(arguments, initial.as_ref(), &limits)?;
    let asked = CommandFlags {
        dataset: &arguments.dataset,
        baseline: arguments.baseline.as_ref(),
        choice: &choice,
        task: learning.task.into(),
    };
    let mut options = training(
        &arguments.common,
        &asked,
        OutputOptions::incremental(),
        limits,
    )?;
    check_pruning(learning, options.prune.as_ref())?;
    check_trees(&arguments.dataset, learning, &choice)?;
    if learning.one_pass {
        options.split.split_rule = SplitRule::Hash;
        // Rows that are read once cannot be read again.
        options.output.verify = false;
    }
    options.columns.learned = initial.map(|initial| initial.roles);
    options.incremental = Some(IncrementalOptions {
        batch_rows: learning.batch_size,
        one_pass: learning.one_pass,
        init_model: learning.init_model.clone(),
        classes: learning.classes.clone(),
        rows_expected: learning.expected_rows,
        more_trees: learning.more_trees,
    });
    Ok((options, choice))
}

/// Refuses a split that needs all rows before the first is learned.
fn check_split(arguments: &IncrementalArguments) -> Result<()> {
    match arguments.common.split.split {
        Some(Rule::Balanced) if arguments.learning.one_pass => Err(Error::Usage(
            "--split balanced weighs the groups of all rows before any is learned, and --one-pass reads each \
             row once; use --split hash, or leave one of them out"
                .to_owned(),
        )),
        Some(Rule::Balanced | Rule::Hash) | None => Ok(()),
    }
}

/// Refuses numbers as the target.
fn check_task(learning: &LearningArguments) -> Result<()> {
    match learning.task {
        Some(Task::Regression) => Err(Error::Usage(
            "--task regression: learners of batches learn classes, not a number; use `rowmill train --model gbdt \
             --task regression`, or another --task"
                .to_owned(),
        )),
        None | Some(Task::Binary | Task::Multiclass) => Ok(()),
    }
}

/// Refuses to prune where the data are not read before they are learned.
fn check_pruning(learning: &LearningArguments, pruning: Option<&Pruning>) -> Result<()> {
    let why = if learning.one_pass {
        "--one-pass reads each row once, so nothing is known of a column before it is learned"
    } else {
        "the features are those of --init-model"
    };
    let is_fixed = learning.one_pass || learning.init_model.is_some();
    match pruning {
        Some(_) if is_fixed => Err(Error::Usage(format!(
            "--prune-features: {why}; leave one of them out, or trim the data with `rowmill prune` before"
        ))),
        _ => Ok(()),
    }
}

/// The learner: of `--init-model`, or as `--model` says.
fn choice(
    arguments: &IncrementalArguments,
    initial: Option<&Initial>,
    limits: &Limits,
) -> Result<ModelChoice> {
    if let Some(Initial { spec, .. }) = initial {
        return Ok(ModelChoice {
            name: match spec {
                ModelSpec::Logistic(_) => MODEL_DEFAULT,
                ModelSpec::Gbdt(_) => model::TREES,
            },
            spec: spec.clone(),
            task: None,
            notes: vec!["the options are those of --init-model".to_owned()],
        });
    }
    let argument = arguments.learning.model.as_deref().unwrap_or(MODEL_DEFAULT);
    let seed = arguments.common.split.seed;
    let choice = model::choice(argument, Some(MODEL_DEFAULT), &[], seed, limits)?;
    match &choice.spec {
        ModelSpec::Logistic(options) if options.l1 > 0.0 || options.l1_ratio > 0.0 => {
            Err(Error::Usage(
                "--model: an L1 penalty needs passes over all rows, and batches are learned once; use \
                 `rowmill train`, or an L2 penalty"
                    .to_owned(),
            ))
        }
        ModelSpec::Logistic(_) | ModelSpec::Gbdt(_) => Ok(choice),
    }
}

/// Refuses flags of trees where none grow, or none were grown.
fn check_trees(dataset: &str, learning: &LearningArguments, choice: &ModelChoice) -> Result<()> {
    let flags = [
        ("--expected-rows", learning.expected_rows.is_some()),
        ("--more-trees", learning.more_trees.is_some()),
    ];
    if learning.more_trees.is_some() && learning.init_model.is_none() {
        return Err(Error::Usage(
            "--more-trees: there are none before; give --init-model, or say how many there are to be with \
             --model '{\"name\": \"gbdt\", \"n_estimators\": 300}'"
                .to_owned(),
        ));
    }
    let is_linear = matches!(choice.spec, ModelSpec::Logistic(_));
    if let Some((flag, _)) = flags.iter().find(|(_, is_given)| *is_given && is_linear) {
        return Err(Error::Usage(format!(
            "{flag}: logistic regression has no trees to spread over the rows; leave it out"
        )));
    }
    if learning.expected_rows.is_some() && dataset != STANDARD_INPUT {
        return Err(Error::Usage(format!(
            "--expected-rows: {dataset} says how many rows it has; leave it out"
        )));
    }
    Ok(())
}
