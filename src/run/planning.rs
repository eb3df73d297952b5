//! `rowmill plan`: the plan of a run without the run.

use crate::{
    data::Task,
    engine::Progress,
    error::Result,
    pipeline::{
        fit::model_spec::check_target,
        open::{
            classes::{assumed_task, known_target, task_choice},
            training_data::TrainingData,
        },
        session::RunPlan,
    },
    platform::stop::Stop,
    run::{
        admission::{context, plan_for},
        options::TrainOptions,
    },
};

/// Plans a run without starting it.
///
/// # Errors
/// Whatever is wrong with the data's footers and the options.
pub fn plan(options: &TrainOptions, progress: &dyn Progress) -> Result<(TrainingData, RunPlan)> {
    let data = TrainingData::open(&options.data, &options.columns, &options.resources.limits)?;
    let stop = Stop::default();
    let context = context(&options.resources, &stop, progress);
    let target = known_target(&data, options.target_spec())?;
    if let Some(target) = &target {
        check_target(&options.model, options.incremental.is_some(), target)?;
    }
    let shape = target.as_ref().map_or_else(
        || assumed_task(task_choice(&data, options.columns.task)),
        |target| (target.task, target.classes.len()),
    );
    let mut plan = plan_for(&context, &data, shape, options, None)?;
    let (task, classes) = shape;
    if target.is_none() && task != Task::Regression {
        plan.notes.push(format!(
            "the target's classes are counted when the run starts; {classes} are assumed here"
        ));
    }
    Ok((data, plan))
}
