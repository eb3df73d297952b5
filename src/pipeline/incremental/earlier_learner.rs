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

/// A learner of before this run.
#[derive(Debug)]
pub(crate) struct EarlierLearner {
    pub(crate) file: LearnerFile,
    /// True for a learner of this run's rows, saved before a stop.
    pub(crate) is_resumed: bool,
    /// True for the learner of `--init-model`, or one that started from it.
    pub(crate) is_continued: bool,
}

impl EarlierLearner {
    /// Its position in the run's rows; `found` is the identity after the first passes, where there are any.
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

    /// Adds the data's rows to the number of rows over which trees are spread.
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

    /// The current model, its coefficients, and the learner of logistic regression.
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

    /// The learner of trees.
    ///
    /// # Errors
    /// [`Error::Usage`] for logistic regression.
    pub(crate) fn into_trees(self) -> Result<OnlineTrees> {
        match self.file.learner {
            StoredLearner::Trees(learner) => Ok(*learner),
            StoredLearner::Linear(_) => Err(other_learner("logistic regression", "trees")),
        }
    }

    /// The bins of `--init-model`, which stay; those of this run's own learner are computed again.
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

    /// The options with which it continues.
    pub(crate) fn spec(&self) -> ModelSpec {
        self.file.learner.spec()
    }
}

fn other_learner(is: &str, wanted: &str) -> Error {
    Error::Usage(format!(
        "the saved learner is {is}, but this run trains {wanted}; use the same model, or start over with --overwrite"
    ))
}

/// The options and roles of the learner of `--init-model`.
#[derive(Debug)]
pub(crate) struct InitialLearner {
    pub(crate) spec: ModelSpec,
    /// The columns' roles.
    pub roles: LearnedRoles,
}

/// Reads the learner of `--init-model`.
///
/// # Errors
/// As reading the file.
pub(crate) fn initial_learner(path: &Path) -> Result<InitialLearner> {
    let file = load_initial(path)?;
    let roles = file.model.about.roles;
    Ok(InitialLearner {
        spec: file.learner.spec(),
        roles: LearnedRoles {
            target: roles.target,
            group: roles.group,
            weight: roles.weight,
        },
    })
}
