//! The consumer of a lane's batches.

use crate::{data::Batch, error::Result};

/// The rows that a sink sees between `start` and `finish`: a row group or a part of one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Slice {
    /// The dataset-wide index of the row group.
    pub row_group: usize,
    /// The dataset-wide number of the first row.
    pub first_row: u64,
    /// Rows.
    pub rows: usize,
}

impl Slice {
    /// The lane that reads it, of `lanes` lanes.
    pub(crate) fn lane(self, lanes: usize) -> usize {
        self.row_group % lanes
    }
}

/// The consumer of the batches of one lane.
pub(crate) trait Sink: Send {
    /// The result of a slice; the caller merges them in row order.
    type Part: Send;

    /// A slice begins.
    ///
    /// # Errors
    /// Ends the pass.
    fn start(&mut self, slice: Slice) -> Result<()>;

    /// Some rows of one column of the slice. Columns come in the pass's order, rows ascending.
    ///
    /// # Errors
    /// Ends the pass.
    fn batch(&mut self, batch: &Batch) -> Result<()>;

    /// The slice ends: all of its columns were given.
    ///
    /// # Errors
    /// Ends the pass.
    fn finish(&mut self) -> Result<Self::Part>;
}
