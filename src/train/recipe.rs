//! The steps of a run, in order.

use std::{path::Path, time::Instant};

use crate::{
    data::Split,
    engine::{Context, PassReport, Progress},
    error::{Error, Result},
    group::{assign::Shares, table::GroupTable},
    learner::{
        ModelSpec,
        gbdt::{BoosterOptions, BoosterPlan, RoundLoss},
        logistic::LogisticOptions,
    },
    limits::format_bytes,
    model::{About, Body, ExcludedColumn, FeatureSpec, Model, Roles as ModelRoles, link::Task},
    platform::{memory, stop::Stop},
    scratch::ScratchDirectory,
    train::{
        assign::{AssignSpec, Assigned, SplitSource, assign},
        base::evaluate_base_scores,
        binning::write_codes,
        bins::{Bins, find_bins},
        boost::{BoostSpec, boost},
        evaluate::{Evaluation, EvaluationSpec},
        job::Job,
        newton::{self, NewtonSpec},
        options::TrainOptions,
        output,
        plan::{PlanSpec, RunPlan, plan_run},
        predict::predict_and_evaluate,
        rows::RowsFile,
        scan::scan,
        scores::{Files, evaluate_from_scratch},
        survey::{FeatureSurvey, Survey, survey},
        target::Target,
        task::{assumed_task, find_target, known_target, task_choice},
    },
};

