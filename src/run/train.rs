//! The steps of a run, in order.

use std::{path::PathBuf, time::Instant};

use crate::{
    data::{Split, Task},
    engine::{Context, PassReport, Progress},
    error::Result,
    group::{assign::Shares, table::GroupTable},
    learner::{ModelSpec, gbdt::RoundLoss},
    model::Model,
    pipeline::{
        evaluate::{
            base_scores::evaluate_base_scores,
            evaluation::{Evaluation, EvaluationSpec},
            from_source::{PredictSpec, predict_and_evaluate},
        },
        fit::fitting::{FitSpec, Fitted, fit},
        incremental::{
            declared::declared_target,
            progressive::Curve,
            started::{Started, started_from},
        },
        one_pass::{
            learning::learn_once,
            source::{Source, open_job},
        },
        open::{
            classes::{assumed_task, known_target, task_choice},
            target::Target,
            training_data::Job,
        },
        prepare::{
            assign::{
                AssignSpec, Assigned, SplitSource, assign, check_early_stopping, ungrouped_warning,
            },
            bins::{Bins, BinsSpec, find_bins},
            scan::scan,
            survey::{FeatureSurvey, Survey, SurveySpec, survey},
        },
        prune::in_training::PrunedInTraining,
        storage::rows::RowsFile,
    },
    platform::{memory, stop::Stop},
    run::{
        cache::{
            reuse::{Found, ROWS, Reused, Shared},
            store::{self, Opening},
        },
        checkpoint::Checkpoint,
        data_guard,
        directory::{self, RunDirectory},
        model_spec::{check_target, resolved},
        options::{incremental::OnlineOptions, train::TrainOptions},
        plan::plan::{PlanSpec, RunPlan, plan_run},
    },
    scratch::ScratchDirectory,
};

