//! Batches for trees from codes on scratch: each is scored by the trees so far, then trees grow on it and are
//! saved.

use crate::{
    data::{CodeBlock, Split},
    engine::{Context, TaskThreads, Tasks},
    error::Result,
    learner::{
        gbdt::stream::STREAM_BLOCK_ROWS,
        incremental::{Learner, OnlineTrees},
    },
    limits::BLOCK_ROWS,
    model::{ByteTrees, features::missing_codes},
    pipeline::{
        evaluate::{
            evaluation::{BySplit, EvaluationSpec, Table},
            progressive::{self, CurvePoint},
        },
        incremental::{
            learner_file::{Mark, Position},
            saver::Saver,
            stored_learner::LearnerRef,
        },
        storage::rows::{RowsBuffer, RowsFile},
    },
    scratch::BlockFile,
};

/// The name of the pass, for progress and panics.
const NAME: &str = "batches";

/// Rows on scratch with their codes, and the threads that read them.
#[derive(Clone, Copy)]
pub(crate) struct CodedRows<'a> {
    pub(crate) context: &'a Context<'a>,
    pub(crate) threads: &'a TaskThreads,
    pub(crate) codes: &'a BlockFile,
    pub(crate) rows: &'a RowsFile,
}

/// Scores and grows trees, batch after batch. A batch ends with its `batch_rows`-th training row; rows of other
/// splits in between only count as rows seen.
pub(crate) struct TreeFeeder<'a> {
    learner: OnlineTrees,
    position: Position,
    batch_rows: u64,
    evaluation: &'a EvaluationSpec,
    saver: Saver<'a>,
    /// Rows whose splits were read, and training rows among them that are in no batch yet.
    scanned: u64,
    waiting: u64,
    block: Block,
    bytes_read: u64,
}

/// A part of a batch, read from scratch.
#[derive(Default)]
struct Block {
    /// Byte columns with room for [`BLOCK_ROWS`], each used at its beginning.
    codes: Vec<u8>,
    rows: RowsBuffer,
    splits: Vec<u8>,
    by_split: BySplit,
    margins: Vec<f32>,
}

impl<'a> TreeFeeder<'a> {
    /// A feeder with batches of `batch_rows` training rows.
    pub(crate) fn new(
        learner: OnlineTrees,
        from: Position,
        batch_rows: usize,
        evaluation: &'a EvaluationSpec,
        saver: Saver<'a>,
    ) -> Self {
        Self {
            learner,
            scanned: from.slice_first_row,
            position: from,
            batch_rows: batch_rows as u64,
            evaluation,
            saver,
            waiting: 0,
            block: Block::default(),
            bytes_read: 0,
        }
    }

    /// Bytes read from scratch so far.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// The learner, its position, and its saver.
    pub(crate) fn into_parts(self) -> (OnlineTrees, Position, Saver<'a>) {
        (self.learner, self.position, self.saver)
    }

    /// Stores the mark of all rows so far, where rows are read once.
    pub(crate) fn mark(&mut self, mark: Mark) {
        self.position.mark = mark;
    }

    /// True while rows of before a stop are not among the first `available`.
    pub(crate) fn is_behind(&self, available: u64) -> bool {
        available < self.position.slice_first_row
    }

    /// Trains on the batches that are complete among the first `available` rows.
    ///
    /// # Errors
    /// For rows that the learner refuses, when scratch cannot be read or the learner's file written, and for a
    /// request to stop.
    pub(crate) fn feed(&mut self, coded: CodedRows<'_>, available: u64) -> Result<()> {
        if self.position.is_done {
            return Ok(());
        }
        while let Some(end) = self.batch_end(coded.rows, available)? {
            self.learn(coded, end)?;
        }
        Ok(())
    }

    /// Trains on the remaining rows, of `rows` in all, and grows the remaining trees.
    ///
    /// # Errors
    /// As [`Self::feed`].
    pub(crate) fn finish(&mut self, coded: CodedRows<'_>, rows: u64) -> Result<()> {
        if self.position.is_done {
            return Ok(());
        }
        if self.waiting > 0 {
            self.learn(coded, rows)?;
        }
        // Fewer rows than expected leave rounds to grow.
        self.learner.spend_budget(&tasks(coded))?;
        self.position.is_done = true;
        self.saver
            .save(LearnerRef::Trees(&self.learner), &self.position)
    }

    /// The end of the next batch, if it is complete.
    fn batch_end(&mut self, rows: &RowsFile, available: u64) -> Result<Option<u64>> {
        while self.scanned < available {
            let len = (available - self.scanned).min(BLOCK_ROWS as u64) as usize;
            let splits = &mut self.block.splits;
            rows.read_splits(self.scanned, len, splits)?;
            for &split in &*splits {
                self.scanned += 1;
                self.waiting += u64::from(split == Split::Train as u8);
                // Batches end by training rows, so they do not depend on when rows become available.
                if self.waiting == self.batch_rows {
                    self.waiting = 0;
                    return Ok(Some(self.scanned));
                }
            }
        }
        Ok(None)
    }

