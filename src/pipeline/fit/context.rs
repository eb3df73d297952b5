//! The inputs and the result of fitting, the same for every learner.

use crate::{
    engine::{Context, PassReport, Progress},
    learner::{ModelSpec, gbdt::RoundLoss},
    limits::Limits,
    model::{Bins, Model},
    pipeline::{
        evaluate::{
            evaluation::{Evaluation, EvaluationSpec},
            progressive::Curve,
        },
        open::{target::Target, training_data::TrainingData},
        prepare::{assign::Assigned, survey::Survey},
        session::{RunPlan, Session},
        storage::rows::RowsFile,
    },
    scratch::BlockFile,
};

/// The data and the target of a session, and the bounds that a learner keeps.
#[derive(Clone, Copy)]
pub(crate) struct FitContext<'a> {
    pub(crate) session: &'a Session<'a>,
    pub(crate) data: &'a TrainingData,
    pub(crate) target: &'a Target,
    pub(crate) plan: &'a RunPlan,
    pub(crate) limits: &'a Limits,
    pub(crate) memory_bytes: u64,
    pub(crate) seed: u64,
    pub(crate) evaluation: &'a EvaluationSpec,
}

impl<'a> FitContext<'a> {
    pub(crate) fn context(&self) -> &'a Context<'a> {
        &self.session.context
    }

    pub(crate) fn progress(&self) -> &'a dyn Progress {
        self.session.context.progress
    }
}

/// The prepared data that a model is fitted from.
pub(crate) struct FitSpec<'a> {
    /// The learner's options, complete.
    pub(crate) model: &'a ModelSpec,
    /// Features and their codes.
    pub(crate) bins: &'a Bins,
    /// Moments and sampled values.
    pub(crate) survey: &'a Survey,
    /// Labels, groups and splits.
    pub(crate) rows: &'a RowsFile,
    /// Counts by split, and the sample.
    pub(crate) assigned: &'a Assigned,
    /// The codes of all rows; `None` for a linear model.
    pub(crate) codes: Option<&'a BlockFile>,
}

/// A fitted model with its evaluation.
pub(crate) struct Fitted {
    /// The model, saved without its metrics.
    pub(crate) model: Model,
    /// Features that the learner left out, with the reason.
    pub(crate) left_out: Vec<(u32, &'static str)>,
    /// Covariance of a linear model's coefficients.
    pub(crate) covariance: Option<Vec<f64>>,
    /// Losses after each round of trees; empty for a linear model.
    pub(crate) curve: Vec<RoundLoss>,
    /// Progressive validation; empty without batches.
    pub(crate) progressive: Curve,
    /// Metrics of all splits.
    pub(crate) evaluation: Evaluation,
    /// Seconds from the run's start to the saved model.
    pub(crate) seconds_to_model: f64,
    /// The passes, in order.
    pub(crate) passes: Vec<PassReport>,
}
