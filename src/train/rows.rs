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

/// Bytes of each array's element.
const ELEMENT_BYTES: [usize; 3] = [4, 8, 1];

/// Bytes on disk of one row.
pub const ROW_BYTES: usize = ELEMENT_BYTES[LABEL] + ELEMENT_BYTES[GROUP] + ELEMENT_BYTES[SPLIT];

/// Label, group hash and split of every row, on disk. The scan writes labels and groups, the
/// assignment the splits; afterwards it is only read. A label that is missing is NaN.
#[derive(Debug, Clone)]
pub struct RowsFile {
    file: BlockFile,
}

impl RowsFile {
    /// Creates the file.
    ///
    /// # Errors
    /// As [`BlockFile::create`].
    pub fn create(path: &Path, rows: u64) -> Result<Self> {
        let file = BlockFile::create(path, rows, &ELEMENT_BYTES)?;
        Ok(Self { file })
    }

    /// Opens the file of another run.
    ///
    /// # Errors
    /// As [`BlockFile::open`].
    pub fn open(path: &Path, rows: u64) -> Result<Self> {
        let file = BlockFile::open(path, rows, &ELEMENT_BYTES)?;
        Ok(Self { file })
    }

    /// The file itself.
    pub fn block_file(&self) -> &BlockFile {
        &self.file
    }

    /// Rows in all.
    pub fn rows(&self) -> u64 {
        self.file.rows()
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

    /// Reads the group hashes of a row range.
    ///
    /// # Errors
    /// As [`BlockFile::read`].
    pub fn read_groups(&self, first_row: u64, rows: usize, groups: &mut Vec<u64>) -> Result<()> {
        groups.resize(rows, 0);
        self.file.read(GROUP, first_row, groups)
    }
}

/// The memory into which one worker reads the rows of a block.
#[derive(Debug, Default)]
pub struct RowsBuffer {
    label: Vec<f32>,
    weight: Vec<f32>,
    group: Vec<u64>,
    split: Vec<u8>,
}

impl RowsBuffer {
    /// Bytes held a row.
    pub const ROW_BYTES: usize = ROW_BYTES + 4;

    /// Reads a block of rows. Every row weighs 1.
    ///
    /// # Errors
    /// As [`BlockFile::read`].
    pub fn read(&mut self, file: &RowsFile, block: usize) -> Result<RowBlock<'_>> {
        let rows = file.block_rows(block);
        self.read_range(file, (block * BLOCK_ROWS) as u64, rows)
    }

    /// Reads any range of rows. Every row weighs 1.
    ///
    /// # Errors
    /// As [`BlockFile::read`].
    pub fn read_range(
        &mut self,
        file: &RowsFile,
        first_row: u64,
        rows: usize,
    ) -> Result<RowBlock<'_>> {
        file.read_labels(first_row, rows, &mut self.label)?;
        file.read_groups(first_row, rows, &mut self.group)?;
        file.read_splits(first_row, rows, &mut self.split)?;
        self.weight.resize(rows, 1.0);
        Ok(self.block())
    }

    /// Reads a block's splits alone.
    ///
    /// # Errors
    /// As [`BlockFile::read`].
    pub fn read_splits(&mut self, file: &RowsFile, block: usize) -> Result<()> {
        let rows = file.block_rows(block);
        self.weight.resize(rows, 1.0);
        file.read_splits((block * BLOCK_ROWS) as u64, rows, &mut self.split)
    }

    /// Reads a block's labels alone.
    ///
    /// # Errors
    /// As [`BlockFile::read`].
    pub fn read_labels(&mut self, file: &RowsFile, block: usize) -> Result<()> {
        file.read_labels(
            (block * BLOCK_ROWS) as u64,
            file.block_rows(block),
            &mut self.label,
        )
    }

    /// What was read last; arrays that were not read hold whatever was there.
    pub fn block(&self) -> RowBlock<'_> {
        RowBlock {
            label: &self.label,
            weight: &self.weight,
            group: &self.group,
            split: &self.split,
        }
    }
}
