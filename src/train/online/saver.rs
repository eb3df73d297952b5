//! Writes the learner's file after batches.

use std::{
    io::Write,
    path::PathBuf,
    time::{Duration, Instant},
};

use crate::{
    engine::Progress,
    error::{Error, Result},
    model::{Body, Column, Linear, Link, Model},
    platform::atomic,
    train::{
        checkpoint::CheckpointAbout,
        online::{
            file::{self, Position},
            learner::OnlineLearner,
        },
    },
};

/// The file is written at most in one part of so many of the time.
const TIME_SHARE: u32 = 20;

/// Writes the learner's file: after a batch if it is time, and at the end.
pub(super) struct Saver<'a> {
    path: PathBuf,
    about: CheckpointAbout,
    /// The model without what was learned.
    empty: Model,
    columns: Vec<Column>,
    link: Link,
    every: Duration,
    progress: &'a dyn Progress,
    written: Option<Instant>,
    /// How long the last one took.
    cost: Duration,
}

impl<'a> Saver<'a> {
    /// Writes there, and not more often than `every`.
    pub(super) fn new(
        path: PathBuf,
        about: CheckpointAbout,
        empty: Model,
        columns: &[Column],
        every: Duration,
        progress: &'a dyn Progress,
    ) -> Self {
        Self {
            path,
            about,
            link: empty.about.task.link(),
            empty,
            columns: columns.to_vec(),
            every,
            progress,
            written: None,
            cost: Duration::ZERO,
        }
    }

    /// The design's columns.
    pub(super) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The model as far as it is learned.
    pub(super) fn model(&self, learner: &OnlineLearner) -> Model {
        let mut model = self.empty.clone();
        model.about.train_rows = learner.as_dyn().rows();
        model.body = learner.body(&self.columns, self.link);
        model
    }

    /// The model of a finished run: missing numbers stand at the mean of their column.
    pub(super) fn finished_model(&self, learner: &OnlineLearner) -> Model {
        let mut model = self.model(learner);
        if let Body::Linear(linear) = &mut model.body {
            center(linear);
        }
        model
    }

    /// Writes the file if it is time. That it fails is a warning, but at the end an error.
    ///
    /// # Errors
    /// [`Error::Io`] at the end of the data, [`Error::Format`] for a learner that is not sound any more.
    pub(super) fn save(&mut self, learner: &OnlineLearner, position: &Position) -> Result<()> {
        let pause = self.every.max(self.cost * TIME_SHARE);
        let is_time = self
            .written
            .is_none_or(|written| written.elapsed() >= pause);
        if !is_time && !position.is_done {
            return Ok(());
        }
        let started = Instant::now();
        let bytes = file::to_bytes(&self.about, &self.model(learner), learner, position)
            .map_err(|flaw| Error::format(&self.path, flaw))?;
        let result = atomic::write(&self.path, |writer| writer.write_all(&bytes));
        self.written = Some(Instant::now());
        self.cost = started.elapsed();
        match result {
            Err(error) if !position.is_done => {
                self.progress.warning(&format!(
                    "the learner is not written down after batch {}: {error}; learning goes on",
                    position.batches
                ));
                Ok(())
            }
            result => result.map(|_| ()),
        }
    }
}

/// Moves each column's mean to where missing values stand; no margin changes.
fn center(linear: &mut Linear) {
    let count = linear.columns.len();
    for (index, column) in linear.columns.iter_mut().enumerate() {
        let moved = (column.imputation - column.mean) / column.sd;
        column.mean = column.imputation;
        for (output, intercept) in linear.intercepts.iter_mut().enumerate() {
            *intercept += linear.coefficients[output * count + index] * moved;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Reading;

    #[test]
    fn centering_changes_no_margin() {
        let column = |feature: u32, mean: f64, imputation: f64| Column {
            feature,
            reading: Reading::Number,
            mean,
            sd: 4.0,
            imputation,
        };
        let mut linear = Linear {
            outputs: 2,
            link: crate::model::Link::Softmax,
            columns: vec![column(0, 1.0, 3.0), column(1, -2.0, -2.0)],
            intercepts: vec![0.25, -1.0],
            coefficients: vec![2.0, -1.0, 0.5, 8.0],
        };
        let before = linear.clone();
        center(&mut linear);
        assert_eq!(linear.columns[0].mean, 3.0);
        for values in [[5.0, 7.0], [f64::NAN, 1.0], [0.0, f64::NAN]] {
            let of = |linear: &Linear| linear.margins(|column| values[column.feature as usize]);
            assert_eq!(of(&linear), of(&before), "{values:?}");
        }
    }
}
