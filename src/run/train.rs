//! `rowmill train`, and `rowmill incremental` where rows are read more than once: the recipe.

use std::path::PathBuf;

use crate::{
    data::Split,
    engine::{PassReport, Progress},
    error::{Error, Result},
    learner::ModelSpec,
    model::{Model, link::Task},
    pipeline::{
        coding::codes::{Coded, CodingSpec, code, prune_and_bin},
        evaluate::{
            base_scores::evaluate_base_scores,
            evaluation::{Evaluation, EvaluationSpec},
            from_source::{PredictSpec, predict_and_evaluate},
        },
        fit::{
            context::{FitSpec, Fitted},
            model_spec::{check_target, resolved},
            sampling::choose_sampling,
        },
        incremental::earlier_learner::EarlierLearner,
        open::{
            classes::{assumed_task, known_target, task_choice},
            target::Target,
            training_data::Job,
        },
        prepare::{
            assign::{Assigned, check_early_stopping, ungrouped_warning},
            splitting::{SplitRows, SplittingSpec, scan_and_assign, survey_rows},
            survey::{FeatureSurvey, Survey},
        },
        prune::in_training::PrunedInTraining,
        session::{RunPlan, Session, output},
    },
    platform::stop::Stop,
    run::{
        admission::{Admitted, admit, context, plan_for},
        artefacts::{self, RunReport},
        cache::{self, CachedRows, CodeCache},
        incremental, one_pass,
        options::TrainOptions,
    },
};

/// Plans a run without starting it.
///
/// # Errors
/// Whatever is wrong with the data's footers and the options.
pub fn plan(options: &TrainOptions, progress: &dyn Progress) -> Result<(Job, RunPlan)> {
    let job = Job::open(&options.data, &options.columns, &options.resources.limits)?;
    let stop = Stop::default();
    let context = context(&options.resources, &stop, progress);
    let target = known_target(&job, options.target_spec())?;
    if let Some(target) = &target {
        check_target(&options.model, options.incremental.is_some(), target)?;
    }
    let shape = target.as_ref().map_or_else(
        || assumed_task(task_choice(&job, options.columns.task)),
        |target| (target.task, target.classes.len()),
    );
    let mut plan = plan_for(&context, &job, shape, options, None)?;
    let (task, classes) = shape;
    if target.is_none() && task != Task::Regression {
        plan.notes.push(format!(
            "the target's classes are counted when the run starts; {classes} are assumed here"
        ));
    }
    Ok((job, plan))
}

/// Trains a model, evaluates it, and writes all files of the run.
///
/// Memory: the plan's, whatever the number of rows.
///
/// # Errors
/// Whatever is wrong with options, data, memory or disk; [`crate::Error::Interrupted`] when asked to
/// stop. Scratch files are gone then, but for the codes of a run that left a checkpoint.
pub fn train(options: &TrainOptions, stop: &Stop, progress: &dyn Progress) -> Result<RunReport> {
    let trained = fit(options, stop, progress)?;
    artefacts::write(trained)
}

/// A fitted and evaluated model, and the session that it comes from.
pub(crate) struct Trained<'a> {
    pub(crate) options: &'a TrainOptions,
    pub(crate) session: Session<'a>,
    pub(crate) job: Job,
    pub(crate) target: Target,
    pub(crate) plan: RunPlan,
    pub(crate) learned: Learned,
    /// The directory of codes that an earlier run left, where they were used.
    pub(crate) reused: Option<PathBuf>,
    /// Rounds of the checkpoint that the run continued.
    pub(crate) resumed_rounds: Option<u32>,
    /// Held until the run is over: its end removes codes that nobody keeps.
    _cache: Option<CodeCache>,
}