    /// Scores the batch that ends before a row, then trains on it.
    fn learn(&mut self, coded: CodedRows<'_>, end: u64) -> Result<()> {
        let batch = (self.position.slice_first_row, end);
        let point = self.score(coded, batch)?;
        // A batch may exceed memory, so its codes are read twice: the trees' byte columns to score, all to train.
        let rows_max = self.learner.block_rows_max();
        let (block, bytes_read) = (&mut self.block, &mut self.bytes_read);
        self.learner.partial_fit_codes(&tasks(coded), |learn| {
            for (first_row, rows) in parts(batch, rows_max) {
                coded.context.stop.check()?;
                *bytes_read += block.read(coded, (first_row, rows), 0..coded.codes.arrays())?;
                learn(&block.codes(first_row, rows), &block.rows.block())?;
                coded.context.progress.advanced(rows as u64, 0);
            }
            Ok(())
        })?;
        self.position.slice_first_row = end;
        self.position.rows += point.rows;
        self.position.batches += 1;
        self.position.curve.push(point);
        self.saver
            .save(LearnerRef::Trees(&self.learner), &self.position)
    }

    /// The progressive validation of a batch: the predictions of the trees so far.
    fn score(&mut self, coded: CodedRows<'_>, batch: (u64, u64)) -> Result<CurvePoint> {
        let ensemble = self.learner.ensemble().expect("a run gives the bins");
        let bins = self.learner.bins().expect("a run gives the bins");
        let missing = missing_codes(&bins.features);
        // Compiled per batch, because each batch may have grown trees and changed leaf values.
        let mut trees = ByteTrees::compile(&ensemble, &bins.layout, &missing);
        let mut table = Table::new(self.evaluation);
        let mut scored = 0;
        let block = &mut self.block;
        for (first_row, rows) in parts(batch, STREAM_BLOCK_ROWS) {
            coded.context.stop.check()?;
            let byte_columns = trees.byte_columns().iter().copied();
            self.bytes_read += block.read(coded, (first_row, rows), byte_columns)?;
            let mut margins = std::mem::take(&mut block.margins);
            margins.resize(rows * trees.outputs(), 0.0);
            trees.margins_into(&block.codes(first_row, rows), &mut margins);
            block.by_split.fill(block.rows.block().split);
            let at = block.by_split.rows(Split::Train);
            table.update(&margins, block.rows.block().label, at);
            scored += at.len() as u64;
            block.margins = margins;
        }
        Ok(progressive::point(&table, self.learner.rows(), scored))
    }
}

impl Block {
    /// Reads some byte columns with labels, weights and splits, and returns the number of bytes.
    fn read(
        &mut self,
        coded: CodedRows<'_>,
        (first_row, rows): (u64, usize),
        byte_columns: impl IntoIterator<Item = usize>,
    ) -> Result<u64> {
        if self.codes.is_empty() {
            self.codes = vec![0; coded.codes.arrays() * BLOCK_ROWS];
        }
        let mut bytes = (rows * RowsBuffer::ROW_BYTES) as u64;
        for byte_column in byte_columns {
            let column = &mut self.codes[byte_column * BLOCK_ROWS..][..rows];
            coded.codes.read(byte_column, first_row, column)?;
            bytes += rows as u64;
        }
        self.rows.read_range(coded.rows, first_row, rows)?;
        Ok(bytes)
    }

    fn codes(&self, first_row: u64, rows: usize) -> CodeBlock<'_> {
        CodeBlock {
            first_row,
            rows,
            codes: &self.codes,
        }
    }
}

fn tasks<'a>(coded: CodedRows<'a>) -> Tasks<'a> {
    Tasks {
        context: coded.context,
        name: NAME,
        threads: coded.threads,
    }
}

/// First row and length of the parts of a range. A part has at most `rows_max` rows and stays within a block of
/// the files.
fn parts((first, end): (u64, u64), rows_max: usize) -> impl Iterator<Item = (u64, usize)> {
    let mut next = first;
    std::iter::from_fn(move || {
        let in_block = BLOCK_ROWS as u64 - next % BLOCK_ROWS as u64;
        let rows = (end - next).min(in_block).min(rows_max as u64);
        let part = (next, rows as usize);
        next += rows;
        (rows > 0).then_some(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_end_where_blocks_end() {
        let block = BLOCK_ROWS as u64;
        let found: Vec<_> = parts((block - 5, 2 * block + 3), BLOCK_ROWS / 2).collect();
        let half = BLOCK_ROWS / 2;
        let expected = [
            (block - 5, 5),
            (block, half),
            (block + half as u64, half),
            (2 * block, 3),
        ];
        assert_eq!(found, expected);
        assert_eq!(parts((7, 7), 10).count(), 0);
    }
}
