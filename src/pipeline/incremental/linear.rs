//! Logistic regression by batches from data that can be read again: the survey has fixed the design, lanes
//! decode, and the rows of their slices are learned where the pass merges them.

use crate::{
    engine::{ParquetPass, PassReport, parquet_pass},
    error::Result,
    learner::{
        ClassWeight,
        logistic::{LogisticOptions, Solver},
    },
    model::FeatureSpec,
    pipeline::{
        fit::{
            design_rows::DesignSink,
            fitting::{self, FitSpec, Fitted},
            newton,
            recycle::spares,
        },
        incremental::{
            learner_file::Position, linear_learner::LinearLearner, row_feeder::Feeder,
            saver::Saver, started::Started,
        },
        one_pass::source::slice_rows,
    },
    run::{
        cache::known,
        checkpoint::CheckpointAbout,
        options::incremental::{OnlineOptions, ends_as_train},
        train::Run,
    },
    transform::standardize::Design,
};

/// What is known before the first batch.
struct Setup {
    features: Vec<FeatureSpec>,
    design: Design,
    learner: LinearLearner,
    from: Position,
}

/// Learns batch after batch, and then makes the model: the exact one of all rows where that is what the
/// learner approaches, and the learner's own where it goes on from an earlier one or follows gradients.
///
/// # Errors
/// When data cannot be read, a file not be written, or options not be meant.
pub(crate) fn fit_linear_online(
    run: &Run<'_>,
    spec: &FitSpec<'_>,
    options: &LogisticOptions,
    online: &OnlineOptions,
    started: Option<Started>,
) -> Result<Fitted> {
    let known_hash = known::hash_of(spec.assigned, &spec.bins);
    let about = CheckpointAbout::new(run.options, run.job.dataset.files(), known_hash);
    let setup = setup(run, spec, options, &about, started)?;
    let is_finished_exactly =
        options.solver == Solver::Newton && ends_as_train(run, spec.assigned, online);
    let about_model = fitting::about(run, spec.assigned);
    let saver = Saver::new(run, about, about_model, &setup.features);
    let (feeder, report) = learn(run, spec, online, setup, saver)?;
    let (learner, position, saver) = feeder.into_parts();
    position.tell(run.context.progress);
    let mut fitted = if is_finished_exactly {
        drop(learner);
        fitting::fit_linear(run, spec, options)?
    } else {
        of_learner(run, spec, &learner, &saver)?
    };
    fitted.passes.insert(0, report);
    fitted.progressive = position.curve;
    Ok(fitted)
}

/// A new learner, or the one that the run goes on with.
fn setup(
    run: &Run<'_>,
    spec: &FitSpec<'_>,
    options: &LogisticOptions,
    about: &CheckpointAbout,
    started: Option<Started>,
) -> Result<Setup> {
    let columns = &run.job.roles.features;
    let Some(started) = started else {
        let inputs = newton::inputs(&spec.bins.features, columns, &spec.survey.features, options);
        let design = Design::for_later_rows(&inputs, options.max_categories)?;
        // What only the data could tell is filled in by now.
        let options = LogisticOptions {
            c: None,
            class_weight: ClassWeight::Equal,
            ..options.clone()
        };
        let (classes, link) = (&run.target.classes, run.target.task.link());
        let features = spec.bins.features.clone();
        let columns = design.columns();
        return Ok(Setup {
            learner: LinearLearner::new(options, &features, columns, classes, link)?,
            features,
            design,
            from: Position::default(),
        });
    };
    let from = started.position_of(Some(about))?;
    let (model, linear, learner) = started.into_linear()?;
    Ok(Setup {
        design: Design::of_model(&linear, &model.features, columns),
        features: model.features,
        learner,
        from,
    })
}

/// The pass over the training rows.
fn learn<'a>(
    run: &Run<'_>,
    spec: &FitSpec<'a>,
    online: &OnlineOptions,
    setup: Setup,
    saver: Saver<'a>,
) -> Result<(Feeder<'a>, PassReport)> {
    let Setup {
        design,
        learner,
        from,
        ..
    } = setup;
    let columns: Vec<usize> = design.schema_columns().collect();
    let row_bytes = run.job.dataset.decode_estimate(&columns).row_bytes;
    let first_row = if from.is_done {
        run.job.dataset.rows()
    } else {
        from.slice_first_row
    };
    let pass = ParquetPass {
        name: "batches",
        row_groups: &run.job.row_ranges,
        columns: &columns,
        slice_rows_max: slice_rows(row_bytes as usize),
        first_row,
    };
    let context = run.plan.learner_context(&run.context);
    let (spares, returns) = spares(context.threads);
    let sink = |spares| DesignSink::new(&design, spec.rows, &[], &columns, spares);
    let sinks = spares.into_iter().map(sink).collect();
    let (skip, batch_rows) = (from.taken, online.batch_rows);
    let mut feeder = Feeder::new(learner, from, skip, batch_rows, spec.evaluation, saver);
    let lanes = run.job.lanes(&context);
    let learn = returns.after(|slice, rows| {
        feeder.begin_slice(slice);
        feeder.push(&rows)?;
        Ok(rows)
    });
    let (report, _) = parquet_pass(&context, &pass, lanes, sinks, learn)?;
    feeder.finish()?;
    Ok((feeder, report))
}

/// The model that the learner is, evaluated.
fn of_learner(
    run: &Run<'_>,
    spec: &FitSpec<'_>,
    learner: &LinearLearner,
    saver: &Saver<'_>,
) -> Result<Fitted> {
    let mut model = saver.finished_model(learner);
    model.split = fitting::split_value(run, spec.assigned);
    let seconds_to_model = fitting::save(run, &model)?;
    let (evaluation, report) = fitting::evaluate(run, spec, &model)?;
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

/// Features that no row told anything of.
pub(crate) fn left_out(learner: &LinearLearner) -> Vec<(u32, &'static str)> {
    let constant = learner.constant_features().into_iter();
    constant
        .map(|feature| (feature, "constant in all rows that were learned"))
        .collect()
}
