//! `rowmill train`, and `rowmill incremental` where rows are read more than once: the recipe.

use crate::{
    data::Split,
    engine::Progress,
    error::Result,
    learner::ModelSpec,
    pipeline::{
        coding::codes::{CodingResult, CodingSpec, code, prune_and_bin},
        evaluate::{
            base_scores::evaluate_base_scores,
            evaluation::{Evaluation, EvaluationSpec},
        },
        fit::{context::FitSpec, model_spec::resolved, sampling::choose_sampling},
        incremental::earlier_learner::EarlierLearner,
        open::{target::Target, training_data::TrainingData},
        prepare::{
            assign::check_early_stopping,
            splitting::{SplitRows, SplittingSpec, scan_and_assign, survey_rows},
            survey::Survey,
        },
    },
    platform::stop::Stop,
    run::{
        admission::{Admitted, admit},
        artefacts::{self, RunReport},
        cache::{self, CachedRows},
        incremental, one_pass,
        options::TrainOptions,
        trained::{Learned, Trained},
    },
};

/// Trains a model, evaluates it, and writes all files of the run.
///
/// Memory: the plan's, whatever the number of rows.
///
/// # Errors
/// Whatever is wrong with options, data, memory or disk; [`crate::error::Error::Interrupted`] when asked to
/// stop. Scratch files are gone then, but for the codes of a run that left a checkpoint.
pub fn train(options: &TrainOptions, stop: &Stop, progress: &dyn Progress) -> Result<RunReport> {
    let trained = fit(options, stop, progress)?;
    artefacts::write(trained)
}

/// Fits and evaluates a model, and saves it.
///
/// # Errors
/// As [`train`].
pub(crate) fn fit<'a>(
    options: &'a TrainOptions,
    stop: &'a Stop,
    progress: &'a dyn Progress,
) -> Result<Trained<'a>> {
    let mut run = admit(options, stop, progress)?;
    let resumed_rounds = run
        .checkpoint
        .as_ref()
        .map(|checkpoint| checkpoint.booster.rounds());
    let reused = match (&run.cached, &run.cache) {
        (Some(_), Some(cache)) => Some(cache.path()),
        _ => None,
    };
    let learned = match options.one_pass() {
        Some(incremental) => one_pass::learn(&mut run, incremental),
        None => learn(&mut run),
    };
    match learned {
        Ok(learned) => Ok(Trained {
            options,
            session: run.session,
            data: run.data,
            target: run.target,
            plan: run.plan,
            learned,
            reused,
            resumed_rounds,
            _cache: run.cache,
        }),
        Err(error) => {
            run.keep_for_resume(&error);
            Err(error)
        }
    }
}

/// The recipe: split, survey, code, fit, evaluate.
fn learn(run: &mut Admitted<'_>) -> Result<Learned> {
    let (mut split, cached) = match run.cached.take() {
        Some(CachedRows {
            split,
            survey,
            coded,
        }) => (split, Some((survey, coded))),
        None => {
            let spec = splitting_spec(run.options, &run.data, &run.target, run.earlier.is_some());
            (scan_and_assign(&mut run.session, spec)?, None)
        }
    };
    run.warn(&mut split.assigned);
    let model = &run.options.model;
    let mut spec = resolved(model, &run.data, &run.target, &split.assigned)?;
    check_early_stopping(&spec, &split.assigned)?;
    let (survey, coded) = match cached {
        Some((survey, coded)) => {
            if let Some(pruned) = &coded.pruned {
                pruned.apply(&mut run.data);
            }
            let sample = run.session.scratch.file("sample");
            (Survey::without_sample(&sample, survey)?, coded)
        }
        None => survey_and_code(run, &spec, &mut split)?,
    };
    if let Some(pruned) = &coded.pruned {
        spec.leave_out_features(&pruned.kept());
    }
    let train_rows = split.assigned.rows(Split::Train);
    choose_sampling(
        &mut spec,
        train_rows,
        run.plan.sample_rows,
        run.session.progress(),
    );
    let evaluation = run.evaluation(split.assigned.label_center);
    let (checkpoint, earlier) = (run.checkpoint.take(), run.earlier.take());
    let fit_spec = FitSpec {
        model: &spec,
        bins: &coded.bins,
        survey: &survey,
        rows: &split.rows,
        assigned: &split.assigned,
        codes: coded.codes.as_ref(),
    };
    let incremental = run.options.incremental.as_ref();
    let mut fitted = incremental::fit(
        &run.fit_context(&evaluation),
        &fit_spec,
        incremental,
        checkpoint,
        earlier,
    )?;
    run.session.passes.append(&mut fitted.passes);
    let base = evaluate_base(run, &split, &evaluation)?;
    Ok(Learned {
        split,
        survey: survey.features,
        pruned: coded.pruned,
        spec,
        fitted,
        base,
        evaluation,
    })
}

fn splitting_spec<'a>(
    options: &'a TrainOptions,
    data: &'a TrainingData,
    target: &'a Target,
    continues: bool,
) -> SplittingSpec<'a> {
    let declares =
        (options.incremental.as_ref()).is_some_and(|incremental| incremental.classes.is_some());
    SplittingSpec {
        data,
        target,
        split: &options.split,
        limits: &options.resources.limits,
        classes_declared: continues || declares,
    }
}

/// Statistics, bins and codes, sealed for other runs.
fn survey_and_code(
    run: &mut Admitted<'_>,
    spec: &ModelSpec,
    split: &mut SplitRows,
) -> Result<(Survey, CodingResult)> {
    if let Some(cache) = &run.cache {
        cache.write_groups(split.assigned.groups.as_mut())?;
    }
    let options = run.options;
    let splitting = splitting_spec(options, &run.data, &run.target, run.earlier.is_some());
    let mut survey = survey_rows(&mut run.session, splitting, split)?;
    let coding = CodingSpec {
        model: spec,
        pruning: options.prune.as_ref(),
        bins: run.earlier.as_ref().and_then(EarlierLearner::bins_to_keep),
        limits: &options.resources.limits,
        memory_bytes: options.resources.memory_bytes,
    };
    let (session, data, rows) = (&mut run.session, &mut run.data, &split.rows);
    let coded = match spec {
        ModelSpec::Gbdt(_) => code(session, data, coding, rows, &mut survey)?,
        ModelSpec::Logistic(_) => prune_and_bin(session, data, coding, rows, &mut survey)?,
    };
    if let Some(cache) = &run.cache {
        let lookup = run.cache_lookup();
        cache::seal(cache, &run.session, &lookup, split, &survey, &coded)?;
    }
    Ok((survey, coded))
}

/// Metrics of the base scores, where the data have them.
fn evaluate_base(
    run: &mut Admitted<'_>,
    split: &SplitRows,
    spec: &EvaluationSpec,
) -> Result<Option<Evaluation>> {
    let Some(scores) = run.data.base_scores(&run.target) else {
        return Ok(None);
    };
    let context = &run.session.context;
    let (base, report) = evaluate_base_scores(context, &run.data, &scores, &split.rows, spec)?;
    run.session.passes.push(report);
    Ok(Some(base))
}