/// A finished training: the model, and what the reports say.
pub struct Trained {
    /// The data and the columns' parts.
    pub job: Job,
    /// What was learned.
    pub target: Target,
    /// Splits, their proof, the groups, and the warnings given about them.
    pub assigned: Assigned,
    /// What the survey found of each feature.
    pub survey: Vec<FeatureSurvey>,
    /// What pruning found, where it was asked for; `survey` is then of the kept features.
    pub pruned: Option<PrunedInTraining>,
    /// The model; its metrics are filled in by the report.
    pub model: Model,
    /// The options with everything that only the data could tell.
    pub spec: ModelSpec,
    /// Features that the learner left out, and why.
    pub left_out: Vec<(u32, &'static str)>,
    /// Of the coefficients of a linear model, as [`crate::learner::logistic::Fitted`] has it.
    pub covariance: Option<Vec<f64>>,
    /// Losses after each round of trees.
    pub curve: Vec<RoundLoss>,
    /// How well batches were predicted before they were learned; empty in a training.
    pub progressive: Curve,
    /// How good the model is.
    pub evaluation: Evaluation,
    /// How good the base model's scores are on the same rows.
    pub base: Option<Evaluation>,
    /// The passes so far.
    pub passes: Vec<PassReport>,
    /// What was planned.
    pub plan: RunPlan,
    /// Seconds from the start to the saved model.
    pub seconds_to_model: f64,
    /// When the run started.
    pub started: Instant,
    /// The directory of codes that an earlier run left, where they were used.
    pub reused: Option<PathBuf>,
    /// Rounds of the checkpoint that the run went on from.
    pub resumed_rounds: Option<u32>,
    evaluation_spec: EvaluationSpec,
    rows: RowsFile,
    /// Removed with everything in them when the run is over.
    _held: (ScratchDirectory, Option<Shared>, RunDirectory),
}

/// Plans a run without starting it.
///
/// # Errors
/// Whatever is wrong with the data's footers and the options.
pub fn plan(options: &TrainOptions, progress: &dyn Progress) -> Result<(Job, RunPlan)> {
    let job = Job::open(options)?;
    let stop = Stop::default();
    let context = context(options, &stop, progress);
    let target = known_target(&job, options)?;
    if let Some(target) = &target {
        check_target(options, target)?;
    }
    let (task, classes) = target.as_ref().map_or_else(
        || assumed_task(task_choice(&job, options)),
        |target| (target.task, target.classes.len()),
    );
    let shape = (task, classes);
    let mut plan = plan_for(&context, &job, shape, options, None)?;
    if target.is_none() && task != Task::Regression {
        plan.notes.push(format!(
            "the target's classes are counted when the run starts; {classes} are assumed here"
        ));
    }
    Ok((job, plan))
}

/// Trains a model and saves it in the output directory.
///
/// Memory: the plan's, whatever the number of rows.
///
/// # Errors
/// Whatever is wrong with options, data, memory or disk; [`crate::Error::Interrupted`] when asked to
/// stop. Scratch files are gone then, but for the codes of a run that left a checkpoint.
pub fn train(options: &TrainOptions, stop: &Stop, progress: &dyn Progress) -> Result<Trained> {
    let mut run = Run::prepare(options, stop, progress)?;
    let worked = run.work().inspect_err(|error| run.keep_for_resume(error));
    let Worked {
        rows,
        assigned,
        spec,
        survey,
        fitted,
        base,
        evaluation_spec,
    } = worked?;
    Ok(Trained {
        survey: survey.features,
        pruned: run.pruned,
        model: fitted.model,
        left_out: fitted.left_out,
        covariance: fitted.covariance,
        curve: fitted.curve,
        progressive: fitted.progressive,
        evaluation: fitted.evaluation,
        seconds_to_model: fitted.seconds_to_model,
        job: run.job,
        target: run.target,
        assigned,
        spec,
        base,
        passes: run.passes,
        plan: run.plan,
        started: run.started,
        reused: run.reused,
        resumed_rounds: run.resumed_rounds,
        evaluation_spec,
        rows,
        _held: (run.scratch, run.shared, run.directory),
    })
}

/// What the steps of a run yielded.
struct Worked {
    rows: RowsFile,
    assigned: Assigned,
    spec: ModelSpec,
    survey: Survey,
    fitted: Fitted,
    base: Option<Evaluation>,
    evaluation_spec: EvaluationSpec,
}

/// Opens the saved model afresh and evaluates it on the test rows of the raw data.
///
/// # Errors
/// When the file is not the model that was saved, or the data cannot be read.
pub fn verify(
    trained: &Trained,
    options: &TrainOptions,
    stop: &Stop,
    progress: &dyn Progress,
) -> Result<(Evaluation, PassReport)> {
    let model = Model::load(&options.out_dir.join(directory::MODEL))?;
    let spec = PredictSpec {
        name: "verification",
        job: &trained.job,
        model: &model,
        rows: &trained.rows,
        splits: &[Split::Test],
        evaluation: &trained.evaluation_spec,
    };
    predict_and_evaluate(&context(options, stop, progress), &spec)
}

/// A run that has been admitted: its memory and its disk are there.
pub(crate) struct Run<'a> {
    pub(crate) options: &'a TrainOptions,
    pub(crate) context: Context<'a>,
    pub(crate) job: Job,
    pub(crate) target: Target,
    pub(crate) plan: RunPlan,
    pub(crate) directory: RunDirectory,
    /// What only this run uses.
    pub(crate) scratch: ScratchDirectory,
    /// Rows and codes of a run of trees, which others may use too.
    pub(crate) shared: Option<Shared>,
    pub(crate) passes: Vec<PassReport>,
    pub(crate) started: Instant,
    pub(crate) resumed: Option<Checkpoint>,
    pub(crate) resumed_rounds: Option<u32>,
    pub(crate) reused: Option<PathBuf>,
    /// What pruning found, once it has; the job's features are then those that were kept.
    pub(crate) pruned: Option<PrunedInTraining>,
    /// What the shared directory holds, if an earlier run sealed it.
    known: Option<Reused>,
    /// The learner that a run by batches goes on with.
    pub(crate) online: Option<Started>,
    /// Where rows that are read once come from.
    source: Source,
}

