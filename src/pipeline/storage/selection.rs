//! The rows of a batch that a pass over features uses: the training rows, and the sampled among them.

use crate::{
    data::Split,
    error::Result,
    group::hash::{Purpose, row_hash},
    limits::BLOCK_ROWS,
    pipeline::storage::rows::RowsFile,
    stats::sample,
};

/// The hash sample of training rows: which rows it takes, and where each block's first one ranks.
#[derive(Debug, Clone)]
pub struct RowSample {
    seed: u64,
    threshold: u64,
    /// Sampled rows before each block, and, last, in all. 4 bytes for 65,536 rows.
    ranks: Vec<u32>,
}

impl RowSample {
    /// A sample from its counts by block.
    pub fn new(seed: u64, threshold: u64, counts: impl IntoIterator<Item = u32>) -> Self {
        let counts = counts.into_iter();
        let mut ranks = Vec::with_capacity(counts.size_hint().0 + 1);
        let mut rank = 0;
        ranks.push(rank);
        for count in counts {
            rank += count;
            ranks.push(rank);
        }
        Self {
            seed,
            threshold,
            ranks,
        }
    }

    /// Bytes held, by capacity.
    pub fn heap_bytes(&self) -> usize {
        self.ranks.capacity() * size_of::<u32>()
    }

    /// Bytes held for a dataset of so many rows.
    pub fn heap_bytes_max(rows: u64) -> u64 {
        (rows.div_ceil(BLOCK_ROWS as u64) + 1) * size_of::<u32>() as u64
    }

    /// The seed that rows are hashed with.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// True if the sample includes a training row.
    #[inline]
    pub fn takes(&self, row: u64) -> bool {
        takes(self.seed, self.threshold, row)
    }

    /// Sampled rows in all.
    pub fn rows(&self) -> u64 {
        u64::from(self.ranks[self.ranks.len() - 1])
    }

    /// Sampled rows before a block.
    pub fn rank_of_block(&self, block: usize) -> u64 {
        u64::from(self.ranks[block])
    }

    /// Sampled rows before a row.
    ///
    /// # Errors
    /// When the rows file cannot be read.
    pub fn rank_of(&self, row: u64, rows: &RowsFile, splits: &mut Vec<u8>) -> Result<u64> {
        let block = row / BLOCK_ROWS as u64;
        let block_start = block * BLOCK_ROWS as u64;
        rows.read_splits(block_start, (row - block_start) as usize, splits)?;
        let before = (block_start..row)
            .zip(splits.iter())
            .filter(|(row, split)| **split == Split::Train as u8 && self.takes(*row))
            .count();
        Ok(self.rank_of_block(block as usize) + before as u64)
    }
}

/// True if a sample of this threshold includes a training row.
#[inline]
pub fn takes(seed: u64, threshold: u64, row: u64) -> bool {
    sample::takes(threshold, row_hash(seed, row, 0, Purpose::Sample))
}

/// The selected rows of one batch, as indexes into it.
#[derive(Debug, Default)]
pub(crate) struct Selected {
    /// Training rows.
    pub train: Vec<u32>,
    /// Sampled training rows.
    pub sampled: Vec<u32>,
    /// The rank in the sample of the first of them.
    pub first_rank: u64,
}

impl Selected {
    /// Selects among the rows `first_row..` whose splits are given.
    pub(crate) fn fill(
        &mut self,
        sample: &RowSample,
        first_row: u64,
        splits: &[u8],
        first_rank: u64,
    ) {
        self.train.clear();
        self.sampled.clear();
        self.first_rank = first_rank;
        for (index, split) in splits.iter().enumerate() {
            if *split == Split::Train as u8 {
                self.train.push(index as u32);
                if sample.takes(first_row + index as u64) {
                    self.sampled.push(index as u32);
                }
            }
        }
    }
}
