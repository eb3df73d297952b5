//! The plan of a run: its steps in their order, each of which adds its own lines.

use crate::{
    engine::Context,
    error::Result,
    learner::{
        ModelSpec,
        gbdt::{BoosterOptions, Loss},
        logistic::{LogisticOptions, Solver},
    },
    limits::Limits,
    memory_plan::MemoryPlan,
    pipeline::{
        coding,
        evaluate::{self, evaluation::EvaluationSpec},
        fit::{boost, linear_plan, trees_plan},
        incremental::plan::{add_row_batches, add_tree_batches},
        one_pass,
        open::{plan_builder::PlanBuilder, training_data::TrainingData},
        options::IncrementalOptions,
        prepare,
        prune::{options::Pruning, plan::add_pruning},
        session::RunPlan,
    },
    run::cache::add_seal,
};

/// The most lanes of a pass whose slices one learner takes, one after the other: two to four of them decode as
/// fast as it learns, and each holds whole slices.
const LEARNER_LANES_MAX: usize = 4;

/// Plans that are tried to find the memory that would do.
const LARGER_PLANS_MAX: usize = 32;

/// Threads that the reservoir of trees from batches leaves memory for, and one lane: a learner is hardly
/// slower with one than with two. More threads take more memory beside it; the reservoir stays what it is.
const STREAM_THREADS: usize = 8;

/// The inputs of a plan beside the data.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlanSpec<'a> {
    pub(crate) model: &'a ModelSpec,
    pub(crate) evaluation: &'a EvaluationSpec,
    pub(crate) limits: &'a Limits,
    /// Check the saved model on the raw data.
    pub(crate) verify: bool,
    /// Write the valid and test rows with their predictions.
    pub(crate) predictions: bool,
    pub(crate) prune: Option<&'a Pruning>,
    pub(crate) incremental: Option<&'a IncrementalOptions>,
    /// Rows of an earlier learner's reservoir, and those that join it at once.
    pub(crate) stream_rows: Option<(usize, usize)>,
    /// The share of held-out rows, as far as it is known.
    pub(crate) held_out_share: f64,
    pub(crate) memory_bytes: u64,
}

impl PlanSpec<'_> {
    fn loss(&self) -> Loss {
        let (task, classes) = (self.evaluation.task, self.evaluation.classes);
        boost::loss_of(task, classes, self.model.regression_loss())
    }
}

/// Plans a run. The plan may exceed the limit; [`MemoryPlan::check`] refuses it then, and its figure would do.
///
/// # Errors
/// When the booster cannot be planned within any budget.
pub(crate) fn plan_run(
    context: &Context<'_>,
    data: &TrainingData,
    spec: &PlanSpec<'_>,
) -> Result<RunPlan> {
    let mut plan = plan_within(context, data, *spec)?;
    for _ in 0..LARGER_PLANS_MAX {
        if plan.memory.fits() {
            break;
        }
        // Some parts are shares of what is allowed, and grow with it.
        let memory_bytes = plan.memory.peak_bytes().next_multiple_of(1 << 20);
        let larger = PlanSpec {
            memory_bytes,
            ..*spec
        };
        plan = plan_within(context, data, larger)?;
    }
    plan.memory.limit_bytes = spec.memory_bytes;
    Ok(plan)
}

/// The memory of a run that scans, surveys and prunes, and no more.
pub(crate) fn pruning_plan(
    context: &Context<'_>,
    data: &TrainingData,
    pruning: &Pruning,
    limits: &Limits,
    evaluation: &EvaluationSpec,
    memory_bytes: u64,
) -> MemoryPlan {
    let mut plan = PlanBuilder::new(context, data, limits, memory_bytes, context.threads);
    add_preparation(&mut plan, evaluation, Some(pruning));
    plan.memory
}

/// The plan of a run under the limit that is given, as far as it fits.
fn plan_within(
    context: &Context<'_>,
    data: &TrainingData,
    mut spec: PlanSpec<'_>,
) -> Result<RunPlan> {
    if spec.incremental.is_some() && spec.stream_rows.is_none() {
        // What is learned must not depend on the threads.
        let context = Context {
            threads: STREAM_THREADS,
            ..*context
        };
        spec.stream_rows = Some(plan_lanes(&context, data, &spec, 1)?.stream_rows);
    }
    let lanes_max = context.threads.min(LEARNER_LANES_MAX);
    let mut plan = plan_lanes(context, data, &spec, lanes_max)?;
    for lanes in (1..lanes_max).rev() {
        if plan.memory.fits() {
            break;
        }
        plan = plan_lanes(context, data, &spec, lanes)?;
    }
    Ok(plan)
}

/// The plan for so many lanes of the passes whose slices one learner takes.
fn plan_lanes(
    context: &Context<'_>,
    data: &TrainingData,
    spec: &PlanSpec<'_>,
    lanes: usize,
) -> Result<RunPlan> {
    let plan = PlanBuilder::new(context, data, spec.limits, spec.memory_bytes, lanes);
    match spec.incremental {
        Some(incremental) if incremental.one_pass => plan_one_pass(plan, spec, incremental),
        _ => plan_passes(plan, spec),
    }
}

