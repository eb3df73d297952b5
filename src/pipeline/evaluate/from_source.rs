//! Predictions straight from Parquet: decode, code or standardise, predict, evaluate.
//!
//! Trees need all of a row's codes at once, so that a slice's codes are assembled a feature after
//! the other; linear margins are summed up feature by feature and need no such buffer.

use std::{collections::BTreeSet, ops::RangeInclusive, sync::Arc};

use crate::{
    data::{Batch, CodeLayout, PackMember, Split, Values},
    engine::{Context, ParquetPass, PassReport, Sink, Slice, parquet_pass},
    error::{Error, Result},
    limits::CODES_MAX,
    model::{
        Body, Coder, Model,
        features::missing_codes,
        predict::{ByteTrees, LinearPredictor},
    },
    pipeline::{
        evaluate::evaluation::{Evaluation, EvaluationSpec},
        open::training_data::Job,
        storage::rows::{RowsBuffer, RowsFile},
    },
};

/// Bytes of a slice's codes in one lane.
const SLICE_BYTES_MAX: usize = 16 << 20;

/// Rows of a slice, at the least (narrower slices would decode pages again and again) and at the most.
const SLICE_ROWS: RangeInclusive<usize> = 4096..=(1 << 17);

/// Rows that a lane predicts at a time, for a model that reads so many features.
pub fn slice_rows(features: usize) -> usize {
    (SLICE_BYTES_MAX / features.max(1)).clamp(*SLICE_ROWS.start(), *SLICE_ROWS.end())
}

/// Bytes that one lane holds beside its decoder.
pub fn lane_bytes(features: usize, outputs: usize) -> u64 {
    let rows = slice_rows(features) as u64;
    rows * (features as u64 + outputs as u64 * 8 + RowsBuffer::ROW_BYTES as u64 + 8)
}

/// Whose predictions of which rows are evaluated.
#[derive(Debug, Clone, Copy)]
pub struct PredictSpec<'a> {
    /// The pass's name for people.
    pub name: &'a str,
    /// The data.
    pub job: &'a Job,
    /// The model.
    pub model: &'a Model,
    /// Labels, groups and splits.
    pub rows: &'a RowsFile,
    /// The splits whose rows are evaluated.
    pub splits: &'a [Split],
    /// What is evaluated.
    pub evaluation: &'a EvaluationSpec,
}

/// Predicts the rows of some splits and evaluates them.
///
/// Memory: [`lane_bytes`] and an evaluation a lane.
///
/// # Errors
/// When the data cannot be read or lack a column of the model.
pub fn predict_and_evaluate(
    context: &Context<'_>,
    spec: &PredictSpec<'_>,
) -> Result<(Evaluation, PassReport)> {
    let PredictSpec { job, model, .. } = *spec;
    let kernel = Kernel::new(model);
    let columns = kernel
        .features()
        .iter()
        .map(|feature| {
            let name = &model.features[*feature].name;
            job.schema().index_of(name).ok_or_else(|| {
                Error::Dataset(format!(
                    "the data have no column `{name}`, which the model needs"
                ))
            })
        })
        .collect::<Result<Vec<usize>>>()?;
    let slice_rows_max = slice_rows(columns.len());
    let sinks = (0..context.threads)
        .map(|_| PredictSink {
            rows: spec.rows,
            splits: spec.splits,
            kernel: kernel.clone(),
            worker: Evaluation::new(spec.evaluation),
            slice: Slice::default(),
            buffer: RowsBuffer::default(),
            margins: Vec::new(),
        })
        .collect();
    let pass = ParquetPass {
        name: spec.name,
        row_groups: &job.row_ranges,
        columns: &columns,
        slice_rows_max,
        first_row: 0,
    };
    let (report, sinks) = parquet_pass(context, &pass, job.lanes(context), sinks, |_, ()| Ok(()))?;
    let mut evaluation = Evaluation::new(spec.evaluation);
    for sink in sinks {
        evaluation.merge(sink.worker)?;
    }
    Ok((evaluation, report))
}

/// A model made ready for columns that come one after the other.
#[derive(Clone)]
enum Kernel {
    Trees(TreeKernel),
    Linear {
        /// The model's features, ascending.
        features: Vec<usize>,
        predictor: LinearPredictor,
    },
}

