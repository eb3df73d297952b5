//! The figures of a dataset for the memory plan.

use crate::{
    data::ValueType,
    source::{dataset::Dataset, numbers::PIECE_ROWS},
};

/// The memory that reading some columns needs, for the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DecodeEstimate {
    /// Memory of one lane while it reads any one of the columns: a footer, a chunk's compressed
    /// bytes, a page, a dictionary, and the decoder's buffers. Values read are not in it.
    pub lane_bytes: u64,
    /// The values of all the columns of the largest row group, as batches hold them.
    pub row_group_bytes: u64,
    /// The values of all the columns of one row (text without its dictionary).
    pub row_bytes: u64,
    /// The dictionaries of all text columns of one batch, at most.
    pub text_bytes: u64,
}

impl Dataset {
    /// The memory that reading the given columns needs, one at a time.
    pub fn decode_estimate(&self, columns: &[usize]) -> DecodeEstimate {
        let mut estimate = DecodeEstimate::default();
        let mut resident_max = 0;
        for &column in columns {
            let cost = self.costs[column];
            resident_max = resident_max.max(cost.resident_max);
            estimate.row_bytes += match self.schema().fields[column].value_type {
                Some(ValueType::F64) => 8,
                _ => 4,
            };
            if self.schema().fields[column].value_type == Some(ValueType::Text) {
                estimate.text_bytes += cost.uncompressed_max;
            }
        }
        let rows_max = self.row_groups().iter().map(|g| g.rows).max().unwrap_or(0);
        estimate.row_group_bytes = rows_max.saturating_mul(estimate.row_bytes);
        // Values and definition levels of a piece, and levels of a whole slice.
        let slice_rows = rows_max.min(self.limits.batch_rows_max as u64);
        let decoder = PIECE_ROWS as u64 * 40 + slice_rows * 2;
        estimate.lane_bytes = self.footer_bytes_max + resident_max + decoder;
        estimate
    }
}
