//! A learner of either kind that rows are fed to, slice by slice.

use crate::{
    error::Result,
    pipeline::{
        evaluate::evaluation::EvaluationSpec,
        fit::fitting::Fitted,
        incremental::learner_file::Mark,
        one_pass::{columns::Columns, linear::LinearFed, trees::TreesFed},
        prepare::assign::Assigned,
    },
    run::train::Run,
};

/// A learner that is being fed.
pub(crate) enum Fed<'a> {
    Linear(Box<LinearFed<'a>>),
    Trees(Box<TreesFed<'a>>),
}

impl Fed<'_> {
    pub(crate) fn take(&mut self, columns: &Columns) -> Result<()> {
        match self {
            Self::Linear(fed) => fed.take(columns),
            Self::Trees(fed) => fed.take(columns),
        }
    }

    /// Whether rows that were learned before a stop have not come again.
    pub(crate) fn is_behind(&self) -> bool {
        match self {
            Self::Linear(fed) => fed.is_behind(),
            Self::Trees(fed) => fed.is_behind(),
        }
    }

    /// Learns what is left; `all` is what all rows are.
    pub(crate) fn learn_rest(&mut self, all: Mark) -> Result<()> {
        match self {
            Self::Linear(fed) => fed.learn_rest(all),
            Self::Trees(fed) => fed.learn_rest(all),
        }
    }

    pub(crate) fn finish(
        self,
        run: &Run<'_>,
        assigned: &Assigned,
        evaluation: &EvaluationSpec,
    ) -> Result<Fitted> {
        match self {
            Self::Linear(fed) => fed.finish(run, assigned, evaluation),
            Self::Trees(fed) => fed.finish(run, assigned, evaluation),
        }
    }
}
