//! The training rows of a slice as rows of a design matrix, made in the lanes for learners that take one
//! slice after the other.

use crate::{
    data::{Batch, Split, Tile, Values},
    engine::{Sink, Slice},
    error::Result,
    train::rows::{RowsBuffer, RowsFile},
    transform::standardize::Design,
};

/// Training rows of one slice, in row order; those of weight 0 are left out.
pub(super) struct DesignRows {
    /// Their design.
    pub(super) design: Tile,
    /// Their classes.
    pub(super) classes: Vec<u32>,
    /// Their weights, times their class's.
    pub(super) weights: Vec<f64>,
}

/// Slices that a lane may have at once: being made, waiting, and being learned.
pub(super) const PARTS_PER_LANE: u64 = 3;

/// Bytes of one slice of so many rows.
pub(super) fn part_bytes(features: usize, rows: usize) -> u64 {
    Tile::bytes(features, rows) + rows as u64 * 12
}

/// One lane's rows of one slice at a time.
pub(super) struct DesignSink<'a> {
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

impl<'a> DesignSink<'a> {
    /// For a pass over these columns. Each class's rows weigh by its factor; without factors by 1.
    pub(super) fn new(
        design: &'a Design,
        rows: &'a RowsFile,
        class_weights: &'a [f64],
        columns: &[usize],
    ) -> Self {
        let empty = |column: &usize| (*column, Values::F32(Vec::new()));
        Self {
            design,
            rows,
            class_weights,
            slice: Slice::default(),
            columns: columns.iter().map(empty).collect(),
            next_column: 0,
            train: Vec::new(),
            buffer: RowsBuffer::default(),
        }
    }
}

impl Sink for DesignSink<'_> {
    type Part = DesignRows;

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

    fn finish(&mut self) -> Result<DesignRows> {
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
        Ok(DesignRows {
            design,
            classes: self.train.iter().map(class).collect(),
            weights: self.train.iter().map(weight).collect(),
        })
    }
}
