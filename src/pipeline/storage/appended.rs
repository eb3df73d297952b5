//! Rows that arrive once, appended to scratch: codes, labels, weights and splits.
//!
//! The files have the layout of those of `train`, so the passes over blocks read them alike, and with the
//! same bins and splits `train` would grow the same trees from them.

use std::path::Path;

use crate::{
    data::{RowBlock, Split},
    error::{Error, Result},
    limits::BLOCK_ROWS,
    pipeline::storage::rows::RowsFile,
    scratch::BlockFile,
    text::size::grouped,
};

/// Codes, labels, weights and splits of the rows so far.
///
/// Memory: a few words a byte column. Disk: a byte a row and byte column, and 17 bytes a row.
#[derive(Debug)]
pub(crate) struct AppendedRows {
    codes: BlockFile,
    rows: RowsFile,
    /// Rows so far.
    appended: u64,
}

impl AppendedRows {
    /// Creates the files in a scratch directory, with room for so many rows.
    ///
    /// # Errors
    /// As [`BlockFile::create`].
    pub(crate) fn create(directory: &Path, rows_max: u64, byte_columns: usize) -> Result<Self> {
        let codes = BlockFile::create(
            &directory.join("appended-codes"),
            rows_max,
            &vec![1; byte_columns],
        )?;
        Ok(Self {
            codes,
            rows: RowsFile::create(&directory.join("appended-rows"), rows_max, true)?,
            appended: 0,
        })
    }

    /// Rows so far.
    pub(crate) fn len(&self) -> u64 {
        self.appended
    }

    /// Continues after the first `rows` rows; later ones are overwritten.
    ///
    /// # Panics
    /// If there are fewer.
    #[cfg(test)]
    pub(crate) fn go_back(&mut self, rows: u64) {
        assert!(rows <= self.appended);
        self.appended = rows;
    }

    /// Appends the rows of a block.
    ///
    /// # Errors
    /// As [`Self::append_columns`].
    #[cfg(test)]
    pub(crate) fn append(
        &mut self,
        codes: &crate::data::CodeBlock<'_>,
        rows: &RowBlock<'_>,
    ) -> Result<()> {
        self.append_columns(rows, |byte_column, bytes| {
            bytes.copy_from_slice(codes.column(byte_column));
        })
    }

    /// Appends rows; `fill` writes their codes of a byte column.
    ///
    /// # Errors
    /// [`Error::Dataset`] for more rows than there is room for, before anything is written;
    /// [`Error::Io`] where the system refuses.
    pub(crate) fn append_columns(
        &mut self,
        rows: &RowBlock<'_>,
        mut fill: impl FnMut(usize, &mut [u8]),
    ) -> Result<()> {
        let first = self.appended;
        let count = rows.label.len();
        if first + count as u64 > self.codes.rows() {
            return Err(Error::Dataset(format!(
                "the stream has {} more rows after {}, but --expected-rows allows {}; start over with a larger \
                 --expected-rows, or train on the further rows with --init-model",
                grouped(count as u64),
                grouped(first),
                grouped(self.codes.rows())
            )));
        }
        let mut bytes = vec![0; count];
        for byte_column in 0..self.codes.arrays() {
            fill(byte_column, &mut bytes);
            self.codes.write(byte_column, first, &bytes)?;
        }
        self.rows.write_labels(first, rows.label)?;
        self.rows.write_weights(first, rows.weight)?;
        self.rows.write_splits(first, rows.split)?;
        if !rows.group.is_empty() {
            self.rows.write_groups(first, rows.group)?;
        }
        self.appended += count as u64;
        Ok(())
    }

    /// The codes of all rows.
    pub(crate) fn codes(&self) -> &BlockFile {
        &self.codes
    }

    /// Labels, weights, groups and splits.
    pub(crate) fn rows(&self) -> &RowsFile {
        &self.rows
    }

    /// Takes the room that was not used out of all splits, when no more rows will come.
    ///
    /// # Errors
    /// [`Error::Io`] where the system refuses.
    pub(crate) fn close(&self) -> Result<()> {
        let none = vec![Split::None as u8; BLOCK_ROWS];
        for first in (self.appended..self.rows.rows()).step_by(BLOCK_ROWS) {
            let len = (self.rows.rows() - first).min(BLOCK_ROWS as u64);
            self.rows.write_splits(first, &none[..len as usize])?;
        }
        Ok(())
    }
}
