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
        incremental::earlier_learner::{InitialLearner, initial_learner},
        options::{IncrementalOptions, STANDARD_INPUT, SplitRule},
        prune::options::Pruning,
    },
    run::options::{OutputOptions, TrainOptions},
};

/// The learner without `--model` and `--init-model`.
const MODEL_DEFAULT: &str = "logistic";

/// Trains and prints a summary.
pub(super) fn run(arguments: &IncrementalArguments, log: &Log) -> Result<()> {
    let (options, choice) = options(arguments)?;
    train_and_print(&options, &choice, log)
}

/// The options of a run, checked.
///
/// # Errors
/// [`Error::Usage`] for invalid values and combinations, [`Error::Io`] and
/// [`Error::Format`] for files that flags name.
pub(super) fn options(arguments: &IncrementalArguments) -> Result<(TrainOptions, ModelChoice)> {
    let limits = Limits::default();
    let learning = &arguments.learning;
    check_split(arguments)?;
    check_task(learning)?;
    let initial = learning
        .init_model
        .as_deref()
        .map(initial_learner)
        .transpose()?;
    let choice = choice(arguments, initial.as_ref(), &limits)?;
    let asked = CommandFlags {
        dataset: &arguments.dataset,
        baseline: arguments.baseline.as_ref(),
        choice: &choice,
        task: learning.task,
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

/// Refuses a split that needs all rows before the training.
fn check_split(arguments: &IncrementalArguments) -> Result<()> {
    match arguments.common.split.split {
        Some(Rule::Balanced) if arguments.learning.one_pass => Err(Error::Usage(
            "--split balanced needs the groups of all rows first, but --one-pass reads each row once; use \
             --split hash, or leave out one of them"
                .to_owned(),
        )),
        Some(Rule::Balanced | Rule::Hash) | None => Ok(()),
    }
}

/// Refuses regression.
fn check_task(learning: &LearningArguments) -> Result<()> {
    match learning.task {
        Some(Task::Regression) => Err(Error::Usage(
            "--task regression: `rowmill incremental` trains classifiers only; use `rowmill train --model gbdt \
             --task regression`, or another --task"
                .to_owned(),
        )),
        None | Some(Task::Binary | Task::Multiclass) => Ok(()),
    }
}

/// Refuses pruning where no pass precedes the training.
fn check_pruning(learning: &LearningArguments, pruning: Option<&Pruning>) -> Result<()> {
    let why = if learning.one_pass {
        "--one-pass reads each row once, so no statistics of a column exist before training"
    } else {
        "the features are those of --init-model"
    };
    let is_fixed = learning.one_pass || learning.init_model.is_some();
    match pruning {
        Some(_) if is_fixed => Err(Error::Usage(format!(
            "--prune-features: {why}; leave out one of them, or prune the data first with `rowmill prune`"
        ))),
        _ => Ok(()),
    }
}

/// The learner, from `--init-model` or `--model`.
fn choice(
    arguments: &IncrementalArguments,
    initial: Option<&InitialLearner>,
    limits: &Limits,
) -> Result<ModelChoice> {
    if let Some(InitialLearner { spec, .. }) = initial {
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
                "--model: an L1 penalty needs several passes over all rows; use `rowmill train`, or an L2 \
                 penalty"
                    .to_owned(),
            ))
        }
        ModelSpec::Logistic(_) | ModelSpec::Gbdt(_) => Ok(choice),
    }
}

/// Refuses flags of trees for other learners.
fn check_trees(dataset: &str, learning: &LearningArguments, choice: &ModelChoice) -> Result<()> {
    let flags = [
        ("--expected-rows", learning.expected_rows.is_some()),
        ("--more-trees", learning.more_trees.is_some()),
    ];
    if learning.more_trees.is_some() && learning.init_model.is_none() {
        return Err(Error::Usage(
            "--more-trees adds to the trees of --init-model, which is not given; use --init-model, or set the \
             number of trees with --model '{\"name\": \"gbdt\", \"n_estimators\": 300}'"
                .to_owned(),
        ));
    }
    let is_linear = matches!(choice.spec, ModelSpec::Logistic(_));
    if let Some((flag, _)) = flags.iter().find(|(_, is_given)| *is_given && is_linear) {
        return Err(Error::Usage(format!(
            "{flag}: logistic regression has no trees; leave it out"
        )));
    }
    if learning.expected_rows.is_some() && dataset != STANDARD_INPUT {
        return Err(Error::Usage(format!(
            "--expected-rows: the number of rows of {dataset} is known; leave it out"
        )));
    }
    Ok(())
}
