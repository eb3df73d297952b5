//! Trees by batches, from codes on scratch.

use crate::pipeline::incremental::tree_feeder::{CodedRows, TreeFeeder};
use crate::{
    data::ValueType,
    engine::TaskThreads,
    error::Result,
    learner::{
        ClassWeight, ModelSpec,
        gbdt::BoosterOptions,
        incremental::{BatchSchema, OnlineTrees, TreesOptions},
    },
    model::{Bins, FeatureSpec, Model},
    pipeline::{
        coding::codes::codes_hash,
        evaluate::{
            code_pass::{Files, evaluate_from_scratch},
            progressive::Curve,
        },
        fit::{
            checkpoint::Checkpoint,
            context::{FitContext, FitSpec, Fitted},
            finished_model,
            model_spec::resolved_by_name,
            trees::fit_trees,
        },
        incremental::{
            earlier_learner::EarlierLearner, exact_fit::ends_with_exact_fit,
            learner_file::Position, saver::Saver, stored_learner::LearnerRef,
        },
        options::IncrementalOptions,
        prepare::assign::Assigned,
    },
};

/// Trains batch after batch, then makes the model: the trees of `train` where all rows can be read again, and
/// the learner's own where it continues an earlier one, or a class has no rows yet.
///
/// # Errors
/// When scratch files cannot be read, a file cannot be written, or options contradict each other.
pub(crate) fn fit_trees_incrementally(
    fit: &FitContext<'_>,
    spec: &FitSpec<'_>,
    options: &BoosterOptions,
    incremental: &IncrementalOptions,
    earlier: Option<EarlierLearner>,
    resumed: Option<Checkpoint>,
) -> Result<Fitted> {
    let context = fit.context();
    let identity = fit
        .session
        .identity
        .with_codes(codes_hash(spec.assigned, spec.bins));
    let (learner, from) = match earlier {
        Some(earlier) => {
            let from = earlier.position_of(Some(&identity))?;
            (earlier.into_trees()?, from)
        }
        None => {
            let rows = fit.data.dataset.rows();
            let learner = new_learner(fit, options, spec.bins.clone(), rows)?;
            (learner, Position::default())
        }
    };
    let about = finished_model::about(fit, spec.assigned);
    let saver = Saver::new(fit.session, identity, about, &spec.bins.features);
    let mut feeder = TreeFeeder::new(learner, from, incremental.batch_rows, fit.evaluation, saver);
    let threads = TaskThreads::new(context.threads)?;
    let codes = spec.codes.expect("trees have codes");
    let coded = CodedRows {
        context,
        threads: &threads,
        codes,
        rows: spec.rows,
    };
    let rows = codes.rows();
    let report = context.announced("batches", rows, || {
        feeder.feed(coded, rows)?;
        feeder.finish(coded, rows)?;
        Ok(feeder.bytes_read())
    })?;
    let (learner, position, saver) = feeder.into_parts();
    position.announce(context.progress);
    let mut fitted = if ends_with_exact_fit(fit.progress(), spec.assigned, incremental) {
        drop(learner);
        fit_trees(fit, spec, options, resumed)?
    } else {
        let files = Files {
            codes,
            rows: spec.rows,
            state: None,
        };
        of_learner(
            fit,
            spec.assigned,
            &learner,
            saver.model(LearnerRef::Trees(&learner)),
            files,
        )?
    };
    fitted.passes.insert(0, report);
    fitted.progressive = position.curve;
    Ok(fitted)
}

/// An untrained learner with a run's options, which are complete.
///
/// # Errors
/// As [`OnlineTrees::with_bins`]; [`crate::error::Error::Dataset`] for a weight of a class that there is not.
pub(crate) fn new_learner(
    fit: &FitContext<'_>,
    options: &BoosterOptions,
    bins: Bins,
    rows_expected: u64,
) -> Result<OnlineTrees> {
    let names: Vec<&str> = bins
        .features
        .iter()
        .map(|feature| feature.name.as_str())
        .collect();
    let classes: Vec<&str> = fit.target.classes.iter().map(String::as_str).collect();
    let declared = BatchSchema::new(&names, &classes)?;
    let (reservoir_rows, batch_rows) = fit.plan.stream_rows;
    let mut spec = ModelSpec::Gbdt(options.clone());
    // A one-pass run counts no classes beforehand; its class weights are filled in here, by name.
    if options.class_weights.is_empty() {
        spec = resolved_by_name(&spec, fit.target)?;
    }
    let ModelSpec::Gbdt(booster) = spec else {
        unreachable!("resolving changes no learner");
    };
    let options = TreesOptions {
        // Options that depend on the data are filled in by now. Early stopping is for the final fit: batches
        // have no fixed valid rows.
        booster: BoosterOptions {
            class_weight: ClassWeight::Equal,
            early_stopping_rounds: None,
            ..booster
        },
        reservoir_rows,
        batch_rows,
        ..TreesOptions::new(rows_expected)
    };
    OnlineTrees::with_bins(declared, options, bins)
}

/// Saves and evaluates the learner's own model.
pub(crate) fn of_learner(
    fit: &FitContext<'_>,
    assigned: &Assigned,
    learner: &OnlineTrees,
    model: Model,
    files: Files<'_>,
) -> Result<Fitted> {
    let model = Model {
        split: finished_model::split_value(fit, assigned),
        ..model
    };
    let seconds_to_model = fit.session.save_model(&model)?;
    let layout = &learner.bins().expect("a run gives the bins").layout;
    let evaluation = evaluate_from_scratch(fit.context(), &model, layout, files, fit.evaluation)?;
    Ok(Fitted {
        left_out: left_out(&model.features),
        model,
        covariance: None,
        curve: Vec::new(),
        progressive: Curve::default(),
        evaluation,
        seconds_to_model,
        passes: Vec::new(),
    })
}

/// Features that cannot be split on but by whether they are missing.
fn left_out(features: &[FeatureSpec]) -> Vec<(u32, &'static str)> {
    let is_constant = |feature: &FeatureSpec| {
        feature.value_type != ValueType::Text && feature.binning.codes_without_missing() <= 1
    };
    let features = features.iter().enumerate();
    features
        .filter(|(_, feature)| is_constant(feature))
        .map(|(index, _)| (index as u32, "constant in the rows that fixed the bins"))
        .collect()
}
