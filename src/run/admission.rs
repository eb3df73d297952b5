//! The admission of a run: data and target are known, memory and disk suffice, directories are locked.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use crate::{
    data::Task,
    engine::{Context, Progress},
    error::{Error, Result},
    learner::ModelSpec,
    pipeline::{
        evaluate::{evaluation::EvaluationSpec, predictions},
        fit::{checkpoint::Checkpoint, context::FitContext, model_spec::check_target},
        incremental::{declared_target::declared_target, earlier_learner::EarlierLearner},
        one_pass::source::{Source, open_source},
        open::{planned_output::PlannedOutput, target::Target, training_data::TrainingData},
        options::ResourceOptions,
        prepare::assign::{Assigned, ungrouped_warning},
        prune::trimmed,
        session::{
            RunIdentity, RunPlan, Session,
            output::{OutputDirectory, OutputRequest, SPLITS},
        },
    },
    platform::{memory, stop::Stop},
    run::{
        cache::{self, CacheLookup, CachedRows, CodeCache},
        earlier_learner::earlier_learner,
        options::{TrainOptions, check_incremental},
        plan::{PlanSpec, plan_run},
    },
    scratch::ScratchDirectory,
    text::size::format_bytes,
};

/// A run that may start: its memory and its disk are there.
pub(crate) struct Admitted<'a> {
    pub(crate) options: &'a TrainOptions,
    pub(crate) session: Session<'a>,
    pub(crate) data: TrainingData,
    pub(crate) target: Target,
    pub(crate) plan: RunPlan,
    /// The directory of codes that other runs may use; `None` where there are no such codes.
    pub(crate) cache: Option<CodeCache>,
    /// Rows and codes of an earlier run.
    pub(crate) cached: Option<CachedRows>,
    /// The checkpoint that the run continues.
    pub(crate) checkpoint: Option<Checkpoint>,
    /// The learner that an incremental run continues.
    pub(crate) earlier: Option<EarlierLearner>,
    /// The source of rows that are read once.
    pub(crate) source: Source,
}

impl Admitted<'_> {
    /// The evaluation of this target.
    pub(crate) fn evaluation(&self, label_center: f64) -> EvaluationSpec {
        let shape = (self.target.task, self.target.classes.len());
        EvaluationSpec {
            label_center,
            spill: self.session.scratch.path().to_path_buf(),
            ..evaluation_spec(self.options, &self.data, shape)
        }
    }

    pub(crate) fn fit_context<'s>(&'s self, evaluation: &'s EvaluationSpec) -> FitContext<'s> {
        let resources = &self.options.resources;
        FitContext {
            session: &self.session,
            data: &self.data,
            target: &self.target,
            plan: &self.plan,
            limits: &resources.limits,
            memory_bytes: resources.memory_bytes,
            seed: self.options.split.seed,
            evaluation,
        }
    }

    /// Shows the warnings of an assignment, and adds those that the options ask for.
    pub(crate) fn warn(&self, assigned: &mut Assigned) {
        let group = &self.options.columns.group;
        assigned
            .warnings
            .extend(ungrouped_warning(&self.data, group));
        for warning in &assigned.warnings {
            self.session.progress().warning(warning);
        }
    }

    /// After a failure: codes wait for the run that continues from the checkpoint, if there is one.
    pub(crate) fn keep_for_resume(&mut self, error: &Error) {
        if !self.session.output.has_checkpoint() {
            return;
        }
        let mut codes = String::new();
        if let Some(cache) = &mut self.cache {
            cache.directory.leave();
            codes = format!(", with {} of scratch files", cache.size());
        }
        let out_dir = self.session.output.path().display();
        let is_incremental = self.options.incremental.is_some();
        let kept = if is_incremental {
            "the learner so far is"
        } else {
            "the trees so far are"
        };
        let next = match error {
            Error::Dataset(_) if is_incremental => format!(
                "mend the cause and continue with --resume, train on other rows with --init-model {out_dir}, or"
            ),
            _ => "continue with --resume, or".to_owned(),
        };
        self.session.progress().message(&format!(
            "{kept} kept in {out_dir}{codes}; {next} start over with --overwrite"
        ));
    }

    pub(crate) fn cache_lookup(&self) -> CacheLookup<'_> {
        CacheLookup {
            data: &self.data,
            options: self.options,
            target: &self.target,
            spill: self.session.scratch.path(),
        }
    }
}

