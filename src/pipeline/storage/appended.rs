//! Rows of batches, appended to scratch as they come, and the trees that all of them grow in the end.
//!
//! What an online learner of trees was fed is not lost: its codes are kept as those of `train` are, a
//! byte a row and byte column, and finishing is what `train` does once its codes are written. With
//! the same bins and splits the trees are the same bytes.

use std::path::{Path, PathBuf};

use crate::{
    data::{CodeBlock, RowBlock, Split},
    engine::Context,
    error::{Error, Result},
    learner::gbdt::{BoosterOptions, BoosterPlan, Loss},
    limits::BLOCK_ROWS,
    model::Bins,
    pipeline::{
        fit::boost::{BoostSpec, Boosted, boost},
        storage::rows::RowsFile,
    },
    scratch::BlockFile,
    text::size::grouped,
};

/// Codes, labels, weights and splits of the rows so far.
///
/// Memory: a few words a byte column. Disk: a byte a row and byte column, and 17 bytes a row.
#[derive(Debug)]
pub struct AppendedRows {
    codes: BlockFile,
    rows: RowsFile,
    state_path: PathBuf,
    /// Rows so far.
    appended: u64,
    /// Those that are trained on.
    train_rows: u64,
}

/// What is grown from all rows.
#[derive(Debug)]
pub struct FinishSpec<'a> {
    /// The trees.
    pub options: &'a BoosterOptions,
    /// What is minimised.
    pub loss: Loss,
    /// What the codes were made by.
    pub bins: &'a Bins,
    /// What is kept in memory and what is tiled.
    pub plan: BoosterPlan,
    /// Rows of a sample that the plan has room for.
    pub sample_rows: u64,
    /// Bytes that blocks may take which stay in memory from pass to pass.
    pub resident_bytes: u64,
}

impl AppendedRows {
    /// Creates the files in a scratch directory, with room for so many rows.
    ///
    /// # Errors
    /// As [`BlockFile::create`].
    pub fn create(directory: &Path, rows_max: u64, byte_columns: usize) -> Result<Self> {
        let codes = BlockFile::create(
            &directory.join("appended-codes"),
            rows_max,
            &vec![1; byte_columns],
        )?;
        Ok(Self {
            codes,
            rows: RowsFile::create(&directory.join("appended-rows"), rows_max, true)?,
            state_path: directory.join("appended-state"),
            appended: 0,
            train_rows: 0,
        })
    }

    /// Rows so far.
    pub fn len(&self) -> u64 {
        self.appended
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.appended == 0
    }

    /// Goes on after so many rows: what was appended later is written over. For a learner that was read
    /// from its file.
    ///
    /// # Errors
    /// When the splits cannot be read.
    ///
    /// # Panics
    /// If there are fewer.
    pub fn go_back(&mut self, rows: u64) -> Result<()> {
        assert!(rows <= self.appended);
        let mut splits = Vec::new();
        self.train_rows = 0;
        for first in (0..rows).step_by(BLOCK_ROWS) {
            let len = (rows - first).min(BLOCK_ROWS as u64) as usize;
            self.rows.read_splits(first, len, &mut splits)?;
            self.train_rows += trained(&splits);
        }
        self.appended = rows;
        Ok(())
    }

    /// Appends the rows of a block.
    ///
    /// # Errors
    /// As [`Self::append_columns`].
    pub fn append(&mut self, codes: &CodeBlock<'_>, rows: &RowBlock<'_>) -> Result<()> {
        self.append_columns(rows, |byte_column, bytes| {
            bytes.copy_from_slice(codes.column(byte_column));
        })
    }

    /// Appends rows; `fill` writes their codes of a byte column.
    ///
    /// # Errors
    /// [`Error::Dataset`] for more rows than there is room for, before anything is written;
    /// [`Error::Io`] where the system refuses.
    pub fn append_columns(
        &mut self,
        rows: &RowBlock<'_>,
        mut fill: impl FnMut(usize, &mut [u8]),
    ) -> Result<()> {
        let first = self.appended;
        let count = rows.label.len();
        if first + count as u64 > self.codes.rows() {
            return Err(Error::Dataset(format!(
                "{} rows come after {}, and there is room for {}; start anew with more --expected-rows, or \
                 learn further rows with --init-model",
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
        self.train_rows += trained(rows.split);
        Ok(())
    }

    /// The codes of all rows.
    pub fn codes(&self) -> &BlockFile {
        &self.codes
    }

    /// Labels, weights, groups and splits.
    pub fn rows(&self) -> &RowsFile {
        &self.rows
    }

    /// Takes the room that was not used out of all splits, when no more rows will come.
    ///
    /// # Errors
    /// [`Error::Io`] where the system refuses.
    pub fn close(&self) -> Result<()> {
        let none = vec![Split::None as u8; BLOCK_ROWS];
        for first in (self.appended..self.rows.rows()).step_by(BLOCK_ROWS) {
            let len = (self.rows.rows() - first).min(BLOCK_ROWS as u64);
            self.rows.write_splits(first, &none[..len as usize])?;
        }
        Ok(())
    }

    /// Grows the trees of all rows appended, as `train` does.
    ///
    /// Memory: as [`boost`].
    ///
    /// # Errors
    /// As [`boost`].
    pub fn finish(&self, context: &Context<'_>, spec: FinishSpec<'_>) -> Result<Boosted> {
        self.close()?;
        let options = BoosterOptions {
            sampling: spec
                .options
                .sampling
                .resolve(self.train_rows, spec.sample_rows),
            ..spec.options.clone()
        };
        boost(
            context,
            BoostSpec {
                options: &options,
                loss: spec.loss,
                bins: spec.bins,
                plan: spec.plan,
                codes: &self.codes,
                rows: &self.rows,
                resident_bytes: spec.resident_bytes,
                state_path: &self.state_path,
                resumed: None,
                checkpoints: None,
            },
        )
    }
}

fn trained(splits: &[u8]) -> u64 {
    let is_trained = |split: &&u8| **split == Split::Train as u8;
    splits.iter().filter(is_trained).count() as u64
}
