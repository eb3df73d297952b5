//! The training rows of a slice as rows of a design matrix. Lanes compute them for a learner that takes one
//! slice after the other.

use crate::{
    data::{Batch, Tile},
    engine::{Sink, Slice},
    error::Result,
    pipeline::{
        fit::{buffer_pool::BufferPool, slice::TrainingSlice},
        storage::rows::RowsFile,
    },
    transform::standardize::Design,
};

/// Training rows of one slice, in row order, without those of weight 0.
pub(crate) struct DesignRows {
    /// Their design.
    pub(crate) design: Tile,
    /// Their classes.
    pub(crate) classes: Vec<u32>,
    /// Their weights, times their class's.
    pub(crate) weights: Vec<f64>,
}

impl DesignRows {
    /// None yet, of so many features.
    pub(crate) fn new(features: usize) -> Self {
        Self {
            design: Tile::new(features, 0),
            classes: Vec::new(),
            weights: Vec::new(),
        }
    }

    /// Forgets the rows, and makes room for so many.
    pub(crate) fn make_room(&mut self, rows_max: usize) {
        self.design.make_room(rows_max);
        self.classes.clear();
        self.classes.reserve_exact(rows_max);
        self.weights.clear();
        self.weights.reserve_exact(rows_max);
    }
}

/// Bytes of one slice of so many rows.
pub(crate) fn part_bytes(features: usize, rows: usize) -> u64 {
    Tile::bytes(features, rows) + rows as u64 * 12
}

/// One lane's rows of one slice at a time.
pub(crate) struct DesignSink<'a> {
    design: &'a Design,
    class_weights: &'a [f64],
    slice: TrainingSlice<'a>,
    buffers: BufferPool<DesignRows>,
}

impl<'a> DesignSink<'a> {
    /// For a pass over these columns. Each class's rows weigh by its factor; without factors by 1. Slices are
    /// written to the lane's `buffers`.
    pub(crate) fn new(
        design: &'a Design,
        rows: &'a RowsFile,
        class_weights: &'a [f64],
        columns: &[usize],
        buffers: BufferPool<DesignRows>,
    ) -> Self {
        Self {
            design,
            class_weights,
            slice: TrainingSlice::new(columns, rows),
            buffers,
        }
    }
}

impl Sink for DesignSink<'_> {
    type Part = DesignRows;

    fn start(&mut self, slice: Slice) -> Result<()> {
        self.slice.start(slice);
        Ok(())
    }

    fn batch(&mut self, batch: &Batch) -> Result<()> {
        self.slice.push(batch);
        Ok(())
    }

    fn finish(&mut self) -> Result<DesignRows> {
        let rows = self.slice.finish()?;
        let mut made = match self.buffers.take() {
            Some(buffer) => buffer,
            None => DesignRows::new(self.design.len()),
        };
        made.make_room(rows.slice.rows);
        self.design
            .view(rows.columns)
            .fill(rows.train, &mut made.design.append(rows.train.len()));
        let class = |row: &u32| rows.labels[*row as usize] as u32;
        let weight = |row: &u32| {
            let factor = self.class_weights.get(class(row) as usize);
            f64::from(rows.weights[*row as usize]) * factor.copied().unwrap_or(1.0)
        };
        made.classes.extend(rows.train.iter().map(class));
        made.weights.extend(rows.train.iter().map(weight));
        Ok(made)
    }
}
