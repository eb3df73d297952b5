//! The run's `predictions.parquet`, by a pass over the data with the saved model.

use std::path::Path;

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
        open::{target::Target, training_data::TrainingData},
        prepare::assign::Assigned,
        storage::rows::RowsFile,
    },
};

/// A finished run, as far as its predictions depend on it.
#[derive(Clone, Copy)]
pub(crate) struct PredictedRun<'a> {
    /// True if each row was read once; there is no rows file then.
    pub(crate) one_pass: bool,
    pub(crate) data: &'a TrainingData,
    pub(crate) target: &'a Target,
    pub(crate) assigned: &'a Assigned,
    pub(crate) rows: &'a RowsFile,
    /// The evaluation of the test rows, where the run is to be verified.
    pub(crate) evaluation: Option<&'a EvaluationSpec>,
    pub(crate) out_dir: &'a Path,
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
    let columns = match run.one_pass {
        true => run.data.scan_columns(),
        false => Vec::new(),
    };
    let spec = PredictionsSpec {
        name: "predictions",
        data: run.data,
        model,
        path: &run.out_dir.join(NAME),
        columns: &columns,
        evaluation: run.evaluation,
    };
    let lanes = 0..context.threads;
    if run.one_pass {
        let assignment = run.assigned.assignment.as_ref();
        let reader = |_| RereadRows::new(run.data, run.target, assignment);
        predict_and_write(context, &spec, lanes.map(reader).collect())
    } else {
        let reader = |_| StoredRows::new(run.rows);
        predict_and_write(context, &spec, lanes.map(reader).collect())
    }
}
