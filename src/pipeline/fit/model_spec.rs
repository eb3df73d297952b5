//! The learner's options beside what is known of the data.

use crate::{
    data::{Split, Task},
    error::{Error, Result},
    learner::ModelSpec,
    pipeline::{
        fit::boost::loss_of,
        open::{target::Target, training_data::TrainingData},
        prepare::assign::Assigned,
    },
};

/// Refuses batches of a target that is no class, metrics of the learning curve that mean nothing for it, and
/// weights of classes that it does not have.
pub(crate) fn check_target(model: &ModelSpec, incremental: bool, target: &Target) -> Result<()> {
    if incremental && target.task == Task::Regression {
        return Err(Error::Usage(format!(
            "the target `{}` is a number, and learners of batches learn classes; use \
             `rowmill train --model gbdt`, or choose a target of classes with --target",
            target.name
        )));
    }
    let regression = model.regression_loss();
    let loss = loss_of(target.task, target.classes.len(), regression);
    model.check_metrics(loss)?;
    resolved_by_name(model, target).map(|_| ())
}

/// The learner's options with the weights filled in that are given by the names of classes. What depends on
/// how many rows a class has is not known yet.
pub(crate) fn resolved_by_name(model: &ModelSpec, target: &Target) -> Result<ModelSpec> {
    let classes: Vec<(&str, u64)> = names(target).map(|class| (class, 0)).collect();
    let mut spec = model.clone();
    spec.resolve(&classes, 1.0)?;
    Ok(spec)
}

fn names(target: &Target) -> impl Iterator<Item = &str> {
    target.classes.iter().map(String::as_str)
}

/// The learner's options with class weights, penalties and constraints filled in.
pub(crate) fn resolved(
    model: &ModelSpec,
    data: &TrainingData,
    target: &Target,
    assigned: &Assigned,
) -> Result<ModelSpec> {
    let train = &assigned.class_rows[Split::Train as usize];
    let classes: Vec<(&str, u64)> = names(target).zip(train.iter().copied()).collect();
    let mut spec = model.clone();
    spec.resolve_features(&data.features())?;
    spec.resolve(&classes, assigned.train_weight)?;
    Ok(spec)
}
