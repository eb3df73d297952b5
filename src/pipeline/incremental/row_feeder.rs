//! Cuts rows of the design into batches: each is scored by what was learned before it, learned, and
//! written down.
//!
//! A batch is never in memory as a whole: its rows are scored by a copy of what the learner was at its
//! beginning, and learned a part after the other.

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

/// Learners take blocks of so many rows, or of a divisor: parts of whole blocks change nothing.
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

/// Feeds a learner, batch after batch.
pub(crate) struct RowFeeder<'a> {
    learner: LinearLearner,
    position: Position,
    evaluation: &'a EvaluationSpec,
    batch_rows: usize,
    /// The batch that has begun.
    batch: Option<OpenBatch>,
    tile: Tile,
    classes: Vec<u32>,
    labels: Vec<f64>,
    weights: Vec<f64>,
    /// Training rows to come that an earlier run learned.
    skip: u64,
    /// Training rows of the present slice that have come.
    come: u64,
    /// Whether an earlier run learned the present slice.
    is_learned: bool,
    /// Rows before which all were learned, whatever comes in their place.
    learned_before: u64,
    /// Asked after each batch.
    saver: Saver<'a>,
}

/// A batch of which some rows have come.
struct OpenBatch {
    /// What had been learned before it.
    before: PipelineSnapshot,
    rows_before: u64,
    rows: usize,
    scores: Table,
}

impl<'a> RowFeeder<'a> {
    /// For batches of so many rows. The first `skip` training rows to come are learned already.
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
            skip: if from.is_done { u64::MAX } else { skip },
            come: 0,
            is_learned: false,
            learned_before: from.mark.rows,
            position: from,
            batch_rows,
            batch: None,
            learner,
            evaluation,
            saver,
        }
    }

    /// The learner, how far it is, and what saves it.
    pub(crate) fn into_parts(self) -> (LinearLearner, Position, Saver<'a>) {
        (self.learner, self.position, self.saver)
    }

    /// Remembers what the rows before the next slice are, where they are read once.
    pub(crate) fn mark(&mut self, mark: Mark) {
        self.position.mark = mark;
    }

    /// Begins a slice; slices come in row order.
    pub(crate) fn begin_slice(&mut self, slice: Slice) {
        (self.position.slice_first_row, self.position.taken) = (slice.first_row, 0);
        self.come = 0;
        self.is_learned = slice.first_row + slice.rows as u64 <= self.learned_before;
    }

    /// Takes the next training rows of the slice.
    ///
    /// # Errors
    /// What the learner refuses; that the state cannot be written.
    pub(crate) fn push(&mut self, rows: &DesignRows) -> Result<()> {
        let count = rows.classes.len();
        let mut first = self.skip.min(count as u64) as usize;
        self.skip -= first as u64;
        if self.is_learned {
            first = count;
        }
        while first < count {
            let begun = self.batch.as_ref().map_or(0, |batch| batch.rows);
            let left = self.batch_rows - begun - self.tile.rows();
            let end = first + self.tile.room().min(left).min(count - first);
            let mut room = self.tile.append(end - first);
            room.copy_rows(&rows.design, first, 1);
            let classes = &rows.classes[first..end];
            self.classes.extend_from_slice(classes);
            self.labels
                .extend(classes.iter().map(|class| f64::from(*class)));
            self.weights.extend_from_slice(&rows.weights[first..end]);
            let is_whole = end - first == left;
            first = end;
            if is_whole || self.tile.room() == 0 {
                self.learn_part()?;
            }
            if is_whole {
                self.position.taken = self.come + end as u64;
                self.end_batch()?;
            }
        }
        self.come += count as u64;
        self.position.taken = self.come;
        Ok(())
    }

    /// Whether training rows that an earlier run learned have not come.
    pub(crate) fn is_behind(&self) -> bool {
        self.skip > 0 && !self.position.is_done
    }

    /// Learns the rows that are left: the last batch may be shorter.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub(crate) fn finish(&mut self) -> Result<()> {
        // How the data were cut into slices is forgotten.
        (self.position.slice_first_row, self.position.taken) = (0, 0);
        self.position.is_done = true;
        if self.tile.rows() > 0 {
            self.learn_part()?;
        }
        self.end_batch()
    }

    /// Scores and learns the rows of the part.
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

    /// Ends the batch, if one has begun, and writes the learner down.
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