impl<'a> Run<'a> {
    /// Opens the data, learns what the target is, and refuses a run that does not fit.
    pub(crate) fn prepare(
        options: &'a TrainOptions,
        stop: &'a Stop,
        progress: &'a dyn Progress,
    ) -> Result<Self> {
        let started = Instant::now();
        let context = context(options, stop, progress);
        crate::run::options::incremental::check(options)?;
        let claim = options.claim()?;
        claim.check()?;
        let (mut job, source) = open_job(options)?;
        data_guard::check_run(&job, options)?;
        let online = started_from(&mut job, options, progress)?;
        if let Some(pruning) = &options.prune {
            pruning.check()?;
            pruning.protected(&job)?;
        }
        let resumed = store::checkpoint_of(&job, options, progress)?;
        // Before any pass: a name that is not there is found in the schema.
        options.model.clone().resolve_features(&job.features())?;
        job.tell(progress);
        let mut passes = Vec::new();
        let found = store::find(&job, options, progress);
        let target = match declared_target(&job, options, online.as_ref())? {
            Some(target) => target,
            None => store::target_of(&context, &job, options, found.as_ref(), &mut passes)?,
        };
        check_target(options, &target)?;
        let shape = (target.task, target.classes.len());
        let plan = plan_for(&context, &job, shape, options, online.as_ref())?;
        plan.memory.check(memory::free_memory_bytes())?;
        plan.notes.iter().for_each(|note| progress.message(note));
        let (directory, parent) = store::take_directories(claim, options, progress)?;
        let is_trees = matches!(options.model, ModelSpec::Gbdt(_));
        let keep = options.keep_scratch && !is_trees;
        let scratch = ScratchDirectory::create(parent, keep, options.allow_tmpfs)?;
        let there = found.as_ref().map_or(0, Found::bytes);
        scratch.check_free(plan.scratch_bytes.saturating_sub(there))?;
        let opening = Opening {
            job: &job,
            options,
            target: &target,
            spill: scratch.path(),
        };
        let claimed = store::claim(&context, &opening, found, &mut passes)?;
        let reused = claimed.known.as_ref().and(claimed.shared.as_ref());
        let reused = reused.map(|shared| shared.directory.path().to_path_buf());
        Ok(Self {
            options,
            context,
            job,
            target,
            plan,
            directory,
            scratch,
            shared: claimed.shared,
            passes,
            started,
            resumed_rounds: resumed
                .as_ref()
                .map(|checkpoint| checkpoint.booster.rounds()),
            resumed,
            reused,
            pruned: None,
            known: claimed.known,
            online,
            source,
        })
    }

    /// All steps from the first pass to the evaluation.
    fn work(&mut self) -> Result<Worked> {
        if let Some(online) = self
            .options
            .online
            .as_ref()
            .filter(|online| online.one_pass)
        {
            return self.work_once(online);
        }
        let (rows, mut assigned, known) = match self.known.take() {
            Some(reused) => {
                self.pruned = reused.pruned;
                let assigned = self.warned(reused.assigned);
                (
                    reused.rows,
                    assigned,
                    Some((reused.survey, reused.bins, reused.codes)),
                )
            }
            None => {
                let (rows, names) = self.scan()?;
                let assigned = self.assign(&rows, names)?;
                (rows, assigned, None)
            }
        };
        let mut spec = resolved(&self.options.model, &self.job, &self.target, &assigned)?;
        check_early_stopping(&spec, &assigned)?;
        let (survey, bins, codes) = match known {
            Some((features, bins, codes)) => {
                if let Some(pruned) = &self.pruned {
                    pruned.apply(&mut self.job);
                }
                (self.known_survey("sample", features)?, bins, Some(codes))
            }
            None => {
                if let Some(shared) = &self.shared {
                    shared.write_groups(assigned.groups.as_mut())?;
                }
                let mut survey = self.survey(&rows, &assigned)?;
                let (bins, codes) = match &spec {
                    ModelSpec::Gbdt(_) => {
                        let (bins, codes) = self.code(&spec, &rows, &assigned, &mut survey)?;
                        (bins, Some(codes))
                    }
                    ModelSpec::Logistic(_) => {
                        self.prune(&spec, &rows, &mut survey)?;
                        (self.bins(&spec, &survey, |_| false)?, None)
                    }
                };
                (survey, bins, codes)
            }
        };
        if let Some(pruned) = &self.pruned {
            spec.leave_out_features(&pruned.kept());
        }
        self.choose_sampling(&mut spec, assigned.rows(Split::Train));
        let evaluation_spec = self.evaluation_spec(assigned.label_center);
        let fitted = self.fit(&FitSpec {
            model: &spec,
            bins,
            survey: &survey,
            rows: &rows,
            assigned: &assigned,
            evaluation: &evaluation_spec,
            codes,
        })?;
        let base = self.evaluate_base(&rows, &evaluation_spec)?;
        Ok(Worked {
            rows,
            assigned,
            spec,
            survey,
            fitted,
            base,
            evaluation_spec,
        })
    }

