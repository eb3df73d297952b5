//! From flags to options, for the flags that all training commands share.

use std::path::PathBuf;

use crate::cli::arguments::{ColumnArguments, CommonArguments, PruneInTraining, ResourceArguments};
use crate::{
    data::Task,
    error::{Error, Result},
    learner::{ModelChoice, ModelSpec},
    limits::Limits,
    pipeline::{
        options::{ColumnOptions, DataOptions, ResourceOptions, SplitOptions},
        prune::options::Pruning,
    },
    platform::parallel::threads_default,
    run::options::{OutputOptions, TrainOptions},
};

/// The values of flags that differ between the commands.
pub(super) struct CommandFlags<'a> {
    /// The dataset.
    pub(super) dataset: &'a str,
    /// The baseline's table.
    pub(super) baseline: Option<&'a PathBuf>,
    /// The learner.
    pub(super) choice: &'a ModelChoice,
    /// The kind of target.
    pub(super) task: Option<Task>,
}

/// The options of a training, checked; `defaults` are the command's. Options of single commands are not among
/// them.
///
/// # Errors
/// [`Error::Usage`] for invalid values and combinations, [`Error::Io`] for files that
/// flags name.
pub(super) fn training(
    arguments: &CommonArguments,
    asked: &CommandFlags<'_>,
    defaults: OutputOptions,
    limits: Limits,
) -> Result<TrainOptions> {
    let CommonArguments {
        columns,
        prune,
        split,
        run,
        resources,
    } = arguments;
    let task = task(asked.task, asked.choice)?;
    check_shares(arguments, asked.choice)?;
    Ok(TrainOptions {
        data: DataOptions {
            dataset: asked.dataset.to_owned(),
            validation: split.val_dir.clone(),
            baseline: asked.baseline.cloned(),
        },
        model: asked.choice.spec.clone(),
        columns: column_options(columns, task)?,
        split: SplitOptions {
            test_size: split.test_size,
            valid_size: split.valid_share(),
            split_rule: split
                .split
                .map_or(SplitOptions::default().split_rule, Into::into),
            seed: split.seed,
        },
        resources: resource_options(resources, limits),
        output: OutputOptions {
            out_dir: run.out_dir.clone(),
            overwrite: run.overwrite,
            resume: run.resume,
            checkpoint_seconds: run
                .checkpoint_seconds
                .unwrap_or(defaults.checkpoint_seconds),
            trimmed: !prune.no_trimmed,
            verify: !run.no_verify,
            predictions: run.predictions,
        },
        prune: pruning(prune)?,
        incremental: None,
    })
}

/// The roles of the columns.
///
/// # Errors
/// [`Error::Usage`] for contradicting flags, [`Error::Io`] for a list of columns that cannot be read.
pub(super) fn column_options(
    arguments: &ColumnArguments,
    task: Option<Task>,
) -> Result<ColumnOptions> {
    let selection = arguments.selection()?;
    Ok(ColumnOptions {
        target: selection.target,
        task,
        profile: arguments.profile.clone(),
        exclude: selection.exclude,
        exclude_if_there: selection.exclude_if_there,
        include: selection.include,
        weight: selection.weight,
        group: selection.group,
        split_column: selection.split,
        learned: None,
    })
}

/// Memory, threads and scratch.
pub(super) fn resource_options(arguments: &ResourceArguments, limits: Limits) -> ResourceOptions {
    ResourceOptions {
        scratch_dir: arguments.scratch_dir.clone(),
        allow_tmpfs: arguments.allow_tmpfs,
        keep_scratch: false,
        memory_bytes: arguments.memory,
        threads: arguments.threads.unwrap_or_else(threads_default),
        limits,
    }
}

/// The options of pruning, if it is asked for.
fn pruning(arguments: &PruneInTraining) -> Result<Option<Pruning>> {
    let given = arguments.pruning.given();
    let given = given.or(arguments.no_trimmed.then_some("--no-trimmed"));
    if !arguments.prune_features {
        return match given {
            None => Ok(None),
            Some(flag) => Err(Error::Usage(format!(
                "{flag} needs --prune-features; add that, or leave {flag} out"
            ))),
        };
    }
    let pruning = arguments.pruning.pruning();
    pruning.check()?;
    Ok(Some(pruning))
}

/// `--task` and the model's `objective` together.
fn task(asked: Option<Task>, choice: &ModelChoice) -> Result<Option<Task>> {
    let task = match (asked, choice.task) {
        (Some(asked), Some(objective)) if asked != objective => {
            return Err(Error::Usage(format!(
                "--task {} and the model's objective ({}) contradict each other; leave one of them out",
                asked.name(),
                objective.name()
            )));
        }
        (asked, objective) => objective.or(asked),
    };
    match (&choice.spec, task) {
        (ModelSpec::Logistic(_), Some(Task::Regression)) => Err(Error::Usage(format!(
            "--model {} is a classifier; use --model gbdt for --task regression",
            choice.name
        ))),
        (ModelSpec::Gbdt(options), Some(task @ (Task::Multiclass | Task::Regression)))
            if options.scale_pos_weight != 1.0 =>
        {
            Err(Error::Usage(format!(
                "--model: `scale_pos_weight` is for two classes, not for --task {}; use `class_weight` or leave it out",
                task.name()
            )))
        }
        _ => Ok(task),
    }
}

