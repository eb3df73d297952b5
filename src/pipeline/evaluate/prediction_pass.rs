//! A pass over the data that predicts every row with a finished model.
//!
//! ```text
//!   lane --columns of the features--> Predictor --margins--\
//!        --other columns-------------------------------------> PredictionSink --parts--> merge
//! ```
//!
//! The pass knows no labels and no splits: its sink does, or not. Evaluation is one sink, the file of
//! predictions another.

use std::ops::RangeInclusive;

use crate::{
    data::Batch,
    engine::{Context, ParquetPass, PassReport, Sink, Slice, parquet_pass},
    error::{Error, Result},
    model::{Model, Predictor, Unseen},
    pipeline::{open::training_data::TrainingData, storage::rows::RowsBuffer},
};

/// Bytes of a slice's codes in one lane.
const SLICE_BYTES_MAX: usize = 16 << 20;

/// Rows of a slice, at the least (narrower slices would decode pages again and again) and at the most.
pub(crate) const SLICE_ROWS: RangeInclusive<usize> = 4096..=(1 << 17);

/// Rows that a lane predicts at a time, for a model that reads so many features.
pub(crate) fn slice_rows(features: usize) -> usize {
    (SLICE_BYTES_MAX / features.max(1)).clamp(*SLICE_ROWS.start(), *SLICE_ROWS.end())
}

/// Bytes that one lane holds beside its decoder.
pub(crate) fn lane_bytes(features: usize, outputs: usize) -> u64 {
    let rows = slice_rows(features) as u64;
    rows * (features as u64 + outputs as u64 * 8 + RowsBuffer::ROW_BYTES as u64 + 8)
}

/// The model, the data and the columns of a pass.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PredictionPass<'a> {
    /// The pass's name for people.
    pub(crate) name: &'a str,
    /// The data.
    pub(crate) data: &'a TrainingData,
    /// The model.
    pub(crate) model: &'a Model,
    /// Schema indexes of the columns that sinks get beside the predictions.
    pub(crate) columns: &'a [usize],
    /// The most rows of a slice; [`slice_rows`] may allow fewer.
    pub(crate) slice_rows_max: usize,
}

/// Consumer of one lane's predictions, slice by slice.
pub(crate) trait PredictionSink: Send {
    /// The result of a slice, merged in row order.
    type Part: Send;

    /// Takes some rows of one of the pass's other columns, `column` counted among them.
    ///
    /// # Errors
    /// Ends the pass.
    fn batch(&mut self, slice: Slice, column: usize, batch: &Batch) -> Result<()>;

    /// Takes the margins of all rows of the slice, output-major; every other column has come.
    ///
    /// # Errors
    /// Ends the pass.
    fn finish(&mut self, slice: Slice, margins: &[f32]) -> Result<Self::Part>;
}

/// Predicts all rows: `sinks`, one a lane, get the predictions, and `merge` their parts in row order.
///
/// Memory: [`lane_bytes`] a lane, and what the sinks hold.
///
/// # Errors
/// When the data cannot be read or lack a column of the model; the sinks' and the merge's.
pub(crate) fn predict<S: PredictionSink>(
    context: &Context<'_>,
    pass: &PredictionPass<'_>,
    sinks: Vec<S>,
    merge: impl FnMut(Slice, S::Part) -> Result<()>,
) -> Result<(PassReport, Vec<S>)> {
    let PredictionPass { data, model, .. } = *pass;
    let predictor = Predictor::new(model, Unseen::Missing);
    let features = predictor.used_features().to_vec();
    let mut columns = features
        .iter()
        .map(|feature| column_of(data, &model.features[*feature].name))
        .collect::<Result<Vec<usize>>>()?;
    columns.extend_from_slice(pass.columns);
    let sinks = sinks.into_iter().map(|sink| LaneSink {
        features: &features,
        predictor: predictor.clone(),
        slice: Slice::default(),
        margins: Vec::new(),
        sink,
    });
    let parquet = ParquetPass {
        name: pass.name,
        row_groups: &data.row_ranges,
        columns: &columns,
        slice_rows_max: slice_rows(features.len()).min(pass.slice_rows_max),
        first_row: 0,
    };
    let lanes = data.lanes(context);
    let (report, sinks) = parquet_pass(context, &parquet, lanes, sinks.collect(), merge)?;
    Ok((report, sinks.into_iter().map(|lane| lane.sink).collect()))
}

fn column_of(data: &TrainingData, name: &str) -> Result<usize> {
    data.schema().index_of(name).ok_or_else(|| {
        Error::Dataset(format!(
            "the data have no column `{name}`, which the model needs"
        ))
    })
}

/// One lane's predictor before its sink.
struct LaneSink<'a, S> {
    /// The used features, the first columns of the pass.
    features: &'a [usize],
    predictor: Predictor,
    slice: Slice,
    margins: Vec<f32>,
    sink: S,
}

impl<S: PredictionSink> Sink for LaneSink<'_, S> {
    type Part = S::Part;

    fn start(&mut self, slice: Slice) -> Result<()> {
        self.slice = slice;
        self.predictor.start(slice.rows);
        Ok(())
    }

    fn batch(&mut self, batch: &Batch) -> Result<()> {
        let first_row = (batch.first_row - self.slice.first_row) as usize;
        let column = batch.column_position;
        match self.features.get(column) {
            Some(feature) => {
                let added = self.predictor.add(*feature, first_row, &batch.values);
                added.expect("an unseen text counts as missing");
                Ok(())
            }
            None => {
                let column = column - self.features.len();
                self.sink.batch(self.slice, column, batch)
            }
        }
    }

    fn finish(&mut self) -> Result<S::Part> {
        let margins = self.slice.rows * self.predictor.outputs();
        self.margins.resize(margins, 0.0);
        self.predictor.finish_into(&mut self.margins);
        self.sink.finish(self.slice, &self.margins)
    }
}