/// A finished training: the model, and what the reports say.
pub struct Trained {
    /// The data and the columns' parts.
    pub job: Job,
    /// What was learned.
    pub target: Target,
    /// Splits, their proof, and the groups.
    pub assigned: Assigned,
    /// What the survey found of each feature.
    pub survey: Vec<FeatureSurvey>,
    /// The model; its metrics are filled in by the report.
    pub model: Model,
    /// The options with everything that only the data could tell.
    pub spec: ModelSpec,
    /// Features that the learner left out, and why.
    pub left_out: Vec<(u32, &'static str)>,
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
    /// What was evaluated, and how.
    pub evaluation_spec: EvaluationSpec,
    /// Warnings given.
    pub warnings: Vec<String>,
    /// Seconds from the start to the saved model.
    pub seconds_to_model: f64,
    /// When the run started.
    pub started: Instant,
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
    let evaluation = evaluation_spec(options, &job, task, classes, 0.0, Path::new("."));
    let mut plan = plan_run(
        &context,
        &job,
        &plan_spec(options, task, classes, &evaluation),
    )?;
    if target.is_none() && task != Task::Regression {
        plan.notes.push(format!(
            "the target's classes are counted when the run starts; {classes} are assumed here"
        ));
    }
    Ok((job, plan))
}

/// Trains a model and saves it in the output directory.
///
/// # Errors
/// Whatever is wrong with options, data, memory or disk; [`Error::Interrupted`] when asked to stop.
/// Scratch files are gone in any case.
pub fn train(options: &TrainOptions, stop: &Stop, progress: &dyn Progress) -> Result<Trained> {
    let started = Instant::now();
    let context = context(options, stop, progress);
    output::check(&options.out_dir, options.overwrite)?;
    let job = Job::open(options)?;
    let mut passes = Vec::new();
    let target = find_target(&context, &job, options, &mut passes)?;
    let grouped = job.roles.group.is_some();
    let scratch_parent = options.scratch_dir.as_ref().unwrap_or(&options.out_dir);
    let classes = target.classes.len();
    let probe = evaluation_spec(options, &job, target.task, classes, 0.0, scratch_parent);
    let plan = plan_run(
        &context,
        &job,
        &plan_spec(options, target.task, classes, &probe),
    )?;
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
    for dead in ScratchDirectory::remove_dead(scratch_parent) {
        let size = format_bytes(dead.bytes);
        progress.warning(&format!(
            "removed the scratch files of a run that died: {} ({size})",
            dead.path.display()
        ));
    }
    let scratch =
        ScratchDirectory::create(scratch_parent, options.keep_scratch, options.allow_tmpfs)?;
    scratch.check_free(plan.scratch_bytes)?;

    let rows = RowsFile::create(&scratch.file("rows"), job.dataset.rows())?;
    let groups_max = options.limits.groups_in_memory_max;
    let mut names = GroupTable::new(classes, groups_max, scratch.path());
    passes.push(scan(&context, &job, &target, &rows, |run| {
        if grouped {
            names.name(run.hash, &run.name)
        } else {
            Ok(())
        }
    })?);
    let source = match job.roles.split {
        Some(_) => SplitSource::Column,
        None => SplitSource::Groups {
            rule: options.split_rule,
            shares: Shares::new(options.valid_size, options.test_size)?,
        },
    };
    let assign_spec = AssignSpec {
        source,
        target: &target,
        seed: options.seed,
        sample_rows: options.limits.cut_sample_rows,
        grouped,
        groups_max,
        spill: scratch.path(),
    };
    let assigned = assign(&context, &assign_spec, &rows, names)?;
    let mut warnings = assigned.warnings.clone();
    warnings.extend(unlabelled_warning(&assigned, &target));
    warnings
        .iter()
        .for_each(|warning| progress.warning(warning));

    let spec = resolved(&options.model, &target, &assigned)?;
    let survey = survey(
        &context,
        &job,
        &job.roles.features,
        &rows,
        &assigned.sample,
        &scratch.file("sample"),
        options.limits.categories_tracked_max,
    )?;
    passes.push(survey.report.clone());
    let columns = &job.roles.features;
    let (bins_max, categories_max) = bins_of(&spec, options.limits.categories_kept_max);
    let bins = find_bins(
        &context,
        job.schema(),
        columns,
        &survey,
        bins_max,
        categories_max,
    )?;
    let evaluation_spec = evaluation_spec(
        options,
        &job,
        target.task,
        classes,
        assigned.label_center,
        scratch.path(),
    );
    let run = Run {
        options,
        context,
        job: &job,
        target: &target,
        assigned: &assigned,
        scratch: &scratch,
        rows: &rows,
        plan: &plan,
        evaluation: &evaluation_spec,
        started,
    };
    let fitted = match &spec {
        ModelSpec::Gbdt(booster) => run.fit_trees(booster, bins, survey, &mut passes)?,
        ModelSpec::Logistic(logistic) => run.fit_linear(logistic, bins, survey, &mut passes)?,
    };
    let base = match job.base_scores(&target) {
        Some(scores) => {
            let (base, report) =
                evaluate_base_scores(&context, &job, &scores, &rows, &evaluation_spec)?;
            passes.push(report);
            Some(base)
        }
        None => None,
    };
    Ok(Trained {
        survey: fitted.survey,
        model: fitted.model,
        left_out: fitted.left_out,
        curve: fitted.curve,
        evaluation: fitted.evaluation,
        seconds_to_model: fitted.seconds_to_model,
        job,
        target,
        assigned,
        spec,
        base,
        passes,
        plan,
        evaluation_spec,
        warnings,
        started,
        rows,
        _scratch: scratch,
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
    let path = options.out_dir.join(output::MODEL);
    let model = Model::load(&path)?;
    let context = context(options, stop, progress);
    predict_and_evaluate(
        &context,
        "verification",
        &trained.job,
        &model,
        &trained.rows,
        &[Split::Test],
        &trained.evaluation_spec,
    )
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

fn evaluation_spec(
    options: &TrainOptions,
    job: &Job,
    task: Task,
    classes: usize,
    label_center: f64,
    spill: &Path,
) -> EvaluationSpec {
    EvaluationSpec {
        task,
        classes,
        label_center,
        grouped: job.roles.group.is_some(),
        groups_max: options.limits.groups_in_memory_max / options.threads.max(1),
        spill: spill.to_path_buf(),
    }
}

fn plan_spec<'a>(
    options: &'a TrainOptions,
    task: Task,
    classes: usize,
    evaluation: &'a EvaluationSpec,
) -> PlanSpec<'a> {
    PlanSpec {
        model: &options.model,
        task,
        classes,
        evaluation,
        limits: &options.limits,
        verify: options.verify,
        memory_bytes: options.memory_bytes,
    }
}

fn unlabelled_warning(assigned: &Assigned, target: &Target) -> Option<String> {
    (assigned.unlabelled_rows > 0).then(|| {
        format!(
            "{} rows have no value of the target `{}` and are left out",
            assigned.unlabelled_rows, target.name
        )
    })
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

/// Bins of numbers and categories of texts. A linear model needs no cut points.
fn bins_of(spec: &ModelSpec, categories_kept_max: usize) -> (Option<u16>, usize) {
    match spec {
        ModelSpec::Gbdt(options) => (Some(options.bins_max), categories_kept_max),
        ModelSpec::Logistic(options) => (
            None,
            (options.categories_max as usize).min(categories_kept_max),
        ),
    }
}

/// What fitting leaves behind.
struct FittedModel {
    model: Model,
    survey: Vec<FeatureSurvey>,
    left_out: Vec<(u32, &'static str)>,
    curve: Vec<RoundLoss>,
    evaluation: Evaluation,
    seconds_to_model: f64,
}

/// A run whose rows are assigned.
struct Run<'a> {
    options: &'a TrainOptions,
    context: Context<'a>,
    job: &'a Job,
    target: &'a Target,
    assigned: &'a Assigned,
    scratch: &'a ScratchDirectory,
    rows: &'a RowsFile,
    plan: &'a RunPlan,
    evaluation: &'a EvaluationSpec,
    started: Instant,
}

impl Run<'_> {
    fn fit_trees(
        &self,
        booster: &BoosterOptions,
        bins: Bins,
        survey: Survey,
        passes: &mut Vec<PassReport>,
    ) -> Result<FittedModel> {
        let context = &self.context;
        let left_out = constants(&bins);
        if left_out.len() == bins.features.len() {
            return Err(Error::Dataset(format!(
                "none of the {} features varies in the training rows, so there is nothing to learn from; \
                 check --exclude and the split",
                left_out.len()
            )));
        }
        let loss = self.spec_for_plan().loss();
        let codes_path = self.scratch.file("codes");
        let (codes, report) = write_codes(context, self.job, &bins, &codes_path)?;
        passes.push(report);
        let plan = BoosterPlan::new(
            booster,
            loss,
            &bins.layout,
            context.threads,
            self.plan.histogram_budget_bytes,
        )?;
        let boosted = boost(
            context,
            BoostSpec {
                options: booster,
                loss,
                bins: &bins,
                plan,
                codes: &codes,
                rows: self.rows,
                state_path: &self.scratch.file("state"),
            },
        )?;
        passes.push(boosted.report);
        let model = self.model(bins.features, Body::Trees(boosted.ensemble));
        let seconds_to_model = self.save(&model)?;
        let Body::Trees(ensemble) = &model.body else {
            unreachable!("trees were grown")
        };
        let evaluation = evaluate_from_scratch(
            context,
            ensemble,
            &model.features,
            &bins.layout,
            Files {
                codes: &codes,
                rows: self.rows,
                state: &boosted.state,
            },
            self.evaluation,
        )?;
        Ok(FittedModel {
            model,
            survey: survey.features,
            left_out,
            curve: boosted.curve,
            evaluation,
            seconds_to_model,
        })
    }

    fn fit_linear(
        &self,
        logistic: &LogisticOptions,
        bins: Bins,
        survey: Survey,
        passes: &mut Vec<PassReport>,
    ) -> Result<FittedModel> {
        let spec = NewtonSpec {
            options: logistic,
            job: self.job,
            features: &bins.features,
            survey: &survey,
            rows: self.rows,
            sample: &self.assigned.sample,
            classes: self.target.classes.len(),
            train_rows: self.assigned.rows(Split::Train),
        };
        let fit = newton::fit(&self.context, &spec, self.options.limits.start_sample_rows)?;
        passes.extend(fit.reports);
        let model = self.model(bins.features, Body::Linear(fit.linear));
        let seconds_to_model = self.save(&model)?;
        let (evaluation, report) = predict_and_evaluate(
            &self.context,
            "evaluation",
            self.job,
            &model,
            self.rows,
            &Split::ALL,
            self.evaluation,
        )?;
        passes.push(report);
        Ok(FittedModel {
            model,
            survey: survey.features,
            left_out: fit.left_out,
            curve: Vec::new(),
            evaluation,
            seconds_to_model,
        })
    }

    fn spec_for_plan(&self) -> PlanSpec<'_> {
        plan_spec(
            self.options,
            self.target.task,
            self.target.classes.len(),
            self.evaluation,
        )
    }

    /// Saves the model as soon as it is there; the report saves it again with its metrics.
    fn save(&self, model: &Model) -> Result<f64> {
        let path = self.options.out_dir.join(output::MODEL);
        let bytes = model.save(&path)?.bytes;
        let seconds = self.started.elapsed().as_secs_f64();
        let size = format_bytes(bytes);
        self.context.progress.message(&format!(
            "saved {} ({size}) after {seconds:.1} s",
            path.display()
        ));
        Ok(seconds)
    }

    fn model(&self, features: Vec<FeatureSpec>, body: Body) -> Model {
        let job = self.job;
        let name = |column: usize| job.schema().fields[column].name.clone();
        let excluded = job.roles.excluded.iter().map(|excluded| ExcludedColumn {
            name: name(excluded.column),
            reason: excluded.reason.clone(),
        });
        Model {
            about: About {
                rowmill_version: env!("CARGO_PKG_VERSION").to_owned(),
                task: self.target.task,
                classes: self.target.classes.clone(),
                roles: ModelRoles {
                    target: self.target.name.clone(),
                    group: job.roles.group.map(name),
                    weight: None,
                    split: job.roles.split.map(name),
                    excluded: excluded.collect(),
                },
                profile: job.profile.as_ref().map(|profile| profile.to_toml()),
                data_fingerprint: self.assigned.content_hash,
                train_rows: self.assigned.rows(Split::Train),
                seed: self.options.seed,
            },
            features,
            body,
            metrics: serde_json::Value::Null,
            split: self.assigned.assignment.as_ref().map_or(
                serde_json::Value::Null,
                |assignment| {
                    serde_json::to_value(assignment).expect("an assignment is numbers and text")
                },
            ),
            options: serde_json::to_value(&self.options.model)
                .expect("options are numbers and text"),
        }
    }
}

/// Features of a single code, in which no node can be split.
fn constants(bins: &Bins) -> Vec<(u32, &'static str)> {
    let features = bins.radices.iter().enumerate();
    let constant = features.filter(|(_, radix)| **radix <= 1);
    constant
        .map(|(feature, _)| (feature as u32, "constant in the training rows"))
        .collect()
}
