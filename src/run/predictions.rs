//! The run's `predictions.parquet`, by a pass over the data with the saved model.

use crate::{
    engine::{Context, PassReport},
    error::Result,
    model::Model,
    pipeline::{
        evaluate::{
            evaluation::{Evaluation, EvaluationSpec},
            predictions::{NAME, PredictionsSpec, StoredRows, predict_and_write},
        },
        one_pass::reread::RereadRows,
        open::{target::Target, training_data::Job},
        prepare::assign::Assigned,
        storage::rows::RowsFile,
    },
    run::options::train::TrainOptions,
};

/// A finished run, as far as its predictions depend on it.
#[derive(Clone, Copy)]
pub(crate) struct PredictedRun<'a> {
    pub(crate) options: &'a TrainOptions,
    pub(crate) job: &'a Job,
    pub(crate) target: &'a Target,
    pub(crate) assigned: &'a Assigned,
    /// The rows file; empty where each row was read once.
    pub(crate) rows: &'a RowsFile,
    pub(crate) evaluation: &'a EvaluationSpec,
}

/// Writes the valid and test rows with the model's predictions. Evaluates the test rows on the way
/// where the run is to be verified.
///
/// # Errors
/// When the data cannot be read, or the file cannot be written.
pub(crate) fn write_predictions(
    context: &Context<'_>,
    run: PredictedRun<'_>,
    model: &Model,
) -> Result<(Option<Evaluation>, PassReport)> {
    let is_one_pass = (run.options.online.as_ref()).is_some_and(|online| online.one_pass);
    let columns = match is_one_pass {
        true => run.job.scan_columns(),
        false => Vec::new(),
    };
    let spec = PredictionsSpec {
        name: "predictions",
        job: run.job,
        model,
        path: &run.options.out_dir.join(NAME),
        columns: &columns,
        evaluation: run.options.verify.then_some(run.evaluation),
    };
    let lanes = 0..context.threads;
    if is_one_pass {
        let assignment = run.assigned.assignment.as_ref();
        let reader = |_| RereadRows::new(run.job, run.target, assignment);
        predict_and_write(context, &spec, lanes.map(reader).collect())
    } else {
        let reader = |_| StoredRows::new(run.rows);
        predict_and_write(context, &spec, lanes.map(reader).collect())
    }
}
