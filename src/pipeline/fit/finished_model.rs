//! A finished learner as a model: what the model says of its data and its training.

use serde_json::Value;

use crate::{
    data::Split,
    model::{About, Body, ExcludedColumn, Model, Roles},
    pipeline::{
        fit::context::{FitContext, FitSpec},
        prepare::assign::Assigned,
    },
};

/// The model of trees or coefficients, without metrics.
pub(crate) fn model(fit: &FitContext<'_>, spec: &FitSpec<'_>, body: Body) -> Model {
    Model {
        about: about(fit, spec.assigned),
        features: spec.bins.features.clone(),
        body,
        metrics: Value::Null,
        split: split_value(fit, spec.assigned),
        options: serde_json::to_value(spec.model).expect("options are numbers and text"),
    }
}

/// The assignment of groups to splits, and the validation rows of `--val-dir`, as the model stores them.
pub(crate) fn split_value(fit: &FitContext<'_>, assigned: &Assigned) -> Value {
    let assignment = serde_json::to_value(&assigned.assignment);
    let mut value = assignment.expect("an assignment is numbers and text");
    if let Some(validation) = &fit.data.validation {
        value["validation"] = serde_json::to_value(validation).expect("it is numbers and text");
    }
    value
}

/// The description of a model of these splits.
pub(crate) fn about(fit: &FitContext<'_>, assigned: &Assigned) -> About {
    about_of(fit, assigned.content_hash, assigned.rows(Split::Train))
}

/// The description of a model of data with this hash, from so many training rows.
pub(crate) fn about_of(fit: &FitContext<'_>, data_fingerprint: u64, train_rows: u64) -> About {
    let (data, target) = (fit.data, fit.target);
    let name = |column: usize| data.schema().fields[column].name.clone();
    let excluded = data.roles.excluded.iter().map(|excluded| ExcludedColumn {
        name: name(excluded.column),
        reason: excluded.reason.clone(),
    });
    About {
        rowmill_version: env!("CARGO_PKG_VERSION").to_owned(),
        task: target.task,
        classes: target.classes.clone(),
        roles: Roles {
            target: target.name.clone(),
            group: data.roles.group.map(name),
            weight: data.roles.weight.map(name),
            split: data.roles.split.map(name),
            excluded: excluded.collect(),
        },
        profile: data.profile.as_ref().map(|profile| profile.to_toml()),
        data_fingerprint,
        train_rows,
        seed: fit.seed,
    }
}
