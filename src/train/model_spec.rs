//! The learner's options beside what is known of the data.

use crate::{
    data::Split,
    error::Result,
    learner::ModelSpec,
    train::{assign::Assigned, boost::loss_of, job::Job, options::TrainOptions, target::Target},
};

/// Refuses metrics of the learning curve that mean nothing for the target.
pub(super) fn check_metrics(options: &TrainOptions, target: &Target) -> Result<()> {
    let regression = options.model.regression_loss();
    let loss = loss_of(target.task, target.classes.len(), regression);
    options.model.check_metrics(loss)
}

/// The learner's options with class weights, penalties and constraints filled in.
pub(super) fn resolved(
    model: &ModelSpec,
    job: &Job,
    target: &Target,
    assigned: &Assigned,
) -> Result<ModelSpec> {
    let train = &assigned.class_rows[Split::Train as usize];
    let names = target.classes.iter().map(String::as_str);
    let classes: Vec<(&str, u64)> = names.zip(train.iter().copied()).collect();
    let mut spec = model.clone();
    spec.resolve_features(&job.features())?;
    spec.resolve(&classes, assigned.train_weight)?;
    Ok(spec)
}
