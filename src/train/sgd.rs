//! Fitting logistic regression by averaged gradient descent: each training row in turn, in row order.
//!
//! Lanes decode and standardise; the rows of their slices are learned one slice after the other where
//! the pass merges them, in mini-batches that take no notice of slices. So threads and batches change
//! no bit.

use crate::{
    data::{Batch, Split, Tile, Values},
    engine::{Context, ParquetPass, PassReport, Sink, Slice, parquet_pass},
    error::Result,
    learner::{
        logistic::{Fitted, Shape, TileOf},
        online::{SgdStep, Step},
    },
    train::{
        newton::NewtonSpec,
        rows::{RowsBuffer, RowsFile},
    },
    transform::standardize::Design,
};

/// Training rows of one slice, standardised.
struct Part {
    design: Tile,
    classes: Vec<u32>,
    weights: Vec<f64>,
}

/// Parts that a lane may have at once: being made, waiting, and being learned.
pub(super) const PARTS_PER_LANE: u64 = 3;

/// Bytes of one part of so many rows.
pub(super) fn part_bytes(features: usize, rows: usize) -> u64 {
    Tile::bytes(features, rows) + rows as u64 * 12
}

/// Fits the coefficients by `passes_max` passes over the training rows.
///
/// # Errors
/// When the data cannot be read, or the options cannot be meant.
pub(super) fn fit(
    context: &Context<'_>,
    spec: &NewtonSpec<'_>,
    design: &Design,
    passes: &ParquetPass<'_>,
) -> Result<(Fitted, Vec<PassReport>)> {
    spec.options.check(spec.classes)?;
    let shape = Shape {
        columns: design.len() + 1,
        outputs: if spec.classes == 2 { 1 } else { spec.classes },
    };
    let mut blocks = Blocks::new(SgdStep::new(shape, spec.options)?, design.len());
    let mut reports = Vec::new();
    for _ in 0..spec.options.passes_max {
        let sinks = (0..context.threads)
            .map(|_| SgdSink::new(spec, design, passes.columns))
            .collect();
        let lanes = spec.job.lanes(context);
        let (report, _) = parquet_pass(context, passes, lanes, sinks, |_, part: Part| {
            blocks.push(&part);
            Ok(())
        })?;
        blocks.flush();
        reports.push(report);
    }
    Ok((
        fitted(shape, blocks.step.coefficients(), reports.len()),
        reports,
    ))
}

fn fitted(shape: Shape, point: &[f64], passes: usize) -> Fitted {
    let outputs = || point.chunks_exact(shape.columns);
    let features = shape.columns - 1;
    Fitted {
        intercepts: outputs().map(|output| output[features]).collect(),
        coefficients: outputs()
            .map(|output| output[..features].to_vec())
            .collect(),
        passes: passes as u32,
        decrement: f64::NAN,
        loss: f64::NAN,
        converged: false,
        covariance: None,
    }
}

/// Cuts the rows of all parts into mini-batches.
struct Blocks {
    step: SgdStep,
    tile: Tile,
    classes: Vec<u32>,
    weights: Vec<f64>,
}

impl Blocks {
    fn new(step: SgdStep, features: usize) -> Self {
        Self {
            step,
            tile: Tile::new(features, SgdStep::BLOCK_ROWS),
            classes: Vec::with_capacity(SgdStep::BLOCK_ROWS),
            weights: Vec::with_capacity(SgdStep::BLOCK_ROWS),
        }
    }

    fn push(&mut self, part: &Part) {
        let mut first = 0;
        while first < part.classes.len() {
            let rows = self.tile.room().min(part.classes.len() - first);
            self.tile.append(rows).copy_rows(&part.design, first, 1);
            self.classes.extend(&part.classes[first..first + rows]);
            self.weights.extend(&part.weights[first..first + rows]);
            if self.tile.room() == 0 {
                self.flush();
            }
            first += rows;
        }
    }

    /// Learns from the rows there are.
    fn flush(&mut self) {
        if self.tile.rows() == 0 {
            return;
        }
        self.step.learn(TileOf {
            design: &self.tile,
            classes: &self.classes,
            weights: &self.weights,
        });
        self.tile.clear();
        self.classes.clear();
        self.weights.clear();
    }
}

/// One lane's rows of one slice at a time.
struct SgdSink<'a> {
    design: &'a Design,
    rows: &'a RowsFile,
    class_weights: &'a [f64],
    slice: Slice,
    /// The slice's values, in the order of the pass's columns.
    columns: Vec<(usize, Values)>,
    /// The column after the one that is being read.
    next_column: usize,
    train: Vec<u32>,
    buffer: RowsBuffer,
}

impl<'a> SgdSink<'a> {
    fn new(spec: &NewtonSpec<'a>, design: &'a Design, columns: &[usize]) -> Self {
        let empty = |column: &usize| (*column, Values::F32(Vec::new()));
        Self {
            design,
            rows: spec.rows,
            class_weights: &spec.options.class_weights,
            slice: Slice::default(),
            columns: columns.iter().map(empty).collect(),
            next_column: 0,
            train: Vec::new(),
            buffer: RowsBuffer::default(),
        }
    }
}

impl Sink for SgdSink<'_> {
    type Part = Part;

    fn start(&mut self, slice: Slice) -> Result<()> {
        self.slice = slice;
        self.next_column = 0;
        Ok(())
    }

    fn batch(&mut self, batch: &Batch) -> Result<()> {
        if batch.first_row == self.slice.first_row {
            self.columns[self.next_column].1.clear();
            self.next_column += 1;
        }
        self.columns[self.next_column - 1].1.append(&batch.values);
        Ok(())
    }

    fn finish(&mut self) -> Result<Part> {
        let Slice {
            first_row, rows, ..
        } = self.slice;
        let lent = self.buffer.read_range(self.rows, first_row, rows)?;
        self.train.clear();
        let is_train =
            |row: &usize| lent.split[*row] == Split::Train as u8 && lent.weight[*row] > 0.0;
        self.train
            .extend((0..rows).filter(is_train).map(|row| row as u32));
        let mut design = Tile::new(self.design.len(), self.train.len());
        self.design
            .view(&self.columns)
            .fill(&self.train, &mut design.append(self.train.len()));
        let class = |row: &u32| lent.label[*row as usize] as u32;
        let weight = |row: &u32| {
            let factor = self.class_weights.get(class(row) as usize);
            f64::from(lent.weight[*row as usize]) * factor.copied().unwrap_or(1.0)
        };
        Ok(Part {
            design,
            classes: self.train.iter().map(class).collect(),
            weights: self.train.iter().map(weight).collect(),
        })
    }
}