    /// One pass, in which rows are split, learned and held out as they come.
    fn work_once(&mut self, online: &OnlineOptions) -> Result<Worked> {
        let started = self.online.take();
        let source = std::mem::replace(&mut self.source, Source::Files);
        let evaluation_spec = self.evaluation_spec(0.0);
        let once = learn_once(self, online, started, source, &evaluation_spec)?;
        let mut fitted = once.fitted;
        self.passes.append(&mut fitted.passes);
        if self.job.dataset.files().is_empty() {
            self.job.dataset.set_stream_rows(once.rows);
        }
        let weighted = self.job.roles.weight.is_some();
        Ok(Worked {
            rows: RowsFile::create(&self.data_file(ROWS), 0, weighted)?,
            assigned: self.warned(once.assigned),
            spec: once.model,
            survey: self.known_survey("sample", once.survey)?,
            fitted,
            base: None,
            evaluation_spec,
        })
    }

    /// Labels and groups of all rows, and the groups' names.
    pub(crate) fn scan(&mut self) -> Result<(RowsFile, GroupTable)> {
        let rows = RowsFile::create(
            &self.data_file(ROWS),
            self.job.dataset.rows(),
            self.job.roles.weight.is_some(),
        )?;
        let mut names = GroupTable::new(
            self.target.classes.len(),
            self.options.limits.groups_in_memory_max,
            self.scratch.path(),
        )
        .with_validation(self.job.validation_source());
        let grouped = self.job.roles.group.is_some();
        let report = scan(&self.context, &self.job, &self.target, &rows, |run| {
            if grouped {
                names.name(run.hash, &run.name)
            } else {
                Ok(())
            }
        })?;
        self.passes.push(report);
        Ok((rows, names))
    }

    /// Every row's split. Its warnings are given.
    pub(crate) fn assign(&self, rows: &RowsFile, names: GroupTable) -> Result<Assigned> {
        let options = self.options;
        let source = match self.job.roles.split {
            Some(_) => SplitSource::Column,
            None => SplitSource::Groups {
                rule: options.split_rule,
                shares: Shares::new(options.valid_size, options.test_size)?,
            },
        };
        let spec = AssignSpec {
            source,
            target: &self.target,
            classes_declared: self.online.is_some()
                || (options.online.as_ref()).is_some_and(|online| online.classes.is_some()),
            validation: self.job.validation.as_ref(),
            seed: options.seed,
            sample_rows: options.limits.cut_sample_rows,
            grouped: self.job.roles.group.is_some(),
            groups_max: options.limits.groups_in_memory_max,
            spill: self.scratch.path(),
        };
        Ok(self.warned(assign(&self.context, &spec, rows, names)?))
    }

    /// Gives the warnings of an assignment, and adds what this run's options ask for.
    fn warned(&self, mut assigned: Assigned) -> Assigned {
        assigned
            .warnings
            .extend(ungrouped_warning(&self.job, self.options));
        for warning in &assigned.warnings {
            self.context.progress.warning(warning);
        }
        assigned
    }

