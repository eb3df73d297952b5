//! The target of an incremental run whose classes are declared: by the learner that it continues, or by
//! `--classes`.

use crate::{
    columns::profile::Profile,
    data::{Field, Task, TextValues, ValueType, Values, task_or_auto},
    error::{Error, Result},
    model::About,
    pipeline::{
        incremental::earlier_learner::EarlierLearner,
        open::{
            classes::{TargetSpec, known_target, task_choice},
            target::{DistinctValues, Target},
            training_data::TrainingData,
        },
        options::IncrementalOptions,
    },
};

/// The target where its classes are declared, else `None`.
///
/// # Errors
/// [`Error::Usage`] when the target has other classes, or values of another type.
pub(crate) fn declared_target(
    data: &TrainingData,
    spec: TargetSpec<'_>,
    options: Option<&IncrementalOptions>,
    earlier: Option<&EarlierLearner>,
) -> Result<Option<Target>> {
    if let Some(earlier) = earlier {
        return learned_target(data, spec, &earlier.file.model.about).map(Some);
    }
    let Some(classes) = options.and_then(|options| options.classes.as_ref()) else {
        let one_pass = options.is_some_and(|options| options.one_pass);
        return known_beforehand(data, spec, one_pass);
    };
    let Some(target) = known_target(data, spec)? else {
        let choice = choice_of(spec.task, classes);
        return from_names(data, classes, choice, spec.classes_max, "--classes").map(Some);
    };
    let sorted = |names: &[String]| {
        let mut names = names.to_vec();
        names.sort();
        names
    };
    if sorted(&target.classes) == sorted(classes) {
        return Ok(Some(target));
    }
    Err(Error::Usage(format!(
        "--classes: {} is given, but the target `{}` has {} (--task {}); leave out --classes, or use another --task or \
         --profile",
        classes.join(", "),
        target.name,
        target.classes.join(", "),
        task_or_auto::name(task_choice(data, spec.task)),
    )))
}

/// The target of an earlier learner: its classes stay, and `--task auto` means its task. The data's profile
/// defines their spelling if it has the same classes, else the learner's profile, else their names.
fn learned_target(data: &TrainingData, spec: TargetSpec<'_>, about: &About) -> Result<Target> {
    let name = &data.schema().fields[data.target_column()].name;
    let classes = &about.classes;
    let choice = choice_of(spec.task, classes);
    let refuse = || {
        Error::Usage(format!(
            "--init-model: the learner has the {} classes {} of the target `{name}`, which --task {} does not fit; \
             leave out --task, or leave out --init-model",
            classes.len(),
            classes.join(", "),
            task_or_auto::name(spec.task),
        ))
    };
    if choice == Some(Task::Regression) || (choice == Some(Task::Binary) && classes.len() > 2) {
        return Err(refuse());
    }
    let own = about.profile.as_ref();
    let own = own.and_then(|text| Profile::parse(text, "of --init-model").ok());
    for profile in data.profile.iter().chain(&own) {
        if !profile.describes_target(name) {
            continue;
        }
        match Target::from_profile(name, profile, choice) {
            Ok(target) if target.classes == *classes => return Ok(target),
            _ if choice != choice_of(None, classes) => return Err(refuse()),
            _ => {}
        }
    }
    let target = from_names(data, classes, choice, spec.classes_max, "--init-model")?;
    if target.classes == *classes {
        return Ok(target);
    }
    Err(Error::Usage(format!(
        "--init-model: the spelling of its classes {} in the target `{name}` is not known; use the --profile of the \
         earlier run",
        classes.join(", ")
    )))
}

/// The task of `--task` for a number of classes.
fn choice_of(task: Option<Task>, classes: &[String]) -> Option<Task> {
    match (task, classes.len()) {
        (None, 2) => Some(Task::Binary),
        (None, _) => Some(Task::Multiclass),
        (asked, _) => asked,
    }
}

/// The target without declared classes: `None` where a pass over the data finds them.
fn known_beforehand(
    data: &TrainingData,
    spec: TargetSpec<'_>,
    one_pass: bool,
) -> Result<Option<Target>> {
    match known_target(data, spec)? {
        None if one_pass => Err(Error::Usage(format!(
            "--one-pass: the classes of the target `{}` are not known before the rows are read; name them \
             with --classes",
            data.schema().fields[data.target_column()].name
        ))),
        _ => Ok(None),
    }
}

/// A class as a value of the target column; `None` for a class that is no number in a numeric column. In a
/// column of truth values, which are 0 and 1, it may be `false` or `true`.
fn class_value(field: &Field, class: &str) -> Option<Values> {
    if field.value_type == Some(ValueType::Text) {
        let mut text = TextValues::default();
        text.push_value(class);
        return Some(Values::Text(text));
    }
    // As Parquet and as Arrow call the type.
    let is_truth = ["bool", "Boolean"].contains(&field.file_type.as_str());
    let number = match class {
        "false" if is_truth => 0.0,
        "true" if is_truth => 1.0,
        _ => class.parse().ok().filter(|number: &f64| !number.is_nan())?,
    };
    Some(match field.value_type {
        Some(ValueType::F32) => Values::F32(vec![number as f32]),
        _ => Values::F64(vec![number]),
    })
}

/// The target of declared classes.
fn from_names(
    data: &TrainingData,
    classes: &[String],
    choice: Option<Task>,
    classes_max: usize,
    by: &str,
) -> Result<Target> {
    let field = &data.schema().fields[data.target_column()];
    let mut values = DistinctValues::default();
    for class in classes {
        let known = values.len();
        let value = class_value(field, class).ok_or_else(|| {
            Error::Usage(format!(
                "{by}: the class `{class}` is no number, but the target `{}` has the type {}; use a --profile \
                 that defines the spelling of the classes",
                field.name, field.file_type
            ))
        })?;
        values.update(&value, usize::MAX);
        if values.len() == known {
            return Err(Error::Usage(format!(
                "{by}: the class `{class}` is named twice, as values of the target `{}` are compared; name each \
                 class once",
                field.name
            )));
        }
    }
    Target::from_values(&field.name, &values, choice, classes_max)
}
