//! The rows file: what is known of each row besides its features.

use std::path::Path;

use crate::{
    data::{RowBlock, Split},
    error::Result,
    limits::BLOCK_ROWS,
    scratch::BlockFile,
};

const LABEL: usize = 0;
const GROUP: usize = 1;
const SPLIT: usize = 2;
const WEIGHT: usize = 3;

/// Bytes of each array's element; the last array is there only where rows are weighted.
const ELEMENT_BYTES: [usize; 4] = [4, 8, 1, WEIGHT_BYTES];

/// Bytes on disk of one row that has no weight.
pub(crate) const ROW_BYTES: usize = 4 + 8 + 1;

/// Bytes on disk of a row's weight.
pub(crate) const WEIGHT_BYTES: usize = 4;

/// Label, group hash and split of every row, on disk, and its weight where there is a weight column.
/// The scan writes labels, groups and weights, the assignment the splits; afterwards it is only
/// read. A label that is missing is NaN.
#[derive(Debug, Clone)]
pub struct RowsFile {
    file: BlockFile,
    weighted: bool,
}

impl RowsFile {
    /// Creates the file.
    ///
    /// # Errors
    /// As [`BlockFile::create`].
    pub fn create(path: &Path, rows: u64, weighted: bool) -> Result<Self> {
        let file = BlockFile::create(path, rows, element_bytes(weighted))?;
        Ok(Self { file, weighted })
    }

    /// Opens the file of another run.
    ///
    /// # Errors
    /// As [`BlockFile::open`].
    pub fn open(path: &Path, rows: u64, weighted: bool) -> Result<Self> {
        let file = BlockFile::open(path, rows, element_bytes(weighted))?;
        Ok(Self { file, weighted })
    }

    /// The file itself.
    pub fn block_file(&self) -> &BlockFile {
        &self.file
    }

    /// Rows in all.
    pub fn rows(&self) -> u64 {
        self.file.rows()
    }

    /// True with a weight of each row.
    pub fn is_weighted(&self) -> bool {
        self.weighted
    }

    /// Blocks in all.
    pub fn blocks(&self) -> usize {
        self.file.blocks()
    }

    /// Rows of a block.
    pub fn block_rows(&self, block: usize) -> usize {
        self.file.block_rows(block)
    }

    /// Writes labels from a row on.
    ///
    /// # Errors
    /// As [`BlockFile::write`]; the same for its siblings.
    pub fn write_labels(&self, first_row: u64, labels: &[f32]) -> Result<()> {
        self.file.write(LABEL, first_row, labels)
    }

    /// Writes group hashes from a row on.
    ///
    /// # Errors
    /// As [`BlockFile::write`].
    pub fn write_groups(&self, first_row: u64, groups: &[u64]) -> Result<()> {
        self.file.write(GROUP, first_row, groups)
    }

    /// Writes splits from a row on.
    ///
    /// # Errors
    /// As [`BlockFile::write`].
    pub fn write_splits(&self, first_row: u64, splits: &[u8]) -> Result<()> {
        self.file.write(SPLIT, first_row, splits)
    }

    /// Writes weights from a row on.
    ///
    /// # Errors
    /// As [`BlockFile::write`].
    ///
    /// # Panics
    /// If the file was made without weights.
    pub fn write_weights(&self, first_row: u64, weights: &[f32]) -> Result<()> {
        assert!(self.weighted);
        self.file.write(WEIGHT, first_row, weights)
    }

    /// Reads the splits of a row range.
    ///
    /// # Errors
    /// As [`BlockFile::read`].
    pub fn read_splits(&self, first_row: u64, rows: usize, splits: &mut Vec<u8>) -> Result<()> {
        splits.resize(rows, Split::None as u8);
        self.file.read(SPLIT, first_row, splits)
    }

    /// Reads the labels of a row range.
    ///
    /// # Errors
    /// As [`BlockFile::read`].
    pub fn read_labels(&self, first_row: u64, rows: usize, labels: &mut Vec<f32>) -> Result<()> {
        labels.resize(rows, f32::NAN);
        self.file.read(LABEL, first_row, labels)
    }

    /// Reads the weights of a row range; 1 where there is no weight column.
    ///
    /// # Errors
    /// As [`BlockFile::read`].
    pub fn read_weights(&self, first_row: u64, rows: usize, weights: &mut Vec<f32>) -> Result<()> {
        weights.resize(rows, 1.0);
        if self.weighted {
            self.file.read(WEIGHT, first_row, weights)?;
        }
        Ok(())
    }

    /// Reads the group hashes of a row range.
    ///
    /// # Errors
    /// As [`BlockFile::read`].
    pub fn read_groups(&self, first_row: u64, rows: usize, groups: &mut Vec<u64>) -> Result<()> {
        groups.resize(rows, 0);
        self.file.read(GROUP, first_row, groups)
    }
}

fn element_bytes(weighted: bool) -> &'static [usize] {
    &ELEMENT_BYTES[..if weighted { 4 } else { 3 }]
}

/// The memory into which one worker reads the rows of a block.
#[derive(Debug, Default)]
pub(crate) struct RowsBuffer {
    label: Vec<f32>,
    weight: Vec<f32>,
    group: Vec<u64>,
    split: Vec<u8>,
}

impl RowsBuffer {
    /// Bytes held a row.
    pub(crate) const ROW_BYTES: usize = ROW_BYTES + WEIGHT_BYTES;

    /// Reads a block of rows.
    ///
    /// # Errors
    /// As [`BlockFile::read`].
    pub(crate) fn read(&mut self, file: &RowsFile, block: usize) -> Result<RowBlock<'_>> {
        let rows = file.block_rows(block);
        self.read_range(file, (block * BLOCK_ROWS) as u64, rows)
    }

    /// Reads any range of rows.
    ///
    /// # Errors
    /// As [`BlockFile::read`].
    pub(crate) fn read_range(
        &mut self,
        file: &RowsFile,
        first_row: u64,
        rows: usize,
    ) -> Result<RowBlock<'_>> {
        file.read_labels(first_row, rows, &mut self.label)?;
        file.read_groups(first_row, rows, &mut self.group)?;
        file.read_splits(first_row, rows, &mut self.split)?;
        file.read_weights(first_row, rows, &mut self.weight)?;
        Ok(self.block())
    }

    /// Reads a block's splits alone.
    ///
    /// # Errors
    /// As [`BlockFile::read`].
    pub(crate) fn read_splits(&mut self, file: &RowsFile, block: usize) -> Result<()> {
        let rows = file.block_rows(block);
        file.read_splits((block * BLOCK_ROWS) as u64, rows, &mut self.split)
    }

    /// Reads a block's labels and weights alone.
    ///
    /// # Errors
    /// As [`BlockFile::read`].
    pub(crate) fn read_labels(&mut self, file: &RowsFile, block: usize) -> Result<()> {
        let (first_row, rows) = ((block * BLOCK_ROWS) as u64, file.block_rows(block));
        file.read_labels(first_row, rows, &mut self.label)?;
        file.read_weights(first_row, rows, &mut self.weight)
    }

    /// The block read last; arrays that were not read have undefined contents.
    pub(crate) fn block(&self) -> RowBlock<'_> {
        RowBlock {
            label: &self.label,
            weight: &self.weight,
            group: &self.group,
            split: &self.split,
        }
    }
}
