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
            source_pass::{PredictSpec, predict_and_evaluate},
        },
        fit::context::Fitted,
        open::{target::Target, training_data::TrainingData},
        prepare::{splitting::SplitRows, survey::FeatureSurvey},
        prune::in_training::PrunedInTraining,
        session::{RunPlan, Session, output},
    },
    run::{
        cache::CodeCache,
        options::TrainOptions,
        predictions::{PredictedRun, write_predictions},
    },
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

/// Predicts the raw data with the saved model, opened afresh: evaluates the test rows, writes the predictions, or
/// both in one pass.
///
/// # Errors
/// When the file is not the model that was saved, the data cannot be read, or the predictions cannot be written.
pub(crate) fn predict_with_saved(
    trained: &Trained<'_>,
) -> Result<(Option<Evaluation>, PassReport)> {
    let output = &trained.options.output;
    let model = Model::load(&output.out_dir.join(output::MODEL))?;
    let (context, learned) = (&trained.session.context, &trained.learned);
    if output.predictions {
        let run = PredictedRun {
            one_pass: trained.options.one_pass().is_some(),
            data: &trained.data,
            target: &trained.target,
            assigned: &learned.split.assigned,
            rows: &learned.split.rows,
            evaluation: output.verify.then_some(&learned.evaluation),
            out_dir: &output.out_dir,
        };
        return write_predictions(context, run, &model);
    }
    let spec = PredictSpec {
        name: "verification",
        data: &trained.data,
        model: &model,
        rows: &learned.split.rows,
        splits: &[Split::Test],
        evaluation: &learned.evaluation,
    };
    let (evaluation, report) = predict_and_evaluate(context, &spec)?;
    Ok((Some(evaluation), report))
}
