//! Trees by batches, from codes on scratch.

use crate::pipeline::incremental::tree_feeder::{Ground, TreeFeeder};
use crate::{
    data::ValueType,
    engine::TaskThreads,
    error::Result,
    learner::{
        ModelSpec,
        gbdt::BoosterOptions,
        incremental::{Declared, OnlineTrees, TreesOptions},
    },
    model::{Bins, FeatureSpec, Model},
    pipeline::{
        evaluate::{
            code_pass::{Files, evaluate_from_scratch},
            evaluation::EvaluationSpec,
        },
        fit::fitting::{self, FitSpec, Fitted},
        incremental::{learner_file::Position, progressive::Curve, saver::Saver, started::Started},
        prepare::assign::Assigned,
    },
    run::{
        cache::known,
        checkpoint::{Checkpoint, CheckpointAbout},
        model_spec::resolved_by_name,
        options::incremental::{OnlineOptions, ends_as_train},
        train::Run,
    },
};

/// Learns batch after batch, and then makes the model: the trees of `train` where all rows can be read
/// again, and the learner's own where it goes on from an earlier one, or a class has no rows yet.
///
/// # Errors
/// When scratch files cannot be read, a file not be written, or options not be meant.
pub(crate) fn fit_trees_online(
    run: &Run<'_>,
    spec: &FitSpec<'_>,
    options: &BoosterOptions,
    online: &OnlineOptions,
    started: Option<Started>,
    resumed: Option<Checkpoint>,
) -> Result<Fitted> {
    let context = &run.context;
    let known_hash = known::hash_of(spec.assigned, &spec.bins);
    let about = CheckpointAbout::new(run.options, run.job.dataset.files(), known_hash);
    let (learner, from) = match started {
        Some(started) => {
            let from = started.position_of(Some(&about))?;
            (started.into_trees()?, from)
        }
        None => {
            let rows = run.job.dataset.rows();
            let learner = new_learner(run, options, spec.bins.clone(), rows)?;
            (learner, Position::default())
        }
    };
    let about_model = fitting::about(run, spec.assigned);
    let saver = Saver::new(run, about, about_model, &spec.bins.features);
    let mut feeder = TreeFeeder::new(learner, from, online.batch_rows, spec.evaluation, saver);
    let threads = TaskThreads::new(context.threads)?;
    let codes = spec.codes.as_ref().expect("trees have codes");
    let ground = Ground {
        context,
        threads: &threads,
        codes,
        rows: spec.rows,
    };
    let rows = codes.rows();
    let report = context.announced("batches", rows, || {
        feeder.feed(ground, rows)?;
        feeder.finish(ground, rows)?;
        Ok(feeder.bytes_read())
    })?;
    let (learner, position, saver) = feeder.into_parts();
    position.tell(context.progress);
    let mut fitted = if ends_as_train(run, spec.assigned, online) {
        drop(learner);
        fitting::fit_trees(run, spec, options, resumed)?
    } else {
        let files = Files {
            codes,
            rows: spec.rows,
            state: None,
        };
        of_learner(
            run,
            spec.assigned,
            &learner,
            saver.model(&learner),
            files,
            spec.evaluation,
        )?
    };
    fitted.passes.insert(0, report);
    fitted.progressive = position.curve;
    Ok(fitted)
}

/// A learner that has seen nothing, of a run's options, which are complete.
///
/// # Errors
/// As [`OnlineTrees::with_bins`]; [`crate::Error::Dataset`] for a weight of a class that there is not.
pub(crate) fn new_learner(
    run: &Run<'_>,
    options: &BoosterOptions,
    bins: Bins,
    rows_expected: u64,
) -> Result<OnlineTrees> {
    let names: Vec<&str> = bins
        .features
        .iter()
        .map(|feature| feature.name.as_str())
        .collect();
    let classes: Vec<&str> = run.target.classes.iter().map(String::as_str).collect();
    let declared = Declared::new(&names, &classes)?;
    let (reservoir_rows, batch_rows) = run.plan.stream_rows;
    let mut spec = ModelSpec::Gbdt(options.clone());
    // Where rows are read once, nobody has filled them in.
    if options.class_weights.is_empty() {
        spec = resolved_by_name(&spec, &run.target)?;
    }
    let ModelSpec::Gbdt(booster) = spec else {
        unreachable!("resolving changes no learner");
    };
    let options = TreesOptions {
        // What only the data could tell is filled in by now, and trees that stop early are those of
        // `train`.
        booster: BoosterOptions {
            balanced: false,
            named_class_weights: Vec::new(),
            early_stopping_rounds: None,
            ..booster
        },
        reservoir_rows,
        batch_rows,
        ..TreesOptions::new(rows_expected)
    };
    OnlineTrees::with_bins(declared, options, bins)
}

/// The model that the learner is, evaluated.
pub(crate) fn of_learner(
    run: &Run<'_>,
    assigned: &Assigned,
    learner: &OnlineTrees,
    model: Model,
    files: Files<'_>,
    evaluation: &EvaluationSpec,
) -> Result<Fitted> {
    let model = Model {
        split: fitting::split_value(run, assigned),
        ..model
    };
    let seconds_to_model = fitting::save(run, &model)?;
    let layout = &learner.bins().expect("a run gives the bins").layout;
    let evaluation = evaluate_from_scratch(&run.context, &model, layout, files, evaluation)?;
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