/// Opens the data, finds the target, and refuses a run that does not fit.
///
/// # Errors
/// For a fault of options, data, memory or disk.
pub(crate) fn admit<'a>(
    options: &'a TrainOptions,
    stop: &'a Stop,
    progress: &'a dyn Progress,
) -> Result<Admitted<'a>> {
    let started = Instant::now();
    let context = context(&options.resources, stop, progress);
    check_incremental(options)?;
    let request = options.output_request()?;
    request.check()?;
    let (mut data, source) = open_source(
        &options.data,
        &options.columns,
        &options.resources,
        options.one_pass().is_some(),
    )?;
    check_output(&data, options)?;
    let identity = identity(options, &data);
    let earlier = earlier_learner(&mut data, options, &identity, progress)?;
    check_pruning(options, &data)?;
    let checkpoint = find_checkpoint(options, &identity, progress)?;
    // Before any pass: the schema shows whether the columns that constraints name exist.
    options.model.clone().resolve_features(&data.features())?;
    data.announce(progress);
    let mut passes = Vec::new();
    let cached = cache::find(&data, options, progress);
    let spec = options.target_spec();
    let declared = declared_target(&data, spec, options.incremental.as_ref(), earlier.as_ref())?;
    let target = match declared {
        Some(target) => target,
        None => cache::cached_target(&context, &data, options, cached.as_ref(), &mut passes)?,
    };
    check_target(&options.model, spec.incremental, &target)?;
    let shape = (target.task, target.classes.len());
    let plan = plan_for(&context, &data, shape, options, earlier.as_ref())?;
    plan.memory.check(memory::free_memory_bytes())?;
    plan.notes.iter().for_each(|note| progress.message(note));
    let output = acquire_directories(request, options, progress)?;
    let cached_bytes = cached.as_ref().map_or(0, |cached| cached.bytes());
    let scratch = create_scratch(options, plan.scratch_bytes.saturating_sub(cached_bytes))?;
    let lookup = CacheLookup {
        data: &data,
        options,
        target: &target,
        spill: scratch.path(),
    };
    let (cache, cached) = cache::open_or_create(&context, &lookup, cached, &mut passes)?;
    Ok(Admitted {
        options,
        session: Session {
            context,
            started,
            output,
            scratch,
            codes_directory: cache.as_ref().map(CodeCache::path),
            identity,
            checkpoint_interval: Duration::from_secs(options.output.checkpoint_seconds),
            passes,
        },
        data,
        target,
        plan,
        cache,
        cached,
        checkpoint,
        earlier,
        source,
    })
}

/// Refuses thresholds and patterns of pruning that the data do not fit.
fn check_pruning(options: &TrainOptions, data: &TrainingData) -> Result<()> {
    if let Some(pruning) = &options.prune {
        pruning.check()?;
        pruning.protected(data)?;
    }
    Ok(())
}

/// Creates the scratch directory, on a disk with enough free bytes. Codes of trees have a directory of their
/// own, so only other scratch files are kept here.
fn create_scratch(options: &TrainOptions, bytes: u64) -> Result<ScratchDirectory> {
    let is_trees = matches!(options.model, ModelSpec::Gbdt(_));
    let keep = options.resources.keep_scratch && !is_trees;
    let parent = options.scratch_parent();
    let scratch = ScratchDirectory::create(parent, keep, options.resources.allow_tmpfs)?;
    scratch.check_free(bytes)?;
    Ok(scratch)
}

/// The context of the passes of a run with these resources.
pub(crate) fn context<'a>(
    resources: &ResourceOptions,
    stop: &'a Stop,
    progress: &'a dyn Progress,
) -> Context<'a> {
    Context {
        threads: resources.threads.max(1),
        batch_rows_max: resources.limits.batch_rows_max,
        channel_batches_max: resources.limits.channel_batches_max,
        stop,
        progress,
    }
}

