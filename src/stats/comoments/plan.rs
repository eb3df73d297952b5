//! The plan of the sums: columns, shifts, masks and pairs.

use std::ops::Range;

use crate::stats::comoments::{
    column::{ColumnSums, Shift},
    triangle,
};
use crate::stats::moments::Moments;

/// Columns, shifts, masks, and a strip of the triangle of pairs.
///
/// Columns are numbered from 0 in the order given. The strip `a..b` has the pairs (i, j) with
/// `a <= i < b` and `j <= i`, so that only columns below `b` are read. Strips that follow each
/// other make the whole triangle; each takes its share of the memory and a pass of its own.
#[derive(Debug, Clone)]
pub(crate) struct CoMomentsPlan {
    shifts: Vec<Shift>,
    /// The columns with a mask, ascending, below the strip's end.
    masked: Vec<usize>,
    mask_of: Vec<Option<u32>>,
    strip: Range<usize>,
}

impl CoMomentsPlan {
    /// The whole triangle of some columns with their moments. A column with missing or infinite
    /// values gets a mask.
    pub(crate) fn new<'a>(moments: impl IntoIterator<Item = &'a Moments>) -> Self {
        let (mut shifts, mut has_mask) = (Vec::new(), Vec::new());
        for moments in moments {
            shifts.push(Shift::of(moments));
            has_mask.push(moments.count < moments.rows());
        }
        Self::with_masks(shifts, &has_mask)
    }

    fn with_masks(shifts: Vec<Shift>, has_mask: &[bool]) -> Self {
        let masked: Vec<usize> = (0..shifts.len())
            .filter(|column| has_mask[*column])
            .collect();
        let mut mask_of = vec![None; shifts.len()];
        for (mask, column) in masked.iter().enumerate() {
            mask_of[*column] = Some(mask as u32);
        }
        let strip = 0..shifts.len();
        Self {
            shifts,
            masked,
            mask_of,
            strip,
        }
    }

    /// The same plan for a strip of the triangle.
    #[must_use]
    pub(crate) fn for_strip(&self, strip: Range<usize>) -> Self {
        assert!(strip.end <= self.shifts.len(), "a strip of the columns");
        assert!(strip.start <= strip.end, "a strip ascends");
        let mut plan = self.clone();
        plan.masked.retain(|column| *column < strip.end);
        plan.strip = strip;
        plan
    }

    /// Cuts the triangle into strips whose sums take about `bytes_max` each, at least a column wide.
    pub(crate) fn strips(&self, bytes_max: u64) -> Vec<Range<usize>> {
        let columns = self.shifts.len();
        let mut strips = Vec::new();
        let mut start = 0;
        while start < columns {
            let fits = |end: usize| self.for_strip(start..end).sums_bytes() <= bytes_max;
            // The bytes of a strip grow with its end.
            let (mut low, mut high) = (start + 1, columns);
            while low < high {
                let middle = (low + high).div_ceil(2);
                if fits(middle) {
                    low = middle;
                } else {
                    high = middle - 1;
                }
            }
            strips.push(start..low);
            start = low;
        }
        strips
    }

    /// Bytes of one [`crate::stats::comoments::CoMoments`] under this plan.
    pub(crate) fn sums_bytes(&self) -> u64 {
        let strip_columns = self.strip.len() as u64;
        let read = self.strip.end as u64;
        let masked = self.masked.len() as u64;
        let masked_in_strip = (masked as usize - self.masked_before_strip()) as u64;
        // For masks upper bounds: every row of a strip as long as its last one.
        let doubles = triangle_len(self.strip.clone())
            + 2 * strip_columns * masked
            + 2 * masked_in_strip * read
            + masked_in_strip * masked;
        doubles * size_of::<f64>() as u64 + read * size_of::<ColumnSums>() as u64
    }

    /// Bytes of one panel under this plan.
    #[cfg(test)]
    pub(crate) fn panel_bytes(&self) -> u64 {
        let columns = self.columns_read();
        let squares = if self.masked.is_empty() { 0 } else { columns };
        ((columns + squares + self.masked.len())
            * crate::stats::comoments::kernel::PANEL_ROWS
            * size_of::<f64>()) as u64
    }

    /// Columns that the strip's pairs are of: the first ones.
    pub(crate) fn columns_read(&self) -> usize {
        self.strip.end
    }

    /// The later columns of the pairs.
    pub(crate) fn strip(&self) -> Range<usize> {
        self.strip.clone()
    }

    pub(super) fn shift(&self, column: usize) -> Shift {
        self.shifts[column]
    }

    pub(super) fn masked(&self) -> &[usize] {
        &self.masked
    }

    /// A column's number among the masks.
    pub(super) fn mask_of(&self, column: usize) -> Option<usize> {
        self.mask_of[column].map(|mask| mask as usize)
    }

    /// A mask's row in the triangles whose rows are masks of the strip.
    pub(super) fn mask_row(&self, mask: usize) -> usize {
        mask - self.masked_before_strip()
    }

    fn masked_before_strip(&self) -> usize {
        self.masked
            .partition_point(|column| *column < self.strip.start)
    }
}

/// Doubles of the values' triangle: whole blocks of rows.
fn triangle_len(strip: Range<usize>) -> u64 {
    let starts = strip.clone().step_by(triangle::BLOCK_ROWS);
    let block = |first: usize| {
        let end = (first + triangle::BLOCK_ROWS).min(strip.end);
        ((end - first) * end) as u64
    };
    starts.map(block).sum()
}
