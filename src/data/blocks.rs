//! Views of one block of at most [`crate::limits::BLOCK_ROWS`] rows, which the engine passes to learners.

use crate::limits::BLOCK_ROWS;

/// Codes of a block: byte column `c` is `codes[c * BLOCK_ROWS..][..rows]`.
#[derive(Debug, Clone, Copy)]
pub struct CodeBlock<'a> {
    /// The dataset-wide number of the block's first row.
    pub first_row: u64,
    /// Rows; `BLOCK_ROWS` but for the last block.
    pub rows: usize,
    /// All byte columns, each `BLOCK_ROWS` long.
    pub codes: &'a [u8],
}

impl<'a> CodeBlock<'a> {
    /// The codes of one byte column, one a row.
    pub fn column(&self, byte_column: usize) -> &'a [u8] {
        &self.codes[byte_column * BLOCK_ROWS..][..self.rows]
    }
}

/// The rows of a block without their features; fixed once the split is assigned.
#[derive(Debug, Clone, Copy)]
pub struct RowBlock<'a> {
    /// Class index, or the regression target. Meaningless where the split is none.
    pub label: &'a [f32],
    /// Importance; 1 where the user gave none.
    pub weight: &'a [f32],
    /// The group's stable hash; the row number where rows are their own groups.
    pub group: &'a [u64],
    /// [`crate::data::Split`] as a byte.
    pub split: &'a [u8],
}

/// A learner's state of each row of a block between passes. With `outputs` trees a round, output
/// `k` of row `i` is at `k * rows + i`.
#[derive(Debug)]
pub(crate) struct StateBlock<'a> {
    /// Score before the link function.
    pub margin: &'a mut [f32],
    /// Gradient and hessian of this round, quantised and packed by the learner.
    pub gradient: &'a mut [u32],
    /// The node the row is in, in the tree that grows.
    pub node: &'a mut [u16],
}
