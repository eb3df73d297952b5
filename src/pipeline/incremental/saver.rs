//! Saves the learner's file after batches.

use std::{
    io::Write,
    time::{Duration, Instant},
};

use crate::{
    engine::Progress,
    error::{Error, Result},
    model::{About, Body, FeatureSpec, Linear, Model},
    pipeline::{
        incremental::{
            learner_file::{self, Position},
            linear_learner::LinearLearner,
            stored_learner::{LearnerRef, model_of},
        },
        session::{
            RunIdentity, Session,
            output::{self, OutputDirectory},
        },
    },
    platform::atomic,
};

/// Writing takes at most one part in so many of the time.
const TIME_SHARE: u32 = 20;

/// Writes the learner's file: after a batch if it is time, and at the end.
pub(crate) struct Saver<'a> {
    directory: &'a OutputDirectory,
    identity: RunIdentity,
    /// The description of the model.
    about: About,
    features: Vec<FeatureSpec>,
    every: Duration,
    progress: &'a dyn Progress,
    written: Option<Instant>,
    /// Duration of the last write.
    cost: Duration,
}

impl<'a> Saver<'a> {
    /// A saver for a run's directory, at the interval of its options.
    pub(crate) fn new(
        session: &'a Session<'_>,
        identity: RunIdentity,
        about: About,
        features: &[FeatureSpec],
    ) -> Self {
        Self {
            directory: &session.output,
            identity,
            about,
            features: features.to_vec(),
            every: session.checkpoint_interval,
            progress: session.context.progress,
            written: None,
            cost: Duration::ZERO,
        }
    }

    /// The learner's current model, not evaluated.
    pub(crate) fn model(&self, learner: LearnerRef<'_>) -> Model {
        model_of(self.about.clone(), &self.features, learner)
    }

    /// The model of a finished run of logistic regression: missing numbers are imputed by the mean of their column.
    pub(crate) fn finished_model(&self, learner: &LinearLearner) -> Model {
        let mut linear = learner.linear();
        center(&mut linear);
        Model {
            body: Body::Linear(linear),
            ..self.model(LearnerRef::Linear(learner))
        }
    }

    /// Writes the file if it is time. A failure is a warning, at the end an error.
    ///
    /// # Errors
    /// [`Error::Io`] at the end of the data, [`Error::Format`] for a learner whose numbers are no longer finite.
    pub(crate) fn save(&mut self, learner: LearnerRef<'_>, position: &Position) -> Result<()> {
        let pause = self.every.max(self.cost * TIME_SHARE);
        let is_time = self
            .written
            .is_none_or(|written| written.elapsed() >= pause);
        if !is_time && !position.is_done {
            return Ok(());
        }
        let started = Instant::now();
        let path = self.directory.path().join(output::LEARNER);
        let bytes = learner_file::to_bytes(&self.identity, &self.model(learner), learner, position)
            .map_err(|flaw| Error::format(&path, flaw))?;
        let written = self.directory.start_writing();
        let result = written.and_then(|()| atomic::write(&path, |writer| writer.write_all(&bytes)));
        self.written = Some(Instant::now());
        self.cost = started.elapsed();
        match result {
            Err(error) if !position.is_done => {
                self.progress.warning(&format!(
                    "cannot save the learner after batch {}: {error}; training continues",
                    position.batches
                ));
                Ok(())
            }
            result => result.map(|_| ()),
        }
    }
}

/// Moves each column's mean to its imputed value; no margin changes.
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
    use crate::model::{Column, Reading};

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
