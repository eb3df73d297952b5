//! The learner of a one-pass run: logistic regression or trees, which take one slice after the other.

use crate::{
    error::Result,
    pipeline::{
        fit::context::{FitContext, Fitted},
        incremental::learner_file::Mark,
        one_pass::{linear::OnePassLinear, slice::OnePassSlice, trees::OnePassTrees},
        prepare::assign::Assigned,
    },
};

/// The learner of either kind.
pub(crate) enum OnePassLearner<'a> {
    Linear(Box<OnePassLinear<'a>>),
    Trees(Box<OnePassTrees<'a>>),
}

impl OnePassLearner<'_> {
    pub(crate) fn take(&mut self, columns: &OnePassSlice) -> Result<()> {
        match self {
            Self::Linear(learner) => learner.take(columns),
            Self::Trees(learner) => learner.take(columns),
        }
    }

    pub(crate) fn is_behind(&self) -> bool {
        match self {
            Self::Linear(learner) => learner.is_behind(),
            Self::Trees(learner) => learner.is_behind(),
        }
    }

    pub(crate) fn finish_batches(&mut self, all: Mark) -> Result<()> {
        match self {
            Self::Linear(learner) => learner.finish_batches(all),
            Self::Trees(learner) => learner.finish_batches(all),
        }
    }

    pub(crate) fn finish(self, fit: &FitContext<'_>, assigned: &Assigned) -> Result<Fitted> {
        match self {
            Self::Linear(learner) => learner.finish(fit, assigned),
            Self::Trees(learner) => learner.finish(fit, assigned),
        }
    }
}
