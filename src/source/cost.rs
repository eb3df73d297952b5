//! The memory that reading a column costs, from the footers alone.

use parquet::{basic::Type as PhysicalType, file::metadata::ColumnChunkMetaData};

use crate::source::chunk::CHUNK_IN_MEMORY_BYTES_MAX;

/// Bytes of a decoded dictionary entry of a text column, beyond its text.
const TEXT_ENTRY_BYTES: u64 = 32;

/// The dictionary page of a text column grows to this by default in every common writer.
const DICTIONARY_BYTES_USUAL: u64 = 1 << 20;

/// Maxima and sums of one column over its chunks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ColumnCost {
    /// Compressed bytes over all files.
    pub(super) compressed_sum: u64,
    /// The most memory that reading any one chunk holds.
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
