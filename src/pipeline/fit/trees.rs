//! Trees on all rows: rounds from codes, then the evaluation from codes.

use crate::{
    error::Result,
    learner::gbdt::{BoosterOptions, BoosterPlan},
    model::Body,
    pipeline::{
        coding::codes::{codes_hash, constants},
        evaluate::{
            code_pass::{Files, evaluate_from_scratch},
            progressive::Curve,
        },
        fit::{
            boost::{BoostSpec, boost, loss_of},
            checkpoint::{Checkpoint, CheckpointWriter},
            context::{FitContext, FitSpec, Fitted},
            finished_model,
        },
    },
};

/// Grows the trees, saves the model and evaluates it.
///
/// # Errors
/// When scratch files cannot be read, or a checkpoint is of other codes.
pub(crate) fn fit_trees(
    fit: &FitContext<'_>,
    spec: &FitSpec<'_>,
    options: &BoosterOptions,
    resumed: Option<Checkpoint>,
) -> Result<Fitted> {
    let context = fit.context();
    let left_out = constants(spec.bins)?;
    let codes = spec.codes.expect("trees have codes");
    let (task, classes) = (fit.target.task, fit.target.classes.len());
    let loss = loss_of(task, classes, options.regression_loss());
    let mut checkpoints = checkpoint_writer(fit, spec, resumed.as_ref())?;
    let plan = BoosterPlan::new(
        options,
        loss,
        &spec.bins.layout,
        context.threads,
        fit.plan.histogram_budget_bytes,
    )?;
    let boosted = boost(
        context,
        BoostSpec {
            options,
            loss,
            bins: spec.bins,
            plan,
            codes,
            rows: spec.rows,
            resident_bytes: fit.plan.resident_bytes,
            state_path: &fit.session.scratch.file("state"),
            resumed: resumed.map(|checkpoint| checkpoint.booster),
            checkpoints: Some(&mut checkpoints),
        },
    )?;
    let files = Files {
        codes,
        rows: spec.rows,
        state: Some(&boosted.state),
    };
    let model = finished_model::model(fit, spec, Body::Trees(boosted.ensemble));
    let seconds_to_model = fit.session.save_model(&model)?;
    let evaluation =
        evaluate_from_scratch(context, &model, &spec.bins.layout, files, fit.evaluation)?;
    Ok(Fitted {
        model,
        left_out,
        covariance: None,
        curve: boosted.curve,
        progressive: Curve::default(),
        evaluation,
        seconds_to_model,
        passes: vec![boosted.report],
    })
}

/// The writer of checkpoints while trees grow.
///
/// # Errors
/// [`crate::error::Error::Usage`] if the checkpoint that the run continues is of other codes.
fn checkpoint_writer<'a>(
    fit: &FitContext<'a>,
    spec: &FitSpec<'_>,
    resumed: Option<&Checkpoint>,
) -> Result<CheckpointWriter<'a>> {
    let session = fit.session;
    let identity = session
        .identity
        .with_codes(codes_hash(spec.assigned, spec.bins))
        .sampling_of(spec.model);
    if let Some(checkpoint) = resumed {
        checkpoint.identity.check_found(&identity)?;
    }
    Ok(CheckpointWriter::new(
        &session.output,
        identity,
        session.checkpoint_interval,
        resumed.map_or(0, |checkpoint| checkpoint.booster.rounds()),
        fit.progress(),
    ))
}
