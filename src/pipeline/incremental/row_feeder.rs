//! Batches for logistic regression: each is scored by the learner of before it, then the learner trains on it
//! and is saved.
//!
//! A batch is never in memory as a whole. A snapshot of the learner at the start of the batch scores its parts,
//! while the learner itself trains on one part after the other.

use ndarray::{ArrayView1, ArrayView2, ShapeBuilder};

use crate::{
    data::Tile,
    engine::Slice,
    error::Result,
    learner::incremental::{Batch, PipelineSnapshot},
    pipeline::{
        evaluate::{
            evaluation::{EvaluationSpec, Table},
            progressive,
        },
        fit::{buffer_pool::PARTS_PER_LANE, design_rows::DesignRows, newton},
        incremental::{
            learner_file::{Mark, Position},
            linear_learner::LinearLearner,
            saver::Saver,
            stored_learner::LearnerRef,
        },
    },
};

/// Bytes of the design of a part, about.
const PART_BYTES: usize = 4 << 20;

/// Learners step through blocks of this many rows or of a divisor, so parts of whole blocks change no result.
const BLOCK_ROWS: usize = 256;

/// The most rows of a part.
const PART_ROWS_MAX: usize = 1 << 14;

/// Rows of a slice that is decoded for a learner: half the bytes of a slice of a fit on all rows, because
/// each lane has two.
pub(crate) fn slice_rows(row_bytes: usize) -> usize {
    newton::slice_rows(PARTS_PER_LANE * row_bytes)
}

/// Rows of a part, of so many columns.
pub(crate) fn part_rows(columns: usize) -> usize {
    let rows = PART_BYTES / (size_of::<f32>() * columns.max(1));
    (rows / BLOCK_ROWS * BLOCK_ROWS).clamp(BLOCK_ROWS, PART_ROWS_MAX)
}

/// Bytes of a part of a batch and its predictions.
pub(crate) fn batch_part_bytes(columns: usize, classes: usize) -> u64 {
    let rows = part_rows(columns);
    Tile::bytes(columns, rows) + rows as u64 * (8 + 8 + 4 + 4 + 4 + (8 + 4) * classes as u64)
}

/// Scores and trains a learner of logistic regression, batch after batch.
pub(crate) struct RowFeeder<'a> {
    learner: LinearLearner,
    position: Position,
    evaluation: &'a EvaluationSpec,
    batch_rows: usize,
    /// The batch of which some rows have arrived.
    batch: Option<OpenBatch>,
    tile: Tile,
    classes: Vec<u32>,
    labels: Vec<f64>,
    weights: Vec<f64>,
    /// Training rows ahead that were learned before a stop.
    skip: u64,
    /// Training rows of the current slice so far.
    slice_train_rows: u64,
    /// True if the current slice was learned before a stop.
    is_slice_learned: bool,
    /// The end of the rows that were learned before a stop.
    learned_end: u64,
    saver: Saver<'a>,
}

/// A batch of which some rows have arrived.
struct OpenBatch {
    /// The learner at the start of the batch.
    before: PipelineSnapshot,
    rows_before: u64,
    rows: usize,
    scores: Table,
}

impl<'a> RowFeeder<'a> {
    /// A feeder with batches of `batch_rows`. The first `skip` training rows were learned before a stop.
    pub(crate) fn new(
        learner: LinearLearner,
        from: Position,
        skip: u64,
        batch_rows: usize,
        evaluation: &'a EvaluationSpec,
        saver: Saver<'a>,
    ) -> Self {
        let columns = learner.as_dyn().schema().features().len();
        let rows = part_rows(columns).min(batch_rows);
        Self {
            tile: Tile::new(columns, rows),
            classes: Vec::with_capacity(rows),
            labels: Vec::with_capacity(rows),
            weights: Vec::with_capacity(rows),
            // A finished learner has seen all rows: none may train it twice.
            skip: if from.is_done { u64::MAX } else { skip },
            slice_train_rows: 0,
            is_slice_learned: false,
            learned_end: from.mark.rows,
            position: from,
            batch_rows,
            batch: None,
            learner,
            evaluation,
            saver,
        }
    }

    /// The learner, its position, and its saver.
    pub(crate) fn into_parts(self) -> (LinearLearner, Position, Saver<'a>) {
        (self.learner, self.position, self.saver)
    }