#[derive(Clone)]
struct TreeKernel {
    /// The features that split nodes, ascending: the byte columns of `codes`.
    features: Vec<usize>,
    coders: Vec<Coder>,
    trees: ByteTrees,
    codes: Vec<u8>,
}

impl Kernel {
    fn new(model: &Model) -> Self {
        match &model.body {
            Body::Trees(ensemble) => {
                let used: BTreeSet<u32> = ensemble
                    .trees
                    .iter()
                    .flat_map(|tree| tree.splits())
                    .map(|split| split.feature)
                    .collect();
                let member = |feature: &u32| {
                    vec![PackMember {
                        feature: *feature,
                        radix: CODES_MAX as u16,
                        stride: 1,
                    }]
                };
                let layout = CodeLayout {
                    byte_columns: used.iter().map(member).collect(),
                };
                let coder = |feature: &u32| model.features[*feature as usize].binning.coder();
                Self::Trees(TreeKernel {
                    coders: used.iter().map(coder).collect(),
                    trees: ByteTrees::compile(ensemble, &layout, &missing_codes(&model.features)),
                    features: used.into_iter().map(|feature| feature as usize).collect(),
                    codes: Vec::new(),
                })
            }
            Body::Linear(linear) => {
                let used: BTreeSet<usize> = linear
                    .columns
                    .iter()
                    .map(|column| column.feature as usize)
                    .collect();
                Self::Linear {
                    features: used.into_iter().collect(),
                    predictor: LinearPredictor::new(Arc::new(linear.clone()), &model.features),
                }
            }
        }
    }

    fn features(&self) -> &[usize] {
        match self {
            Self::Trees(kernel) => &kernel.features,
            Self::Linear { features, .. } => features,
        }
    }

    fn outputs(&self) -> usize {
        match self {
            Self::Trees(kernel) => kernel.trees.outputs(),
            Self::Linear { predictor, .. } => predictor.outputs(),
        }
    }

    fn start(&mut self, rows: usize) {
        match self {
            Self::Trees(kernel) => kernel.codes.resize(kernel.features.len() * rows, 0),
            Self::Linear { predictor, .. } => predictor.start(rows),
        }
    }

    /// Takes rows of a slice; `at` counts the model's used features.
    fn add(&mut self, at: usize, slice_rows: usize, start: usize, values: &Values) {
        match self {
            Self::Trees(kernel) => {
                let codes = &mut kernel.codes[at * slice_rows + start..][..values.len()];
                kernel.coders[at].code(values, codes);
            }
            Self::Linear {
                features,
                predictor,
            } => {
                predictor.add_rows(features[at], start, values);
            }
        }
    }

    fn finish_into(&mut self, rows: usize, margins: &mut [f32]) {
        match self {
            Self::Trees(kernel) => {
                kernel
                    .trees
                    .margins_of_columns_into(&kernel.codes, rows, rows, margins);
            }
            Self::Linear { predictor, .. } => predictor.finish_into(margins),
        }
    }
}

/// One lane's predictions of one slice at a time.
struct PredictSink<'a> {
    rows: &'a RowsFile,
    splits: &'a [Split],
    kernel: Kernel,
    worker: Evaluation,
    slice: Slice,
    buffer: RowsBuffer,
    margins: Vec<f32>,
}

impl Sink for PredictSink<'_> {
    type Part = ();

    fn start(&mut self, slice: Slice) -> Result<()> {
        self.slice = slice;
        self.kernel.start(slice.rows);
        Ok(())
    }

    fn batch(&mut self, batch: &Batch) -> Result<()> {
        let start = (batch.first_row - self.slice.first_row) as usize;
        let (at, rows) = (batch.column_position, self.slice.rows);
        self.kernel.add(at, rows, start, &batch.values);
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        let Slice {
            first_row, rows, ..
        } = self.slice;
        let block = self.buffer.read_range(self.rows, first_row, rows)?;
        self.margins.resize(rows * self.kernel.outputs(), 0.0);
        self.kernel.finish_into(rows, &mut self.margins);
        self.worker.update(self.splits, &block, &self.margins)
    }
}
