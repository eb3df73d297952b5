//! The learner that an incremental run continues: its own state before a stop, or another run's learner.

use std::path::Path;

use crate::{
    columns::roles::LearnedRoles,
    error::{Error, Result},
    learner::{ModelSpec, incremental::OnlineTrees},
    model::{Bins, Body, Linear, Model},
    pipeline::{
        incremental::{
            learner_file::{LearnerFile, Position, load_initial},
            linear_learner::LinearLearner,
            stored_learner::StoredLearner,
        },
        open::training_data::TrainingData,
        options::IncrementalOptions,
        session::RunIdentity,
    },
};

/// A learner that was there before the run.
#[derive(Debug)]
pub(crate) struct EarlierLearner {
    pub(crate) file: LearnerFile,
    /// Whether it is of this run, and of these rows, rather than of another.
    pub(crate) is_resumed: bool,
    /// Whether it is, or was begun from, another run's.
    pub(crate) is_continued: bool,
}

impl EarlierLearner {
    /// How far it is in the run's rows; `found` is what a run that reads twice knows by now.
    ///
    /// # Errors
    /// [`Error::Usage`] if it was made from other rows.
    pub(crate) fn position_of(&self, found: Option<&RunIdentity>) -> Result<Position> {
        if !self.is_resumed {
            return Ok(Position::default());
        }
        if let Some(found) = found {
            self.file.identity.check_found(found)?;
        }
        Ok(self.file.position.clone())
    }

    /// Lets trees of an earlier run expect the data's rows.
    pub(crate) fn extend(
        &mut self,
        data: &TrainingData,
        incremental: &IncrementalOptions,
    ) -> Result<()> {
        let StoredLearner::Trees(learner) = &mut self.file.learner else {
            return Ok(());
        };
        let rows = incremental.rows_expected(data.rows_of_files())?;
        let flaw = |error| match error {
            Error::Usage(flaw) => Error::Usage(format!("--init-model: {flaw}")),
            error => error,
        };
        learner.expect_missing().map_err(flaw)?;
        learner
            .extend_budget(rows, incremental.more_trees)
            .map_err(flaw)?;
        Ok(())
    }

    /// A learner of logistic regression, its model so far and the coefficients of that.
    ///
    /// # Errors
    /// [`Error::Usage`] for trees.
    pub(crate) fn into_linear(self) -> Result<(Model, Linear, LinearLearner)> {
        match (self.file.learner, &self.file.model.body) {
            (StoredLearner::Linear(learner), Body::Linear(linear)) => {
                let linear = linear.clone();
                Ok((self.file.model, linear, *learner))
            }
            _ => Err(other_learner("trees", "logistic regression")),
        }
    }

    /// A learner of trees.
    ///
    /// # Errors
    /// [`Error::Usage`] for logistic regression.
    pub(crate) fn into_trees(self) -> Result<OnlineTrees> {
        match self.file.learner {
            StoredLearner::Trees(learner) => Ok(*learner),
            StoredLearner::Linear(_) => Err(other_learner("logistic regression", "trees")),
        }
    }

    /// The bins of a learner of trees of an earlier run, which stay; those of this run are found again.
    pub(crate) fn bins_to_keep(&self) -> Option<&Bins> {
        match &self.file.learner {
            StoredLearner::Trees(learner) if self.is_continued => learner.bins(),
            StoredLearner::Trees(_) | StoredLearner::Linear(_) => None,
        }
    }

    /// Rows of the reservoir of a learner of trees, and those that join it at once.
    pub(crate) fn stream_rows(&self) -> Option<(usize, usize)> {
        match &self.file.learner {
            StoredLearner::Trees(learner) => {
                let options = learner.options();
                Some((options.reservoir_rows, options.batch_rows))
            }
            StoredLearner::Linear(_) => None,
        }
    }

    /// The options that it goes on with.
    pub(crate) fn spec(&self) -> ModelSpec {
        self.file.learner.spec()
    }
}

fn other_learner(is: &str, wanted: &str) -> Error {
    Error::Usage(format!(
        "the learner to go on with is of {is} and the run's is of {wanted}; start anew with --overwrite"
    ))
}

/// What a run takes over from the learner that `--init-model` names.
#[derive(Debug)]
pub struct Initial {
    /// Its options.
    pub spec: ModelSpec,
    /// The columns' parts.
    pub roles: LearnedRoles,
}

/// Reads the learner that `--init-model` names.
///
/// # Errors
/// As reading the file.
pub fn initial(path: &Path) -> Result<Initial> {
    let file = load_initial(path)?;
    let roles = file.model.about.roles;
    Ok(Initial {
        spec: file.learner.spec(),
        roles: LearnedRoles {
            target: roles.target,
            group: roles.group,
            weight: roles.weight,
        },
    })
}