    /// What the training rows say about each feature.
    pub(crate) fn survey(&mut self, rows: &RowsFile, assigned: &Assigned) -> Result<Survey> {
        let spec = SurveySpec {
            job: &self.job,
            rows,
            sample: &assigned.sample,
            sample_path: &self.scratch.file("sample"),
            categories_max: self.options.limits.categories_tracked_max,
        };
        let survey = survey(&self.context, &spec)?;
        self.passes.push(survey.report.clone());
        Ok(survey)
    }

    /// Cut points and categories; those of the learner that the run goes on with, if it has some. A linear
    /// model needs no cut points. Features that `may_go` are packed apart.
    pub(crate) fn bins(
        &self,
        spec: &ModelSpec,
        survey: &Survey,
        may_go: impl Fn(usize) -> bool,
    ) -> Result<Bins> {
        if let Some(bins) = self.online.as_ref().and_then(Started::bins_to_keep) {
            return Ok(bins.clone());
        }
        let kept_max = self.options.limits.categories_kept_max;
        let spec = match spec {
            ModelSpec::Gbdt(options) => BinsSpec {
                bins_max: Some(options.max_bin),
                categories_max: kept_max,
            },
            ModelSpec::Logistic(options) => BinsSpec {
                bins_max: None,
                categories_max: kept_max.min(options.max_categories as usize),
            },
        };
        find_bins(&self.context, &self.job, survey, spec, may_go)
    }

    /// The model, saved, and how good it is.
    fn fit(&mut self, spec: &FitSpec<'_>) -> Result<Fitted> {
        let resumed = self.resumed.take();
        let online = self.online.take();
        let mut fitted = fit(self, spec, resumed, online)?;
        self.passes.append(&mut fitted.passes);
        Ok(fitted)
    }

    /// How good the base model is, where the data have its scores.
    fn evaluate_base(
        &mut self,
        rows: &RowsFile,
        spec: &EvaluationSpec,
    ) -> Result<Option<Evaluation>> {
        let Some(scores) = self.job.base_scores(&self.target) else {
            return Ok(None);
        };
        let (base, report) = evaluate_base_scores(&self.context, &self.job, &scores, rows, spec)?;
        self.passes.push(report);
        Ok(Some(base))
    }

    fn evaluation_spec(&self, label_center: f64) -> EvaluationSpec {
        EvaluationSpec {
            label_center,
            spill: self.scratch.path().to_path_buf(),
            ..evaluation_spec(
                self.options,
                &self.job,
                self.target.task,
                self.target.classes.len(),
            )
        }
    }
}

/// What the passes of a run with these options work with.
pub fn context<'a>(
    options: &TrainOptions,
    stop: &'a Stop,
    progress: &'a dyn Progress,
) -> Context<'a> {
    Context {
        threads: options.threads.max(1),
        batch_rows_max: options.limits.batch_rows_max,
        channel_batches_max: options.limits.channel_batches_max,
        stop,
        progress,
    }
}

fn plan_for(
    context: &Context<'_>,
    job: &Job,
    (task, classes): (Task, usize),
    options: &TrainOptions,
    started: Option<&Started>,
) -> Result<RunPlan> {
    let model = started.map_or_else(|| options.model.clone(), Started::spec);
    let spec = PlanSpec {
        model: &model,
        evaluation: &evaluation_spec(options, job, task, classes),
        limits: &options.limits,
        verify: options.verify,
        prune: options.prune.as_ref(),
        online: options.online.as_ref(),
        stream_rows: started.and_then(Started::stream_rows),
        held_out_share: options.held_out_share(),
        memory_bytes: options.memory_bytes,
    };
    plan_run(context, job, &spec)
}

/// What will be evaluated, as far as it is known before any pass.
pub(crate) fn evaluation_spec(
    options: &TrainOptions,
    job: &Job,
    task: Task,
    classes: usize,
) -> EvaluationSpec {
    EvaluationSpec {
        task,
        classes,
        label_center: 0.0,
        deviation: options.model.regression_loss().deviation(),
        grouped: job.roles.group.is_some(),
        groups_max: options.limits.groups_in_memory_max / options.threads.max(1),
        spill: options.out_dir.clone(),
    }
}
