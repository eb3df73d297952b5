//! The evaluation of the base model's own scores on the same rows.

use crate::{
    data::{Batch, Split, Task, Values},
    engine::{Context, ParquetPass, PassReport, Sink, Slice, parquet_pass},
    error::Result,
    pipeline::{
        evaluate::evaluation::{Evaluation, EvaluationSpec},
        open::{base_scores::BaseScores, training_data::TrainingData},
        storage::rows::{RowsBuffer, RowsFile},
    },
};

/// Rows of a slice.
const SLICE_ROWS_MAX: usize = 1 << 16;

/// Evaluates the base model's scores on all splits. A row's decision is the likeliest of the base
/// model's classes.
///
/// # Errors
/// When the data cannot be read.
pub(crate) fn evaluate_base_scores(
    context: &Context<'_>,
    data: &TrainingData,
    scores: &BaseScores,
    rows: &RowsFile,
    spec: &EvaluationSpec,
) -> Result<(Evaluation, PassReport)> {
    let sinks = (0..context.threads)
        .map(|_| BaseSink {
            scores,
            spec,
            rows,
            evaluation: Evaluation::new(spec),
            slice: Slice {
                row_group: 0,
                first_row: 0,
                rows: 0,
            },
            values: Vec::new(),
            probabilities: Vec::new(),
            decided: Vec::new(),
            buffer: RowsBuffer::default(),
        })
        .collect();
    let pass = ParquetPass {
        name: "base scores",
        row_groups: &data.row_ranges,
        columns: &scores.columns,
        slice_rows_max: SLICE_ROWS_MAX,
        first_row: 0,
    };
    let (report, sinks) = parquet_pass(context, &pass, data.lanes(context), sinks, |_, ()| Ok(()))?;
    let mut evaluation = Evaluation::new(spec);
    for sink in sinks {
        evaluation.merge(sink.evaluation)?;
    }
    Ok((evaluation, report))
}

struct BaseSink<'a> {
    scores: &'a BaseScores,
    spec: &'a EvaluationSpec,
    rows: &'a RowsFile,
    evaluation: Evaluation,
    slice: Slice,
    /// The slice's scores, a column after the other.
    values: Vec<f64>,
    /// Of the target's classes, output-major; of a binary target that of class 1 alone.
    probabilities: Vec<f64>,
    decided: Vec<u32>,
    buffer: RowsBuffer,
}

impl Sink for BaseSink<'_> {
    type Part = ();

    fn start(&mut self, slice: Slice) -> Result<()> {
        self.slice = slice;
        self.values.clear();
        Ok(())
    }

    fn batch(&mut self, batch: &Batch) -> Result<()> {
        match &batch.values {
            Values::F32(values) => self.values.extend(values.iter().copied().map(f64::from)),
            Values::F64(values) => self.values.extend(values),
            Values::Text(text) => self
                .values
                .resize(self.values.len() + text.ids.len(), f64::NAN),
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        let Slice {
            first_row, rows, ..
        } = self.slice;
        self.combine(rows);
        let block = self.buffer.read_range(self.rows, first_row, rows)?;
        self.evaluation
            .update_decided(&Split::ALL, &block, &self.probabilities, &self.decided)
    }
}

impl BaseSink<'_> {
    /// From the base model's classes to the target's.
    fn combine(&mut self, rows: usize) {
        let is_binary = self.spec.task == Task::Binary;
        let outputs = if is_binary { 1 } else { self.spec.classes };
        self.probabilities.clear();
        self.probabilities.resize(outputs * rows, 0.0);
        self.decided.clear();
        self.decided.resize(rows, 0);
        let scores = self.values.chunks_exact(rows);
        for (scores, class) in scores.zip(&self.scores.classes) {
            if is_binary && *class == 0 {
                continue;
            }
            let output = if is_binary { 0 } else { *class };
            let probabilities = &mut self.probabilities[output * rows..][..rows];
            for (probability, score) in probabilities.iter_mut().zip(scores) {
                *probability += score;
            }
        }
        for (row, decided) in self.decided.iter_mut().enumerate() {
            let score = |column: usize| self.values[column * rows + row];
            let mut best = 0;
            for column in 1..self.scores.columns.len() {
                if score(column) > score(best) {
                    best = column;
                }
            }
            *decided = self.scores.classes[best] as u32;
        }
    }
}