/// The identity of a run before any pass.
pub(crate) fn identity(options: &TrainOptions, data: &TrainingData) -> RunIdentity {
    let value = serde_json::to_value(options).expect("options are numbers and text");
    RunIdentity::new(value, data.dataset.files())
}

/// Refuses an output directory whose files would replace the data, or would be read as data.
fn check_output(data: &TrainingData, options: &TrainOptions) -> Result<()> {
    let out_dir = &options.output.out_dir;
    let copies = out_dir.join(trimmed::DIRECTORY);
    let replaced = [
        out_dir.join(SPLITS),
        out_dir.join(predictions::NAME),
        out_dir.join(trimmed::FILE),
        copies.clone(),
    ];
    PlannedOutput {
        flag: "--out-dir",
        path: out_dir,
        replaced: &replaced,
        copies: Some(&copies),
    }
    .check(data, &options.data)
}

/// The checkpoint that the run continues, once options and files are found to be the same.
fn find_checkpoint(
    options: &TrainOptions,
    identity: &RunIdentity,
    progress: &dyn Progress,
) -> Result<Option<Checkpoint>> {
    if !options.output.resume {
        return Ok(None);
    }
    let Some(checkpoint) = Checkpoint::load(&options.output.out_dir, progress)? else {
        if options.incremental.is_none() {
            progress.message("no checkpoint to resume from: the run starts from the beginning");
        }
        return Ok(None);
    };
    checkpoint.identity.check(identity)?;
    let rounds = checkpoint.booster.rounds();
    progress.message(&format!("resuming after round {rounds}"));
    Ok(Some(checkpoint))
}

/// Locks the output directory, and removes what runs that died left in it and in the scratch directory.
fn acquire_directories(
    request: OutputRequest<'_>,
    options: &TrainOptions,
    progress: &dyn Progress,
) -> Result<OutputDirectory> {
    let output = request.acquire()?;
    let unfinished = output.remove_leftovers()?;
    if unfinished > 0 {
        progress.warning(&format!(
            "removed {unfinished} unfinished file(s) of a run that died from {}",
            options.output.out_dir.display()
        ));
    }
    remove_dead_scratch(options.scratch_parent(), progress);
    Ok(output)
}

/// Removes scratch files of runs that died.
pub(crate) fn remove_dead_scratch(parent: &Path, progress: &dyn Progress) {
    for dead in ScratchDirectory::remove_dead(parent) {
        let size = format_bytes(dead.bytes);
        progress.warning(&format!(
            "removed the scratch files of a run that died: {} ({size})",
            dead.path.display()
        ));
    }
}

/// The plan of a run whose target has this task and so many classes.
pub(crate) fn plan_for(
    context: &Context<'_>,
    data: &TrainingData,
    shape: (Task, usize),
    options: &TrainOptions,
    earlier: Option<&EarlierLearner>,
) -> Result<RunPlan> {
    let model = earlier.map_or_else(|| options.model.clone(), EarlierLearner::spec);
    let spec = PlanSpec {
        model: &model,
        evaluation: &evaluation_spec(options, data, shape),
        limits: &options.resources.limits,
        verify: options.output.verify,
        predictions: options.output.predictions,
        prune: options.prune.as_ref(),
        incremental: options.incremental.as_ref(),
        stream_rows: earlier.and_then(EarlierLearner::stream_rows),
        held_out_share: options.held_out_share(),
        memory_bytes: options.resources.memory_bytes,
    };
    plan_run(context, data, &spec)
}

/// The evaluation, as far as it is known before any pass.
pub(crate) fn evaluation_spec(
    options: &TrainOptions,
    data: &TrainingData,
    (task, classes): (Task, usize),
) -> EvaluationSpec {
    let resources = &options.resources;
    EvaluationSpec {
        task,
        classes,
        label_center: 0.0,
        deviation: options.model.regression_loss().deviation(),
        grouped: data.roles.group.is_some(),
        groups_max: resources.limits.groups_in_memory_max / resources.threads.max(1),
        spill: options.output.out_dir.clone(),
    }
}
