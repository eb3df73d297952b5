//! A slice of rows that are read once, with all columns.

use crate::{
    data::Values,
    engine::Slice,
    train::online::{file::Mark, once::rows::SliceRows},
};

/// A slice of all columns.
pub(super) struct Columns {
    pub(super) slice: Slice,
    /// What the rows before it are.
    pub(super) before: Mark,
    pub(super) values: Vec<(usize, Values)>,
    pub(super) rows: SliceRows,
}

impl Columns {
    pub(super) fn into_values(self) -> Vec<Values> {
        self.values.into_iter().map(|(_, values)| values).collect()
    }
}

/// The rows of a slice whose split and place are wanted.
pub(super) fn at(rows: &SliceRows, is_wanted: impl Fn(u8, usize) -> bool) -> Vec<u32> {
    let splits = rows.block().split.iter().enumerate();
    splits
        .filter(|(row, split)| is_wanted(**split, *row))
        .map(|(row, _)| row as u32)
        .collect()
}
