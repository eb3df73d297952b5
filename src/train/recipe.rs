//! The steps of a run, in order.

use std::time::Instant;

use crate::{
    data::Split,
    engine::{Context, PassReport, Progress},
    error::Result,
    group::{assign::Shares, table::GroupTable},
    learner::{ModelSpec, gbdt::RoundLoss},
    limits::format_bytes,
    model::{Model, link::Task},
    platform::{memory, stop::Stop},
    scratch::ScratchDirectory,
    train::{
        assign::{
            AssignSpec, Assigned, SplitSource, assign, check_early_stopping, ungrouped_warning,
        },
        base::evaluate_base_scores,
        bins::{Bins, BinsSpec, find_bins},
        classes::{assumed_task, find_target, known_target, task_choice},
        evaluate::{Evaluation, EvaluationSpec},
        fit::{FitSpec, Fitted, fit},
        job::Job,
        options::TrainOptions,
        output,
        plan::{PlanSpec, RunPlan, plan_run},
        predict::{PredictSpec, predict_and_evaluate},
        rows::RowsFile,
        scan::scan,
        survey::{FeatureSurvey, Survey, SurveySpec, survey},
        target::Target,
    },
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
    evaluation_spec: EvaluationSpec,
    rows: RowsFile,
    /// Removed with everything in it when the run is over.
    _scratch: ScratchDirectory,
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
    let (task, classes) = target.as_ref().map_or_else(
        || assumed_task(task_choice(&job, options)),
        |target| (target.task, target.classes.len()),
    );
    let mut plan = plan_for(&context, &job, task, classes, options)?;
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
/// stop. Scratch files are gone in any case.
pub fn train(options: &TrainOptions, stop: &Stop, progress: &dyn Progress) -> Result<Trained> {
    let mut run = Run::prepare(options, stop, progress)?;
    let (rows, names) = run.scan()?;
    let assigned = run.assign(&rows, names)?;
    let spec = resolved(&options.model, &run.target, &assigned)?;
    check_early_stopping(&spec, &assigned)?;
    let survey = run.survey(&rows, &assigned)?;
    let bins = run.bins(&spec, &survey)?;
    let evaluation_spec = run.evaluation_spec(assigned.label_center);
    let fitted = run.fit(&FitSpec {
        model: &spec,
        bins,
        survey: &survey,
        rows: &rows,
        assigned: &assigned,
        evaluation: &evaluation_spec,
    })?;
    let base = run.evaluate_base(&rows, &evaluation_spec)?;
    Ok(Trained {
        survey: survey.features,
        model: fitted.model,
        left_out: fitted.left_out,
        covariance: fitted.covariance,
        curve: fitted.curve,
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
        evaluation_spec,
        rows,
        _scratch: run.scratch,
    })
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
    let model = Model::load(&options.out_dir.join(output::MODEL))?;
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
pub(super) struct Run<'a> {
    pub(super) options: &'a TrainOptions,
    pub(super) context: Context<'a>,
    pub(super) job: Job,
    pub(super) target: Target,
    pub(super) plan: RunPlan,
    pub(super) scratch: ScratchDirectory,
    pub(super) passes: Vec<PassReport>,
    pub(super) started: Instant,
}

impl<'a> Run<'a> {
    /// Opens the data, learns what the target is, and refuses a run that does not fit.
    pub(super) fn prepare(
        options: &'a TrainOptions,
        stop: &'a Stop,
        progress: &'a dyn Progress,
    ) -> Result<Self> {
        let started = Instant::now();
        let context = context(options, stop, progress);
        output::check(&options.out_dir, options.overwrite)?;
        let job = Job::open(options)?;
        if let Some(baseline) = &job.baseline {
            let path = baseline.path().display();
            progress.message(&format!("baseline: {path}, {} rows", baseline.len()));
        }
        let mut passes = Vec::new();
        let target = find_target(&context, &job, options, &mut passes)?;
        let plan = plan_for(&context, &job, target.task, target.classes.len(), options)?;
        plan.memory.check(memory::free_memory_bytes())?;
        plan.notes.iter().for_each(|note| progress.message(note));
        // Only a run that can begin may take the mark from a finished one.
        let unfinished = output::prepare(&options.out_dir, options.overwrite)?;
        if unfinished > 0 {
            progress.warning(&format!(
                "removed {unfinished} unfinished file(s) of a run that died from {}",
                options.out_dir.display()
            ));
        }
        let parent = options.scratch_dir.as_ref().unwrap_or(&options.out_dir);
        for dead in ScratchDirectory::remove_dead(parent) {
            let size = format_bytes(dead.bytes);
            progress.warning(&format!(
                "removed the scratch files of a run that died: {} ({size})",
                dead.path.display()
            ));
        }
        let scratch = ScratchDirectory::create(parent, options.keep_scratch, options.allow_tmpfs)?;
        scratch.check_free(plan.scratch_bytes)?;
        Ok(Self {
            options,
            context,
            job,
            target,
            plan,
            scratch,
            passes,
            started,
        })
    }

    /// Labels and groups of all rows, and the groups' names.
    pub(super) fn scan(&mut self) -> Result<(RowsFile, GroupTable)> {
        let rows = RowsFile::create(&self.scratch.file("rows"), self.job.dataset.rows())?;
        let mut names = GroupTable::new(
            self.target.classes.len(),
            self.options.limits.groups_in_memory_max,
            self.scratch.path(),
        );
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
    pub(super) fn assign(&self, rows: &RowsFile, names: GroupTable) -> Result<Assigned> {
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
            seed: options.seed,
            sample_rows: options.limits.cut_sample_rows,
            grouped: self.job.roles.group.is_some(),
            groups_max: options.limits.groups_in_memory_max,
            spill: self.scratch.path(),
        };
        let mut assigned = assign(&self.context, &spec, rows, names)?;
        assigned
            .warnings
            .extend(ungrouped_warning(&self.job, options));
        for warning in &assigned.warnings {
            self.context.progress.warning(warning);
        }
        Ok(assigned)
    }

    /// What the training rows say about each feature.
    pub(super) fn survey(&mut self, rows: &RowsFile, assigned: &Assigned) -> Result<Survey> {
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

    /// Cut points and categories. A linear model needs no cut points.
    pub(super) fn bins(&self, spec: &ModelSpec, survey: &Survey) -> Result<Bins> {
        let kept_max = self.options.limits.categories_kept_max;
        let spec = match spec {
            ModelSpec::Gbdt(options) => BinsSpec {
                bins_max: Some(options.bins_max),
                categories_max: kept_max,
            },
            ModelSpec::Logistic(options) => BinsSpec {
                bins_max: None,
                categories_max: kept_max.min(options.categories_max as usize),
            },
        };
        find_bins(&self.context, &self.job, survey, spec)
    }

    /// The model, saved, and how good it is.
    fn fit(&mut self, spec: &FitSpec<'_>) -> Result<Fitted> {
        let mut fitted = fit(self, spec)?;
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

fn context<'a>(options: &TrainOptions, stop: &'a Stop, progress: &'a dyn Progress) -> Context<'a> {
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
    task: Task,
    classes: usize,
    options: &TrainOptions,
) -> Result<RunPlan> {
    let spec = PlanSpec {
        model: &options.model,
        evaluation: &evaluation_spec(options, job, task, classes),
        limits: &options.limits,
        verify: options.verify,
        memory_bytes: options.memory_bytes,
    };
    plan_run(context, job, &spec)
}

/// What will be evaluated, as far as it is known before any pass.
fn evaluation_spec(
    options: &TrainOptions,
    job: &Job,
    task: Task,
    classes: usize,
) -> EvaluationSpec {
    EvaluationSpec {
        task,
        classes,
        label_center: 0.0,
        grouped: job.roles.group.is_some(),
        groups_max: options.limits.groups_in_memory_max / options.threads.max(1),
        spill: options.out_dir.clone(),
    }
}

/// The learner's options with class weights and penalties filled in.
fn resolved(model: &ModelSpec, target: &Target, assigned: &Assigned) -> Result<ModelSpec> {
    let train = &assigned.class_rows[Split::Train as usize];
    let names = target.classes.iter().map(String::as_str);
    let classes: Vec<(&str, u64)> = names.zip(train.iter().copied()).collect();
    let mut spec = model.clone();
    spec.resolve(&classes, train.iter().sum())?;
    Ok(spec)
}
