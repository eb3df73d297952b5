//! The training rows of a slice as rows of a design matrix, made in the lanes for learners that take one
//! slice after the other.

use crate::{
    data::{Batch, Tile},
    engine::{Sink, Slice},
    error::Result,
    train::{rows::RowsFile, slice::TrainingSlice},
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
    class_weights: &'a [f64],
    slice: TrainingSlice<'a>,
}

impl<'a> DesignSink<'a> {
    /// For a pass over these columns. Each class's rows weigh by its factor; without factors by 1.
    pub(super) fn new(
        design: &'a Design,
        rows: &'a RowsFile,
        class_weights: &'a [f64],
        columns: &[usize],
    ) -> Self {
        Self {
            design,
            class_weights,
            slice: TrainingSlice::new(columns, rows),
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
        let mut design = Tile::new(self.design.len(), rows.train.len());
        self.design
            .view(rows.columns)
            .fill(rows.train, &mut design.append(rows.train.len()));
        let class = |row: &u32| rows.labels[*row as usize] as u32;
        let weight = |row: &u32| {
            let factor = self.class_weights.get(class(row) as usize);
            f64::from(rows.weights[*row as usize]) * factor.copied().unwrap_or(1.0)
        };
        Ok(DesignRows {
            design,
            classes: rows.train.iter().map(class).collect(),
            weights: rows.train.iter().map(weight).collect(),
        })
    }
}