    /// Stores the mark of all rows before the next slice, where rows are read once.
    pub(crate) fn mark(&mut self, mark: Mark) {
        self.position.mark = mark;
    }

    /// Starts a slice; slices arrive in row order.
    pub(crate) fn start_slice(&mut self, slice: Slice) {
        (self.position.slice_first_row, self.position.taken) = (slice.first_row, 0);
        self.slice_train_rows = 0;
        self.is_slice_learned = slice.first_row + slice.rows as u64 <= self.learned_end;
    }

    /// Takes the next training rows of the slice.
    ///
    /// # Errors
    /// For rows that the learner refuses, and when its file cannot be written.
    pub(crate) fn push(&mut self, rows: &DesignRows) -> Result<()> {
        let count = rows.classes.len();
        let mut first = self.skip.min(count as u64) as usize;
        self.skip -= first as u64;
        if self.is_slice_learned {
            first = count;
        }
        while first < count {
            let in_batch = self.batch.as_ref().map_or(0, |batch| batch.rows);
            let left = self.batch_rows - in_batch - self.tile.rows();
            let end = first + self.tile.room().min(left).min(count - first);
            let mut room = self.tile.append(end - first);
            room.copy_rows(&rows.design, first, 1);
            let classes = &rows.classes[first..end];
            self.classes.extend_from_slice(classes);
            self.labels
                .extend(classes.iter().map(|class| f64::from(*class)));
            self.weights.extend_from_slice(&rows.weights[first..end]);
            // Cutting at the batch's end, not at the slice's, keeps batches independent of threads and slices.
            let is_whole = end - first == left;
            first = end;
            if is_whole || self.tile.room() == 0 {
                self.learn_part()?;
            }
            if is_whole {
                // Within the slice, so that a resumed run skips exactly these rows of it.
                self.position.taken = self.slice_train_rows + end as u64;
                self.end_batch()?;
            }
        }
        self.slice_train_rows += count as u64;
        self.position.taken = self.slice_train_rows;
        Ok(())
    }

    /// True while training rows of before a stop are missing.
    pub(crate) fn is_behind(&self) -> bool {
        self.skip > 0 && !self.position.is_done
    }

    /// Trains on the remaining rows: the last batch may be shorter.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub(crate) fn finish(&mut self) -> Result<()> {
        // A finished position is the same for any cut into slices.
        (self.position.slice_first_row, self.position.taken) = (0, 0);
        self.position.is_done = true;
        if self.tile.rows() > 0 {
            self.learn_part()?;
        }
        self.end_batch()
    }

    /// Scores the part with the snapshot, then trains on it.
    fn learn_part(&mut self) -> Result<()> {
        let shape = (self.tile.rows(), self.tile.features());
        let features =
            ArrayView2::from_shape(shape.strides((1, self.tile.stride())), self.tile.values())
                .expect("a tile has its columns a stride apart");
        let batch = self.batch.get_or_insert_with(|| OpenBatch {
            before: self.learner.snapshot(),
            rows_before: self.learner.as_dyn().rows(),
            rows: 0,
            scores: Table::new(self.evaluation),
        });
        // Scored by the snapshot: the learner has already seen earlier parts of this batch.
        let probabilities = batch.before.predict(features.into())?;
        let task = self.evaluation.task;
        progressive::score(&mut batch.scores, task, probabilities.view(), &self.classes);
        drop(probabilities);
        let part = Batch::new(features, ArrayView1::from(&self.labels))
            .with_weights(ArrayView1::from(&self.weights));
        self.learner.as_dyn_mut().partial_fit(&part)?;
        batch.rows += self.tile.rows();
        self.tile.clear();
        self.classes.clear();
        self.labels.clear();
        self.weights.clear();
        Ok(())
    }

    /// Ends the batch, if there is one, and saves the learner.
    fn end_batch(&mut self) -> Result<()> {
        if let Some(batch) = self.batch.take() {
            let rows = batch.rows as u64;
            let point = progressive::point(&batch.scores, batch.rows_before, rows);
            self.position.batches += 1;
            self.position.rows += rows;
            self.position.curve.push(point);
        }
        self.saver
            .save(LearnerRef::Linear(&self.learner), &self.position)
    }
}
