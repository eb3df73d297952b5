//! The pass that writes the file, and evaluates on the way where that is asked for.

use std::path::Path;

use crate::{
    data::{Batch, RowBlock, Split, Values},
    engine::{Context, PassReport, Slice},
    error::Result,
    model::Model,
    pipeline::{
        evaluate::{
            evaluation::{Evaluation, EvaluationSpec},
            prediction_pass::{PredictionPass, PredictionSink, predict},
            predictions::{file::PredictionsFile, plan::slice_rows_max, rows::PredictedRows},
        },
        open::training_data::TrainingData,
        storage::rows::{RowsBuffer, RowsFile},
    },
};

/// The source of labels, weights and splits; one a lane.
pub(crate) trait RowReader: Send {
    /// The rows of a slice. `columns` are the values of the columns that the spec names.
    ///
    /// # Errors
    /// When the rows cannot be read, or a column says what no row can have.
    fn read(&mut self, slice: Slice, columns: &[Values]) -> Result<RowBlock<'_>>;
}

/// Rows of the file that a scan wrote.
#[derive(Debug)]
pub(crate) struct StoredRows<'a> {
    file: &'a RowsFile,
    buffer: RowsBuffer,
}

impl<'a> StoredRows<'a> {
    pub(crate) fn new(file: &'a RowsFile) -> Self {
        Self {
            file,
            buffer: RowsBuffer::default(),
        }
    }
}

impl RowReader for StoredRows<'_> {
    fn read(&mut self, slice: Slice, _: &[Values]) -> Result<RowBlock<'_>> {
        self.buffer
            .read_range(self.file, slice.first_row, slice.rows)
    }
}

/// The model, the data and the file of a pass.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PredictionsSpec<'a> {
    /// The pass's name for people.
    pub(crate) name: &'a str,
    /// The data.
    pub(crate) data: &'a TrainingData,
    /// The model.
    pub(crate) model: &'a Model,
    /// The file's path.
    pub(crate) path: &'a Path,
    /// Schema indexes of the columns that row readers get.
    pub(crate) columns: &'a [usize],
    /// The evaluation of the test rows, where there is to be one.
    pub(crate) evaluation: Option<&'a EvaluationSpec>,
}

/// Predicts all rows and writes those of the valid and the test split, in row order; evaluates the
/// test rows where the spec asks for it. `readers` are one a lane.
///
/// Memory: that of the prediction pass, the lines that this room adds to the plan, and an evaluation a lane.
///
/// # Errors
/// When the data cannot be read or lack a column of the model, or the file cannot be written.
pub(crate) fn predict_and_write<R: RowReader>(
    context: &Context<'_>,
    spec: &PredictionsSpec<'_>,
    readers: Vec<R>,
) -> Result<(Option<Evaluation>, PassReport)> {
    let group = spec.data.roles.group;
    let mut columns = spec.columns.to_vec();
    let group = group.map(
        |group| match columns.iter().position(|column| *column == group) {
            Some(place) => place,
            None => {
                columns.push(group);
                columns.len() - 1
            }
        },
    );
    let sink = |reader: R| WritingSink {
        reader,
        values: columns.iter().map(|_| Values::F32(Vec::new())).collect(),
        group,
        evaluation: spec.evaluation.map(Evaluation::new),
    };
    let sinks = readers.into_iter().map(sink).collect();
    let pass = PredictionPass {
        name: spec.name,
        data: spec.data,
        model: spec.model,
        columns: &columns,
        slice_rows_max: slice_rows_max(spec.model.body.outputs()),
    };
    let mut file = PredictionsFile::create(spec.path, spec.model)?;
    let merge = |_, rows: PredictedRows| file.add(&rows);
    let (report, sinks) = predict(context, &pass, sinks, merge)?;
    let mut evaluation = spec.evaluation.map(Evaluation::new);
    for sink in sinks {
        if let (Some(evaluation), Some(part)) = (&mut evaluation, sink.evaluation) {
            evaluation.merge(part)?;
        }
    }
    file.finish()?;
    Ok((evaluation, report))
}

/// The held-out rows of one lane's slices.
struct WritingSink<R> {
    reader: R,
    /// The other columns of the slice.
    values: Vec<Values>,
    /// The place of the group column among them.
    group: Option<usize>,
    evaluation: Option<Evaluation>,
}

impl<R: RowReader> PredictionSink for WritingSink<R> {
    type Part = PredictedRows;

    fn batch(&mut self, slice: Slice, column: usize, batch: &Batch) -> Result<()> {
        let values = &mut self.values[column];
        if batch.first_row == slice.first_row {
            values.restart(&batch.values, slice.rows);
        }
        values.append(&batch.values);
        Ok(())
    }

    fn finish(&mut self, slice: Slice, margins: &[f32]) -> Result<PredictedRows> {
        let rows = self.reader.read(slice, &self.values)?;
        if let Some(evaluation) = &mut self.evaluation {
            evaluation.update(&[Split::Test], &rows, margins)?;
        }
        let keys = self.group.map(|place| &self.values[place]);
        Ok(PredictedRows::of_slice(slice, &rows, keys, margins))
    }
}