/// The plan of a run that reads each row once.
fn plan_one_pass(
    mut plan: PlanBuilder<'_>,
    spec: &PlanSpec<'_>,
    incremental: &IncrementalOptions,
) -> Result<RunPlan> {
    let evaluation = spec.evaluation;
    plan.add_program();
    evaluate::plan::add_groups(&mut plan, evaluation);
    match spec.model {
        ModelSpec::Logistic(options) => {
            let shape = linear_plan::shape(&plan, options, spec.loss().outputs());
            let share = spec.held_out_share;
            let scratch_bytes = one_pass::plan::add_linear(&mut plan, shape, evaluation, share);
            add_prediction(&mut plan, spec, false);
            Ok(plan.finish(scratch_bytes))
        }
        ModelSpec::Gbdt(options) => {
            let (loss, stream_rows) = (spec.loss(), spec.stream_rows);
            let rows =
                one_pass::plan::add_trees(&mut plan, options, loss, evaluation, stream_rows)?;
            let scratch_bytes = one_pass::plan::trees_scratch_bytes(&plan, incremental)?;
            add_prediction(&mut plan, spec, false);
            Ok(RunPlan {
                first_rows: rows.first_rows,
                stream_rows: rows.stream_rows,
                ..plan.finish(scratch_bytes)
            })
        }
    }
}

/// The plan of a run that reads the data several times.
fn plan_passes(mut plan: PlanBuilder<'_>, spec: &PlanSpec<'_>) -> Result<RunPlan> {
    let (evaluation, outputs) = (spec.evaluation, spec.loss().outputs());
    add_preparation(&mut plan, evaluation, spec.prune);
    let scratch_bytes = prepare::plan::scratch_bytes(&plan);
    match spec.model {
        ModelSpec::Logistic(options) => {
            add_linear(&mut plan, spec, options);
            add_prediction(&mut plan, spec, true);
            Ok(plan.finish(scratch_bytes))
        }
        ModelSpec::Gbdt(options) => {
            let (stream_rows, trees) = add_trees(&mut plan, spec, options)?;
            evaluate::plan::add_evaluation(&mut plan, evaluation, outputs);
            add_prediction(&mut plan, spec, spec.verify);
            let learner_bytes =
                coding::plan::scratch_bytes(&plan) + trees_plan::scratch_bytes(&plan, outputs);
            Ok(RunPlan {
                histogram_budget_bytes: trees.histogram_budget_bytes,
                resident_bytes: trees.resident_bytes,
                sample_rows: trees.sample_rows,
                stream_rows,
                ..plan.finish(scratch_bytes + learner_bytes)
            })
        }
    }
}

/// The steps from the opened data to the kept columns.
fn add_preparation(
    plan: &mut PlanBuilder<'_>,
    evaluation: &EvaluationSpec,
    prune: Option<&Pruning>,
) {
    plan.add_program();
    evaluate::plan::add_groups(plan, evaluation);
    prepare::plan::add_scan(plan, evaluation.classes);
    prepare::plan::add_survey(plan);
    if let Some(pruning) = prune {
        add_pruning(plan, pruning);
    }
}

fn add_linear(plan: &mut PlanBuilder<'_>, spec: &PlanSpec<'_>, options: &LogisticOptions) {
    let shape = linear_plan::shape(plan, options, spec.loss().outputs());
    let is_sgd = options.solver == Solver::Sgd;
    match spec.incremental {
        None if is_sgd => linear_plan::add_sgd(plan, shape),
        None => linear_plan::add_newton(plan, shape),
        Some(incremental) => {
            add_row_batches(plan, shape, spec.evaluation);
            // The exact fit on all rows, after the batches.
            if !is_sgd && incremental.init_model.is_none() {
                linear_plan::add_newton(plan, shape);
            }
        }
    }
}

/// The pass over the source that predicts with the saved model, evaluates, and writes the predictions.
fn add_prediction(plan: &mut PlanBuilder<'_>, spec: &PlanSpec<'_>, evaluates: bool) {
    if !evaluates && !spec.predictions {
        return;
    }
    let outputs = spec.loss().outputs();
    let columns = match spec.predictions {
        true => plan.data.scan_columns(),
        false => Vec::new(),
    };
    let evaluation = evaluates.then_some(spec.evaluation);
    evaluate::plan::add_prediction(plan, evaluation, outputs, &columns);
    if spec.predictions {
        let is_one_pass = spec.incremental.is_some_and(|options| options.one_pass);
        let read = match is_one_pass {
            true => (columns.len(), one_pass::plan::REREAD_ROW_BYTES),
            false => (usize::from(plan.data.roles.group.is_some()), 0),
        };
        evaluate::predictions::plan::add_lines(plan, outputs, read);
    }
}

/// The steps of trees from the cut points on. Returns the rows of the reservoir too.
fn add_trees(
    plan: &mut PlanBuilder<'_>,
    spec: &PlanSpec<'_>,
    options: &BoosterOptions,
) -> Result<((usize, usize), trees_plan::TreesPlan)> {
    let loss = spec.loss();
    coding::plan::add_binning(plan, spec.prune.is_some());
    add_seal(plan, spec.prune.is_some_and(|prune| prune.report.is_some()));
    let stream_rows = match spec.incremental {
        Some(_) => add_tree_batches(plan, options, loss, spec.evaluation, spec.stream_rows)?,
        None => (0, 0),
    };
    Ok((stream_rows, trees_plan::add_trees(plan, options, loss)?))
}
