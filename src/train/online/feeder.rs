//! Cuts rows of the design into batches: each is scored, learned, and written down.

use ndarray::{ArrayView1, ArrayView2, ShapeBuilder};

use crate::{
    data::Tile,
    engine::Slice,
    error::Result,
    learner::online::Batch,
    train::{
        design_rows::DesignRows,
        evaluate::EvaluationSpec,
        online::{curve, file::Position, learner::LinearLearner, saver::Saver},
    },
};

/// Bytes of a batch and its predictions.
pub(in crate::train) fn batch_bytes(columns: usize, classes: usize, rows: usize) -> u64 {
    Tile::bytes(columns, rows) + rows as u64 * (8 + 8 + 4 + 4 + 4 + 8 * classes as u64 + 4)
}

/// Feeds a learner, batch after batch.
pub(super) struct Feeder<'a> {
    pub(super) learner: LinearLearner,
    pub(super) position: Position,
    evaluation: &'a EvaluationSpec,
    tile: Tile,
    classes: Vec<u32>,
    labels: Vec<f64>,
    weights: Vec<f64>,
    /// Training rows to come that an earlier run learned.
    skip: u64,
    /// Asked after each batch.
    pub(super) saver: Saver<'a>,
}

impl<'a> Feeder<'a> {
    /// For batches of so many rows. The first `skip` training rows to come are learned already.
    pub(super) fn new(
        learner: LinearLearner,
        from: Position,
        skip: u64,
        batch_rows: usize,
        evaluation: &'a EvaluationSpec,
        saver: Saver<'a>,
    ) -> Self {
        let columns = learner.as_dyn().declared().features().len();
        Self {
            tile: Tile::new(columns, batch_rows),
            classes: Vec::with_capacity(batch_rows),
            labels: Vec::with_capacity(batch_rows),
            weights: Vec::with_capacity(batch_rows),
            skip: if from.is_done { u64::MAX } else { skip },
            position: from,
            learner,
            evaluation,
            saver,
        }
    }

    /// Takes the training rows of a slice; slices come in row order.
    ///
    /// # Errors
    /// What the learner refuses; that the state cannot be written.
    pub(super) fn push(&mut self, slice: Slice, rows: &DesignRows) -> Result<()> {
        let count = rows.classes.len();
        let mut first = self.skip.min(count as u64) as usize;
        self.skip -= first as u64;
        self.position.slice_first_row = slice.first_row;
        while first < count {
            let end = first + self.tile.room().min(count - first);
            let mut room = self.tile.append(end - first);
            room.copy_rows(&rows.design, first, 1);
            let classes = &rows.classes[first..end];
            self.classes.extend_from_slice(classes);
            self.labels
                .extend(classes.iter().map(|class| f64::from(*class)));
            self.weights.extend_from_slice(&rows.weights[first..end]);
            first = end;
            if self.tile.room() == 0 {
                self.position.taken = end as u64;
                self.learn()?;
            }
        }
        self.position.taken = count as u64;
        Ok(())
    }

    /// Learns the rows that are left: the last batch may be shorter.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub(super) fn finish(&mut self) -> Result<()> {
        // How the data were cut into slices is forgotten.
        (self.position.slice_first_row, self.position.taken) = (0, 0);
        self.position.is_done = true;
        if self.tile.rows() > 0 {
            return self.learn();
        }
        self.saver.save(&self.learner, &self.position)
    }

    fn learn(&mut self) -> Result<()> {
        let shape = (self.tile.rows(), self.tile.features());
        let features =
            ArrayView2::from_shape(shape.strides((1, self.tile.stride())), self.tile.values())
                .expect("a tile has its columns a stride apart");
        let learner = self.learner.as_dyn();
        let probabilities = learner.predict(features.into())?;
        let point = curve::score(
            self.evaluation,
            learner.rows(),
            probabilities.view(),
            &self.classes,
        );
        drop(probabilities);
        let batch = Batch::new(features, ArrayView1::from(&self.labels))
            .with_weights(ArrayView1::from(&self.weights));
        self.learner.as_dyn_mut().partial_fit(&batch)?;
        self.position.batches += 1;
        self.position.rows += self.tile.rows() as u64;
        self.position.curve.push(point);
        self.tile.clear();
        self.classes.clear();
        self.labels.clear();
        self.weights.clear();
        self.saver.save(&self.learner, &self.position)
    }
}
