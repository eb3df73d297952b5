//! Sums of products of columns of one list with the columns of another that do not come later.

use std::ops::Range;

use crate::stats::comoments::kernel::{PANEL_ROWS, add_products};

/// Rows of the triangle that are multiplied at once: what lies right of the diagonal is wasted, so
/// smaller is less work and larger is a faster product.
pub(super) const BLOCK_ROWS: usize = 48;

/// A block of rows, all as wide as its last one.
#[derive(Debug, Clone)]
struct Block {
    /// Places in the left panel.
    first: usize,
    rows: usize,
    /// Columns of the right panel.
    width: usize,
    /// The position of its first sum, row after row.
    start: usize,
}

/// Sums of `left[i] * right[j]` for the columns i of a strip and all j up to i.
#[derive(Debug, Clone)]
pub(super) struct Triangle {
    blocks: Vec<Block>,
    sums: Vec<f64>,
}

impl Triangle {
    /// Zeros. The lists ascend and say which column a panel's places hold.
    pub(super) fn new(left: &[usize], right: &[usize], strip: Range<usize>) -> Self {
        let first = left.partition_point(|column| *column < strip.start);
        let end = left.partition_point(|column| *column < strip.end);
        let mut start = 0;
        let blocks = (first..end)
            .step_by(BLOCK_ROWS)
            .map(|first| {
                let rows = BLOCK_ROWS.min(end - first);
                let last = left[first + rows - 1];
                let width = right.partition_point(|column| *column <= last);
                let block = Block {
                    first,
                    rows,
                    width,
                    start,
                };
                start += rows * width;
                block
            })
            .collect();
        Self {
            blocks,
            sums: vec![0.0; start],
        }
    }

    /// Adds the products of a chunk of rows of two panels.
    pub(super) fn add(&mut self, left: &[f64], right: &[f64], rows: usize) {
        for block in &self.blocks {
            if block.width == 0 {
                continue;
            }
            add_products(
                &left[block.first * PANEL_ROWS..],
                right,
                [block.rows, rows, block.width],
                &mut self.sums[block.start..],
            );
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        assert_eq!(self.sums.len(), other.sums.len(), "sums of one plan");
        for (sum, other) in self.sums.iter_mut().zip(&other.sums) {
            *sum += other;
        }
    }

    /// The sum of a row, counted from the strip's first, and a column of the right list.
    pub(super) fn sum(&self, row: usize, right: usize) -> f64 {
        let block = &self.blocks[row / BLOCK_ROWS];
        assert!(right < block.width, "columns up to the row's own");
        self.sums[block.start + (row % BLOCK_ROWS) * block.width + right]
    }

    #[cfg(test)]
    pub(super) fn heap_bytes(&self) -> usize {
        self.blocks.capacity() * size_of::<Block>() + self.sums.capacity() * size_of::<f64>()
    }
}
