//! Which target and task a run has: what was asked, what the profile says, what the data hold.

use crate::{
    data::{ValueType, profile::ProfileTask},
    engine::{Context, PassReport},
    error::{Error, Result},
    learner::ModelSpec,
    model::link::Task,
    train::{
        job::Job,
        options::{TaskChoice, TrainOptions},
        scan::distinct_values,
        target::Target,
    },
};

/// What `--task` means here: `auto` is the profile's task for the profile's target.
pub(super) fn task_choice(job: &Job, options: &TrainOptions) -> TaskChoice {
    let name = &job.schema().fields[job.roles.target].name;
    match (&job.profile, options.task) {
        (Some(profile), TaskChoice::Auto) if profile.target.as_deref() == Some(name) => {
            match profile.task {
                ProfileTask::Auto => TaskChoice::Auto,
                ProfileTask::Binary => TaskChoice::Binary,
                ProfileTask::Multiclass => TaskChoice::Multiclass,
                ProfileTask::Regression => TaskChoice::Regression,
            }
        }
        (_, asked) => asked,
    }
}

/// The target where it is known without reading data.
pub(super) fn known_target(job: &Job, options: &TrainOptions) -> Result<Option<Target>> {
    let name = &job.schema().fields[job.roles.target].name;
    let choice = task_choice(job, options);
    if choice == TaskChoice::Regression && matches!(options.model, ModelSpec::Logistic(_)) {
        return Err(Error::Usage(format!(
            "logistic regression learns classes, and the target `{name}` is learned as a number; \
             use --model gbdt, or another --task"
        )));
    }
    match &job.profile {
        Some(profile) if profile.describes_target(name) => {
            Target::from_profile(name, profile, choice).map(Some)
        }
        _ if choice == TaskChoice::Regression => {
            let is_text = job.schema().fields[job.roles.target].value_type == Some(ValueType::Text);
            if is_text {
                return Err(Error::Dataset(format!(
                    "the target `{name}` is text and --task regression needs a number; use --task multiclass or another --target"
                )));
            }
            Ok(Some(Target::regression(name)))
        }
        _ => Ok(None),
    }
}

/// The target, from the data where nobody said what its classes are.
pub(super) fn find_target(
    context: &Context<'_>,
    job: &Job,
    options: &TrainOptions,
    passes: &mut Vec<PassReport>,
) -> Result<Target> {
    if let Some(target) = known_target(job, options)? {
        return Ok(target);
    }
    let classes_max = options.limits.classes_max;
    let (values, report) = distinct_values(context, job, job.roles.target, classes_max)?;
    passes.push(report);
    let name = &job.schema().fields[job.roles.target].name;
    let choice = task_choice(job, options);
    let target = Target::from_values(name, &values, choice, classes_max)?;
    context.progress.message(&format!(
        "classes of `{name}` in order: {}",
        target.classes.join(", ")
    ));
    Ok(target)
}

/// What a plan takes the task to be before the classes are counted.
pub(super) fn assumed_task(choice: TaskChoice) -> (Task, usize) {
    match choice {
        TaskChoice::Multiclass => (Task::Multiclass, 3),
        TaskChoice::Regression => (Task::Regression, 0),
        TaskChoice::Auto | TaskChoice::Binary => (Task::Binary, 2),
    }
}