/// Refuses shares that leave no training rows, or no rows for early stopping.
fn check_shares(arguments: &CommonArguments, choice: &ModelChoice) -> Result<()> {
    let split = &arguments.split;
    let (test, valid) = (split.test_size, split.valid_share());
    if arguments.columns.split_col.is_some() {
        return Ok(());
    }
    if test + valid >= 1.0 {
        return Err(Error::Usage(format!(
            "--test-size {test} and --valid-size {valid} leave no training rows; their sum must be below 1"
        )));
    }
    let has_valid = valid > 0.0 || split.val_dir.is_some();
    if !has_valid && choice.spec.early_stopping_rounds().is_some() {
        return Err(Error::Usage(
            "--model: `early_stopping_rounds` needs the valid split, but --valid-size is 0; use a share such as \
             0.1, or --val-dir"
                .to_owned(),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::{Arg, CommandFactory, Parser};
    use serde_json::Value;

    use super::*;
    use crate::{
        cli::{
            arguments::{Arguments, Command},
            incremental, train,
        },
        pipeline::session::{RunIdentity, command_line_name},
    };

    fn options(command: &str, words: &str) -> TrainOptions {
        let line = format!("rowmill {command} master base.tsv --model logistic {words}");
        let parsed = Arguments::try_parse_from(line.split_whitespace()).unwrap();
        let options = match parsed.command {
            Command::Train(arguments) => train::options(&arguments),
            Command::Incremental(arguments) => incremental::options(&arguments),
            other => panic!("{other:?} does not train"),
        };
        options.unwrap().0
    }

    #[test]
    fn both_commands_make_the_same_options_of_the_same_flags() {
        let check = |words: &str, same: bool| {
            let [train, incremental] = ["train", "incremental"].map(|command| {
                let options = options(command, words);
                let mut value = serde_json::to_value(options).unwrap();
                // What batches are told besides.
                value.as_object_mut().unwrap().remove("incremental");
                value
            });
            assert_eq!(train == incremental, same, "{words}: {train} {incremental}");
        };
        check(
            "--target y --profile none --group-col g --weight-col w --exclude a,b --include c \
             --split hash --test-size 0.3 --valid-size 0 --seed 7 --prune-features --no-trimmed \
             --out-dir o --resume --checkpoint-seconds 3 --no-verify --predictions \
             --memory 512MiB --threads 3 --scratch-dir s --allow-tmpfs --task multiclass",
            true,
        );
        check(
            "--split-col s --val-dir v --overwrite --checkpoint-seconds 0",
            true,
        );
        check("--checkpoint-seconds 10", true);
        check("", false);
        let seconds = |command| options(command, "").output.checkpoint_seconds;
        assert_eq!((seconds("train"), seconds("incremental")), (10, 0));
    }

    #[test]
    fn the_defaults_are_those_of_the_library() {
        let check = |command: &str, library: TrainOptions| {
            let parsed = Arguments::try_parse_from(["rowmill", command, "DATA"]).unwrap();
            let (options, _) = match parsed.command {
                Command::Train(arguments) => train::options(&arguments),
                Command::Incremental(arguments) => incremental::options(&arguments),
                other => panic!("{other:?} does not train"),
            }
            .unwrap();
            assert_eq!(options.resources.limits, library.resources.limits);
            let [options, library] =
                [options, library].map(|options| serde_json::to_value(options).unwrap());
            assert_eq!(options, library, "{command}");
        };
        let model = |text| TrainOptions::with_model("DATA", text).unwrap();
        check("train", model("gbdt"));
        check(
            "incremental",
            TrainOptions::incremental("DATA", model("logistic").model),
        );
    }

    #[test]
    fn validation_rows_from_elsewhere_leave_no_share() {
        for command in ["train", "incremental"] {
            let options = options(command, "--val-dir v");
            assert_eq!(options.data.validation.as_deref(), Some("v"));
            assert_eq!(
                (options.split.test_size, options.split.valid_size),
                (0.2, 0.0)
            );
        }
    }

    #[test]
    fn the_target_has_two_names() {
        for command in ["train", "incremental"] {
            for flag in ["--target", "--target-col"] {
                let options = options(command, &format!("{flag} splice_type"));
                assert_eq!(options.columns.target.as_deref(), Some("splice_type"));
            }
        }
    }

    #[test]
    fn what_differs_from_a_run_that_goes_on_is_named_by_a_flag_that_there_is() {
        for name in ["train", "incremental"] {
            let options = options(name, "--prune-features");
            let about = RunIdentity::new(serde_json::to_value(&options).unwrap(), &[]);
            let mut containers = vec![("", about.options)];
            let command = Arguments::command();
            let command = command.find_subcommand(name).unwrap();
            while let Some((container, Value::Object(fields))) = containers.pop() {
                for (option, value) in fields {
                    match &*option {
                        "model" => {}
                        "prune_features" => containers.push(("prune_features", value)),
                        "rules" => containers.push(("rules", value)),
                        "incremental" => containers.push(("incremental", value)),
                        _ => {
                            let flag = command_line_name(container, &option);
                            let mut known = command.get_arguments().filter_map(Arg::get_long);
                            assert!(known.any(|long| flag == format!("--{long}")), "{flag}");
                        }
                    }
                }
            }
        }
    }
}
