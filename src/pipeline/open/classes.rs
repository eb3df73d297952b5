//! The classes of the target: from the profile or the options, else the distinct values of the column.

use crate::{
    data::{Batch, Task, ValueType},
    engine::{Context, ParquetPass, PassReport, Sink, Slice, parquet_pass},
    error::{Error, Result},
    learner::{ModelSpec, gbdt::Loss},
    pipeline::open::{
        target::{DistinctValues, Target},
        training_data::TrainingData,
    },
};

/// Rows of a slice.
const SLICE_ROWS_MAX: usize = 1 << 17;

/// Options that a target depends on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TargetSpec<'a> {
    pub(crate) task: Option<Task>,
    pub(crate) model: &'a ModelSpec,
    /// An incremental run, whose learners support classification alone.
    pub(crate) incremental: bool,
    pub(crate) classes_max: usize,
}

/// The target where it is known without reading data.
///
/// # Errors
/// [`Error::Usage`] or [`Error::Dataset`] when the task does not fit the target.
pub(crate) fn known_target(data: &TrainingData, spec: TargetSpec<'_>) -> Result<Option<Target>> {
    let field = &data.schema().fields[data.target_column()];
    let name = &field.name;
    let choice = task_choice(data, spec.task);
    if choice == Some(Task::Regression) && matches!(spec.model, ModelSpec::Logistic(_)) {
        let learner = if spec.incremental {
            "`rowmill train --model gbdt`"
        } else {
            "--model gbdt"
        };
        return Err(Error::Usage(format!(
            "logistic regression needs classes, but the target `{name}` is a number; use {learner}, or another \
             --task"
        )));
    }
    match &data.profile {
        Some(profile) if profile.describes_target(name) => {
            Target::from_profile(name, profile, choice).map(Some)
        }
        _ if choice == Some(Task::Regression) => {
            if field.value_type == Some(ValueType::Text) {
                return Err(Error::Dataset(format!(
                    "the target `{name}` is text and --task regression needs a number; use --task multiclass or another --target"
                )));
            }
            let loss = spec.model.regression_loss();
            let is_count = matches!(loss, Loss::Poisson { .. });
            Ok(Some(Target::regression(name, is_count)))
        }
        _ => Ok(None),
    }
}

/// The task that `--task` selects: `auto` is the profile's task for the profile's target.
pub(crate) fn task_choice(data: &TrainingData, asked: Option<Task>) -> Option<Task> {
    let name = &data.schema().fields[data.target_column()].name;
    match (&data.profile, asked) {
        (Some(profile), None) if profile.target.as_deref() == Some(name) => profile.task,
        (_, asked) => asked,
    }
}

/// The target, by a pass over its column where nothing else says its classes.
///
/// # Errors
/// When the column cannot be read, or its values are nothing to learn.
pub(crate) fn find_target(
    context: &Context<'_>,
    data: &TrainingData,
    spec: TargetSpec<'_>,
    passes: &mut Vec<PassReport>,
) -> Result<Target> {
    if let Some(target) = known_target(data, spec)? {
        return Ok(target);
    }
    let (values, report) = distinct_values(context, data, spec.classes_max)?;
    passes.push(report);
    let name = &data.schema().fields[data.target_column()].name;
    let target = Target::from_values(
        name,
        &values,
        task_choice(data, spec.task),
        spec.classes_max,
    )?;
    context.progress.message(&format!(
        "classes of `{name}` in order: {}",
        target.classes.join(", ")
    ));
    Ok(target)
}

/// The task that a memory plan assumes before the classes are counted.
pub(crate) fn assumed_task(choice: Option<Task>) -> (Task, usize) {
    match choice {
        Some(Task::Multiclass) => (Task::Multiclass, 3),
        Some(Task::Regression) => (Task::Regression, 0),
        None | Some(Task::Binary) => (Task::Binary, 2),
    }
}

/// The distinct values of the target column, at most one more than there may be classes.
fn distinct_values(
    context: &Context<'_>,
    data: &TrainingData,
    values_max: usize,
) -> Result<(DistinctValues, PassReport)> {
    let pass = ParquetPass {
        name: "classes",
        row_groups: &data.row_ranges,
        columns: &[data.target_column()],
        slice_rows_max: SLICE_ROWS_MAX,
        first_row: 0,
    };
    let sink = || DistinctSink {
        values: DistinctValues::default(),
        values_max,
    };
    let sinks = (0..context.threads).map(|_| sink()).collect();
    let mut distinct = DistinctValues::default();
    let (report, _) = parquet_pass(context, &pass, data.lanes(context), sinks, |_, part| {
        distinct.merge(&part, values_max);
        Ok(())
    })?;
    Ok((distinct, report))
}

/// One lane's distinct values of one slice at a time.
struct DistinctSink {
    values: DistinctValues,
    values_max: usize,
}

impl Sink for DistinctSink {
    type Part = DistinctValues;

    fn start(&mut self, _slice: Slice) -> Result<()> {
        Ok(())
    }

    fn batch(&mut self, batch: &Batch) -> Result<()> {
        self.values.update(&batch.values, self.values_max);
        Ok(())
    }

    fn finish(&mut self) -> Result<DistinctValues> {
        Ok(std::mem::take(&mut self.values))
    }
}
