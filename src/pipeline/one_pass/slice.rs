//! A slice of rows that are read once, with all columns.

use crate::{
    data::Values,
    engine::Slice,
    pipeline::{incremental::learner_file::Mark, one_pass::rows::SliceRows},
};

/// A slice of all columns.
pub(crate) struct OnePassSlice {
    pub(crate) slice: Slice,
    /// What the rows before it are.
    pub(crate) before: Mark,
    pub(crate) values: Vec<(usize, Values)>,
    pub(crate) rows: SliceRows,
}

impl OnePassSlice {
    pub(crate) fn into_values(self) -> Vec<Values> {
        self.values.into_iter().map(|(_, values)| values).collect()
    }
}

/// The rows of a slice whose split and place are wanted.
pub(crate) fn row_indices(rows: &SliceRows, is_wanted: impl Fn(u8, usize) -> bool) -> Vec<u32> {
    let splits = rows.block().split.iter().enumerate();
    splits
        .filter(|(row, split)| is_wanted(**split, *row))
        .map(|(row, _)| row as u32)
        .collect()
}
