//! Evaluation of a model on the raw data, by a prediction pass.

use crate::{
    data::{Batch, Split},
    engine::{Context, PassReport, Slice},
    error::Result,
    model::Model,
    pipeline::{
        evaluate::{
            evaluation::{Evaluation, EvaluationSpec},
            prediction_pass::{PredictionPass, PredictionSink, SLICE_ROWS, predict},
        },
        open::training_data::TrainingData,
        storage::rows::{RowsBuffer, RowsFile},
    },
};

/// The model, the rows and the splits of an evaluation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PredictSpec<'a> {
    /// The pass's name for people.
    pub name: &'a str,
    /// The data.
    pub data: &'a TrainingData,
    /// The model.
    pub model: &'a Model,
    /// Labels, groups and splits.
    pub rows: &'a RowsFile,
    /// The splits whose rows are evaluated.
    pub splits: &'a [Split],
    /// The task and the bounds of the evaluation.
    pub evaluation: &'a EvaluationSpec,
}

/// Predicts all rows and evaluates those of some splits.
///
/// Memory: that of the prediction pass, and an evaluation a lane.
///
/// # Errors
/// When the data cannot be read or lack a column of the model.
pub(crate) fn predict_and_evaluate(
    context: &Context<'_>,
    spec: &PredictSpec<'_>,
) -> Result<(Evaluation, PassReport)> {
    let sinks = (0..context.threads)
        .map(|_| EvaluationSink {
            rows: spec.rows,
            splits: spec.splits,
            evaluation: Evaluation::new(spec.evaluation),
            buffer: RowsBuffer::default(),
        })
        .collect();
    let pass = PredictionPass {
        name: spec.name,
        data: spec.data,
        model: spec.model,
        columns: &[],
        slice_rows_max: *SLICE_ROWS.end(),
    };
    let (report, sinks) = predict(context, &pass, sinks, |_, ()| Ok(()))?;
    let mut evaluation = Evaluation::new(spec.evaluation);
    for sink in sinks {
        evaluation.merge(sink.evaluation)?;
    }
    Ok((evaluation, report))
}

/// Evaluation of one lane's predictions.
struct EvaluationSink<'a> {
    rows: &'a RowsFile,
    splits: &'a [Split],
    evaluation: Evaluation,
    buffer: RowsBuffer,
}

impl PredictionSink for EvaluationSink<'_> {
    type Part = ();

    fn batch(&mut self, _: Slice, _: usize, _: &Batch) -> Result<()> {
        unreachable!("the pass reads no other columns")
    }

    fn finish(&mut self, slice: Slice, margins: &[f32]) -> Result<()> {
        let rows = self
            .buffer
            .read_range(self.rows, slice.first_row, slice.rows)?;
        self.evaluation.update(self.splits, &rows, margins)
    }
}
