//! A slice of rows that are read once, with all columns.

use crate::{
    data::Values,
    engine::Slice,
    pipeline::{incremental::learner_file::Mark, one_pass::rows::SliceRows},
};

/// A slice with the values of all columns, and the labels, groups, splits and weights of its rows.
pub(crate) struct OnePassSlice {
    pub(crate) slice: Slice,
    /// The mark of all rows before it.
    pub(crate) before: Mark,
    pub(crate) values: Vec<(usize, Values)>,
    pub(crate) rows: SliceRows,
}

impl OnePassSlice {
    pub(crate) fn into_values(self) -> Vec<Values> {
        self.values.into_iter().map(|(_, values)| values).collect()
    }
}

/// The rows of a slice that pass a filter on split and row.
pub(crate) fn row_indices(rows: &SliceRows, is_wanted: impl Fn(u8, usize) -> bool) -> Vec<u32> {
    let splits = rows.block().split.iter().enumerate();
    splits
        .filter(|(row, split)| is_wanted(**split, *row))
        .map(|(row, _)| row as u32)
        .collect()
}
