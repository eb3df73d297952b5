//! The source of a lane: a reader of row groups, one column at a time.

use crate::{data::Values, error::Result, source::LaneReader};

/// The reader behind a lane. One a thread.
pub(crate) trait LaneSource: Send {
    /// Moves to a row group.
    ///
    /// # Errors
    /// If the file is gone, changed or damaged.
    fn open(&mut self, row_group: usize) -> Result<()>;

    /// Starts reading a column of the open row group at a row counted from the row group's first.
    ///
    /// # Errors
    /// If the column cannot be read.
    fn start(&mut self, column: usize, first_row: usize) -> Result<()>;

    /// Replaces `values` by the column's next `rows` values.
    ///
    /// # Errors
    /// If the column is damaged or has fewer rows.
    fn next(&mut self, rows: usize, values: &mut Values) -> Result<()>;

    /// Bytes read from disk so far.
    fn bytes_read(&self) -> u64;
}

impl LaneSource for LaneReader<'_> {
    fn open(&mut self, row_group: usize) -> Result<()> {
        self.open(row_group)
    }

    fn start(&mut self, column: usize, first_row: usize) -> Result<()> {
        self.start_column_at(column, first_row)
    }

    fn next(&mut self, rows: usize, values: &mut Values) -> Result<()> {
        self.next_slice(rows, values)?;
        Ok(())
    }

    fn bytes_read(&self) -> u64 {
        self.bytes_read()
    }
}