/// The values of a recipe: splits, statistics, model and metrics.
pub(crate) struct Learned {
    pub(crate) split: SplitRows,
    /// Statistics of each feature that was kept.
    pub(crate) survey: Vec<FeatureSurvey>,
    pub(crate) pruned: Option<PrunedInTraining>,
    /// The learner's options with everything that only the data could tell.
    pub(crate) spec: ModelSpec,
    pub(crate) fitted: Fitted,
    /// Metrics of the base scores on the same rows.
    pub(crate) base: Option<Evaluation>,
    pub(crate) evaluation: EvaluationSpec,
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
        (Some(_), Some(cache)) => Some(cache.directory.path().to_path_buf()),
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
            job: run.job,
            target: run.target,
            plan: run.plan,
            learned,
            reused,
            resumed_rounds,
            _cache: run.cache,
        }),
        Err(error) => {
            keep_for_resume(&mut run, &error);
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
            let spec = splitting_spec(run.options, &run.job, &run.target, run.earlier.is_some());
            (scan_and_assign(&mut run.session, spec)?, None)
        }
    };
    warn(run, &mut split.assigned);
    let model = &run.options.model;
    let mut spec = resolved(model, &run.job, &run.target, &split.assigned)?;
    check_early_stopping(&spec, &split.assigned)?;
    let (survey, coded) = match cached {
        Some((survey, coded)) => {
            if let Some(pruned) = &coded.pruned {
                pruned.apply(&mut run.job);
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
    job: &'a Job,
    target: &'a Target,
    continues: bool,
) -> SplittingSpec<'a> {
    let declares =
        (options.incremental.as_ref()).is_some_and(|incremental| incremental.classes.is_some());
    SplittingSpec {
        job,
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
) -> Result<(Survey, Coded)> {
    if let Some(cache) = &run.cache {
        cache.write_groups(split.assigned.groups.as_mut())?;
    }
    let options = run.options;
    let splitting = splitting_spec(options, &run.job, &run.target, run.earlier.is_some());
    let mut survey = survey_rows(&mut run.session, splitting, split)?;
    let coding = CodingSpec {
        model: spec,
        pruning: options.prune.as_ref(),
        bins: run.earlier.as_ref().and_then(EarlierLearner::bins_to_keep),
        limits: &options.resources.limits,
        memory_bytes: options.resources.memory_bytes,
    };
    let (session, job, rows) = (&mut run.session, &mut run.job, &split.rows);
    let coded = match spec {
        ModelSpec::Gbdt(_) => code(session, job, coding, rows, &mut survey)?,
        ModelSpec::Logistic(_) => prune_and_bin(session, job, coding, rows, &mut survey)?,
    };
    if let Some(cache) = &run.cache {
        let lookup = run.cache_lookup();
        cache::seal(cache, &run.session, &lookup, split, &survey, &coded)?;
    }
    Ok((survey, coded))
}

/// Shows the warnings of an assignment, and adds those that the options ask for.
pub(crate) fn warn(run: &Admitted<'_>, assigned: &mut Assigned) {
    let group = &run.options.columns.group;
    assigned.warnings.extend(ungrouped_warning(&run.job, group));
    for warning in &assigned.warnings {
        run.session.progress().warning(warning);
    }
}

/// Metrics of the base scores, where the data have them.
fn evaluate_base(
    run: &mut Admitted<'_>,
    split: &SplitRows,
    spec: &EvaluationSpec,
) -> Result<Option<Evaluation>> {
    let Some(scores) = run.job.base_scores(&run.target) else {
        return Ok(None);
    };
    let context = &run.session.context;
    let (base, report) = evaluate_base_scores(context, &run.job, &scores, &split.rows, spec)?;
    run.session.passes.push(report);
    Ok(Some(base))
}

/// Evaluates the saved model, opened afresh, on the test rows of the raw data.
///
/// # Errors
/// When the file is not the model that was saved, or the data cannot be read.
pub(crate) fn evaluate_saved(trained: &Trained<'_>) -> Result<(Evaluation, PassReport)> {
    let model = Model::load(&trained.options.output.out_dir.join(output::MODEL))?;
    let spec = PredictSpec {
        name: "verification",
        job: &trained.job,
        model: &model,
        rows: &trained.learned.split.rows,
        splits: &[Split::Test],
        evaluation: &trained.learned.evaluation,
    };
    predict_and_evaluate(&trained.session.context, &spec)
}

/// After a failure: codes wait for the run that continues from the checkpoint, if there is one.
fn keep_for_resume(run: &mut Admitted<'_>, error: &Error) {
    if !run.session.output.has_checkpoint() {
        return;
    }
    let mut codes = String::new();
    if let Some(cache) = &mut run.cache {
        cache.directory.leave();
        codes = format!(", with {} of scratch files", cache.size());
    }
    let out_dir = run.session.output.path().display();
    let is_incremental = run.options.incremental.is_some();
    let kept = if is_incremental {
        "the learner so far is"
    } else {
        "the trees so far are"
    };
    let next = match error {
        Error::Dataset(_) if is_incremental => format!(
            "go on with --resume when the cause is mended, learn other rows with --init-model {out_dir}, or"
        ),
        _ => "go on with --resume, or".to_owned(),
    };
    run.session.progress().message(&format!(
        "{kept} kept in {out_dir}{codes}; {next} start anew with --overwrite"
    ));
}
