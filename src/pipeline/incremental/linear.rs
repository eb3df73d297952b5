//! Logistic regression by batches, for data that can be read again: the survey has fixed the design, lanes
//! decode slices, and the merging thread trains on them in row order.

use crate::{
    engine::{ParquetPass, PassReport, parquet_pass},
    error::Result,
    learner::{
        ClassWeight,
        logistic::{LogisticOptions, Solver},
    },
    model::FeatureSpec,
    pipeline::{
        coding::codes::codes_hash,
        fit::{
            buffer_pool::buffer_pools,
            context::{FitContext, FitSpec, Fitted},
            design_rows::DesignSink,
            finished_model,
            linear::{evaluate_linear, fit_linear},
            newton,
        },
        incremental::{
            earlier_learner::EarlierLearner,
            exact_fit::ends_with_exact_fit,
            learner_file::Position,
            linear_learner::LinearLearner,
            row_feeder::{RowFeeder, slice_rows},
            saver::Saver,
        },
        options::IncrementalOptions,
        session::RunIdentity,
    },
    transform::standardize::Design,
};

/// Design and learner before the first batch.
struct Setup {
    features: Vec<FeatureSpec>,
    design: Design,
    learner: LinearLearner,
    from: Position,
}

/// Trains batch after batch, then makes the model: the exact fit on all rows where the learner approaches it,
/// and the learner's own model where it continues an earlier one or uses gradient descent.
///
/// # Errors
/// When data cannot be read, a file cannot be written, or options contradict each other.
pub(crate) fn fit_linear_incrementally(
    fit: &FitContext<'_>,
    spec: &FitSpec<'_>,
    options: &LogisticOptions,
    incremental: &IncrementalOptions,
    earlier: Option<EarlierLearner>,
) -> Result<Fitted> {
    let identity = fit
        .session
        .identity
        .with_codes(codes_hash(spec.assigned, spec.bins));
    let setup = setup(fit, spec, options, &identity, earlier)?;
    let is_finished_exactly = options.solver == Solver::Newton
        && ends_with_exact_fit(fit.progress(), spec.assigned, incremental);
    let about = finished_model::about(fit, spec.assigned);
    let saver = Saver::new(fit.session, identity, about, &setup.features);
    let (feeder, report) = learn(fit, spec, incremental, setup, saver)?;
    let (learner, position, saver) = feeder.into_parts();
    position.announce(fit.progress());
    let mut fitted = if is_finished_exactly {
        drop(learner);
        fit_linear(fit, spec, options)?
    } else {
        of_learner(fit, spec, &learner, &saver)?
    };
    fitted.passes.insert(0, report);
    fitted.progressive = position.curve;
    Ok(fitted)
}

/// A new learner, or the one that the run continues.
fn setup(
    fit: &FitContext<'_>,
    spec: &FitSpec<'_>,
    options: &LogisticOptions,
    identity: &RunIdentity,
    earlier: Option<EarlierLearner>,
) -> Result<Setup> {
    let columns = &fit.data.roles.features;
    let Some(earlier) = earlier else {
        let inputs = newton::inputs(&spec.bins.features, columns, &spec.survey.features, options);
        let design = Design::for_later_rows(&inputs, options.max_categories)?;
        // Options that depend on the data are filled in by now.
        let options = LogisticOptions {
            c: None,
            class_weight: ClassWeight::Equal,
            ..options.clone()
        };
        let (classes, link) = (&fit.target.classes, fit.target.task.link());
        let features = spec.bins.features.clone();
        let columns = design.columns();
        return Ok(Setup {
            learner: LinearLearner::new(options, &features, columns, classes, link)?,
            features,
            design,
            from: Position::default(),
        });
    };
    let from = earlier.position_of(Some(identity))?;
    let (model, linear, learner) = earlier.into_linear()?;
    Ok(Setup {
        design: Design::of_model(&linear, &model.features, columns),
        features: model.features,
        learner,
        from,
    })
}

/// The pass over the training rows.
fn learn<'a>(
    fit: &FitContext<'a>,
    spec: &FitSpec<'a>,
    incremental: &IncrementalOptions,
    setup: Setup,
    saver: Saver<'a>,
) -> Result<(RowFeeder<'a>, PassReport)> {
    let Setup {
        design,
        learner,
        from,
        ..
    } = setup;
    let columns: Vec<usize> = design.schema_columns().collect();
    let row_bytes = fit.data.dataset.decode_estimate(&columns).row_bytes;
    let first_row = if from.is_done {
        fit.data.dataset.rows()
    } else {
        from.slice_first_row
    };
    let pass = ParquetPass {
        name: "batches",
        row_groups: &fit.data.row_ranges,
        columns: &columns,
        slice_rows_max: slice_rows(row_bytes as usize),
        first_row,
    };
    let context = fit.plan.learner_context(fit.context());
    let (pools, recycler) = buffer_pools(context.threads);
    let sink = |buffers| DesignSink::new(&design, spec.rows, &[], &columns, buffers);
    let sinks = pools.into_iter().map(sink).collect();
    let (skip, batch_rows) = (from.taken, incremental.batch_rows);
    let mut feeder = RowFeeder::new(learner, from, skip, batch_rows, fit.evaluation, saver);
    let lanes = fit.data.lanes(&context);
    let learn = recycler.after(|slice, rows| {
        feeder.start_slice(slice);
        feeder.push(&rows)?;
        Ok(rows)
    });
    let (report, _) = parquet_pass(&context, &pass, lanes, sinks, learn)?;
    feeder.finish()?;
    Ok((feeder, report))
}

/// The learner's own model, saved and evaluated.
fn of_learner(
    fit: &FitContext<'_>,
    spec: &FitSpec<'_>,
    learner: &LinearLearner,
    saver: &Saver<'_>,
) -> Result<Fitted> {
    let mut model = saver.finished_model(learner);
    model.split = finished_model::split_value(fit, spec.assigned);
    let seconds_to_model = fit.session.save_model(&model)?;
    let (evaluation, report) = evaluate_linear(fit, spec, &model)?;
    Ok(Fitted {
        left_out: left_out(learner),
        model,
        covariance: None,
        curve: Vec::new(),
        progressive: Default::default(),
        evaluation,
        seconds_to_model,
        passes: vec![report],
    })
}

/// Features that were constant in all training rows.
pub(crate) fn left_out(learner: &LinearLearner) -> Vec<(u32, &'static str)> {
    let constant = learner.constant_features().into_iter();
    constant
        .map(|feature| (feature, "constant in all training rows"))
        .collect()
}
