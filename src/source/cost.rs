//! What reading a column costs in memory, known from the footers alone.

use parquet::{basic::Type as PhysicalType, file::metadata::ColumnChunkMetaData};

use crate::data::ValueType;
use crate::source::{chunk::CHUNK_IN_MEMORY_BYTES_MAX, column::PIECE_ROWS, dataset::Dataset};

/// Bytes of a decoded dictionary entry of a text column, beyond its text.
const TEXT_ENTRY_BYTES: u64 = 32;

/// The dictionary page of a text column grows to this by default in every common writer.
const DICTIONARY_BYTES_USUAL: u64 = 1 << 20;

/// Maxima and sums of one column over its chunks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ColumnCost {
    /// Compressed bytes over all files.
    pub(super) compressed_sum: u64,
    /// What reading any one chunk holds at most.
    pub(super) resident_max: u64,
    /// The largest chunk, uncompressed.
    pub(super) uncompressed_max: u64,
}

impl ColumnCost {
    /// Adds a chunk.
    pub(super) fn add(&mut self, chunk: &ColumnChunkMetaData, page_bytes_max: u64) {
        let compressed = chunk.compressed_size().max(0) as u64;
        let uncompressed = chunk.uncompressed_size().max(0) as u64;
        // A data page and the dictionary are alive at once; together they are at most the chunk.
        let mut resident = compressed.min(CHUNK_IN_MEMORY_BYTES_MAX)
            + uncompressed.min(page_bytes_max.saturating_mul(2));
        if chunk.column_type() == PhysicalType::BYTE_ARRAY {
            let entries = uncompressed.min(DICTIONARY_BYTES_USUAL) / 5;
            resident += entries * TEXT_ENTRY_BYTES;
        }
        self.compressed_sum += compressed;
        self.resident_max = self.resident_max.max(resident);
        self.uncompressed_max = self.uncompressed_max.max(uncompressed);
    }
}

/// What reading some columns needs in memory, for the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DecodeEstimate {
    /// What one lane holds while it reads any one of the columns: a footer, a chunk's compressed
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
    /// What reading the given columns, one at a time, needs in memory.
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
