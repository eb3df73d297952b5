//! A trained model before its files are written.

use std::path::PathBuf;

use crate::{
    data::Split,
    engine::PassReport,
    error::Result,
    learner::ModelSpec,
    model::Model,
    pipeline::{
        evaluate::{
            evaluation::{Evaluation, EvaluationSpec},
            from_source::{PredictSpec, predict_and_evaluate},
        },
        fit::context::Fitted,
        open::{target::Target, training_data::TrainingData},
        prepare::{splitting::SplitRows, survey::FeatureSurvey},
        prune::in_training::PrunedInTraining,
        session::{RunPlan, Session, output},
    },
    run::{cache::CodeCache, options::TrainOptions},
};

/// A fitted and evaluated model, and the session that it comes from.
pub(crate) struct Trained<'a> {
    pub(crate) options: &'a TrainOptions,
    pub(crate) session: Session<'a>,
    pub(crate) data: TrainingData,
    pub(crate) target: Target,
    pub(crate) plan: RunPlan,
    pub(crate) learned: Learned,
    /// The directory of codes that an earlier run left, where they were used.
    pub(crate) reused: Option<PathBuf>,
    /// Rounds of the checkpoint that the run continued.
    pub(crate) resumed_rounds: Option<u32>,
    /// Held until the run is over, because its drop removes codes that are not kept.
    pub(crate) _cache: Option<CodeCache>,
}

/// The results of a recipe: splits, statistics, model and metrics.
pub(crate) struct Learned {
    pub(crate) split: SplitRows,
    /// Statistics of each feature that was kept.
    pub(crate) survey: Vec<FeatureSurvey>,
    pub(crate) pruned: Option<PrunedInTraining>,
    /// The learner's options, those that depend on the data filled in.
    pub(crate) spec: ModelSpec,
    pub(crate) fitted: Fitted,
    /// Metrics of the base scores on the same rows.
    pub(crate) base: Option<Evaluation>,
    pub(crate) evaluation: EvaluationSpec,
}

/// Evaluates the saved model, opened afresh, on the test rows of the raw data.
///
/// # Errors
/// When the file is not the model that was saved, or the data cannot be read.
pub(crate) fn evaluate_saved(trained: &Trained<'_>) -> Result<(Evaluation, PassReport)> {
    let model = Model::load(&trained.options.output.out_dir.join(output::MODEL))?;
    let spec = PredictSpec {
        name: "verification",
        data: &trained.data,
        model: &model,
        rows: &trained.learned.split.rows,
        splits: &[Split::Test],
        evaluation: &trained.learned.evaluation,
    };
    predict_and_evaluate(&trained.session.context, &spec)
}
