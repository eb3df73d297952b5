//! What a run will hold in memory and write to scratch, computed before any work.

use std::ops::Range;

use crate::{
    data::{CodeLayout, ValueType},
    engine::Context,
    error::Result,
    group::{buckets::BucketCounts, table::GroupTable},
    learner::{
        ModelSpec,
        gbdt::{BoosterOptions, Loss},
    },
    limits::{BLOCK_ROWS, Limits},
    memory_plan::{ALWAYS, MemoryPlan},
    pipeline::{
        evaluate::{code_pass, evaluation::EvaluationSpec},
        fit::boost,
        open::training_data::TrainingData,
        options::IncrementalOptions,
        prepare::survey,
        prune::options::Pruning,
        session::RunPlan,
        storage::{
            rows::{self, RowsBuffer},
            selection::RowSample,
        },
    },
    scratch::BlockFile,
    stats::{CategoryCounts, sample},
};

/// Program, libraries, stacks, and what the allocator keeps for reuse: measured, and rounded up.
pub(crate) const PROGRAM_BYTES: u64 = 40 << 20;

/// Stack and channel slots of a thread.
pub(crate) const THREAD_BYTES: u64 = 1 << 20;

/// Kept from the histograms' budget for each thread that grows trees, at the least.
pub(crate) const TREE_THREAD_BYTES: u64 = 8 << 20;

/// A sample takes at most one part in so many of the memory allowed, unless its rows are given.
pub(crate) const SAMPLE_SHARE_OF_MEMORY: u64 = 4;

/// Blocks that stay in memory take at most one part in so many of the memory allowed.
pub(crate) const RESIDENT_SHARE_OF_MEMORY: u64 = 8;

/// The most lanes of a pass whose slices one learner takes, one after the other: two to four of them decode as
/// fast as it learns, and each holds whole slices.
pub(crate) const LEARNER_LANES_MAX: usize = 4;

/// Plans that are tried to find the memory that would do.
pub(crate) const LARGER_PLANS_MAX: usize = 32;

/// Limits are told in these.
pub(crate) const MIB: u64 = 1 << 20;

/// Threads that the reservoir of trees from batches leaves memory for, and one lane: a learner is hardly
/// slower with one than with two. More threads take more memory beside it; the reservoir stays what it is.
pub(crate) const STREAM_THREADS: usize = 8;

/// Training rows that fix the bins where rows are read once.
pub(crate) const FIRST_ROWS: u64 = 65_536;

/// The rows that fix bins take at most one part in so many of the memory allowed, but for so many rows.
pub(crate) const FIRST_ROWS_SHARE_OF_MEMORY: u64 = 4;
pub(crate) const FIRST_ROWS_MIN: u64 = 8_192;

/// Bytes of a node of a tree that learns from batches: as it grew, compiled, its sums, and as bytes.
pub(crate) const TREE_NODE_BYTES: u64 = 96 + 64 + 2 * 96;

/// The least rows of a reservoir of trees that grow from batches.
pub(crate) const STREAM_ROWS_MIN: usize = 16_384;

/// Bytes of a feature's coder: its padded cut points, or its dictionary.
pub(crate) const CODER_BYTES: u64 = 8 << 10;

/// What a plan depends on besides the data's schema.
#[derive(Debug, Clone, Copy)]
pub struct PlanSpec<'a> {
    /// The learner.
    pub model: &'a ModelSpec,
    /// Task, classes and groups: what is evaluated.
    pub evaluation: &'a EvaluationSpec,
    /// Bounds.
    pub limits: &'a Limits,
    /// Whether the saved model is checked on the raw data.
    pub verify: bool,
    /// Whether the held-out rows are written with their predictions.
    pub predictions: bool,
    /// How columns are pruned, if they are.
    pub prune: Option<&'a Pruning>,
    /// Batches, where the run learns by them.
    pub incremental: Option<&'a IncrementalOptions>,
    /// Rows of the reservoir of a learner that goes on, and those that join it at once.
    pub stream_rows: Option<(usize, usize)>,
    /// The share of rows that are held out, as far as it is known.
    pub held_out_share: f64,
    /// The memory limit.
    pub memory_bytes: u64,
}

impl PlanSpec<'_> {
    pub(crate) fn loss(&self) -> Loss {
        let evaluation = self.evaluation;
        boost::loss_of(
            evaluation.task,
            evaluation.classes,
            self.model.regression_loss(),
        )
    }

    pub(crate) fn outputs(&self) -> usize {
        self.loss().outputs()
    }
}

/// Plans a run. The plan may exceed the limit; [`MemoryPlan::check`] refuses it then, and its figure would do.
///
/// # Errors
/// When the booster cannot be planned within any budget.
pub fn plan_run(
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
        let memory_bytes = plan.memory.peak_bytes().next_multiple_of(MIB);
        let larger = PlanSpec {
            memory_bytes,
            ..*spec
        };
        plan = plan_within(context, data, larger)?;
    }
    plan.memory.limit_bytes = spec.memory_bytes;
    Ok(plan)
}

/// The plan of a run under the limit that is given, as far as it fits.
pub(crate) fn plan_within(
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
pub(crate) fn plan_lanes(
    context: &Context<'_>,
    data: &TrainingData,
    spec: &PlanSpec<'_>,
    lanes: usize,
) -> Result<RunPlan> {
    let mut planner = Planner::new(context, data, *spec, lanes);
    planner.always();
    if let Some(online) = spec.incremental.filter(|online| online.one_pass) {
        let scratch_bytes = match spec.model {
            ModelSpec::Logistic(options) => planner.once(options),
            ModelSpec::Gbdt(options) => planner.trees_once(options, online)?,
        };
        if spec.predictions {
            planner.prediction(0);
            planner.predictions();
        }
        return Ok(RunPlan {
            scratch_bytes,
            memory: planner.memory,
            sample_rows: 0,
            resident_bytes: 0,
            stream_rows: planner.stream_rows,
            first_rows: planner.first_rows,
            lanes,
            histogram_budget_bytes: 0,
            notes: planner.notes,
        });
    }
    planner.scan();
    planner.survey();
    planner.prune();
    let (histogram_budget_bytes, learner_scratch) = match spec.model {
        ModelSpec::Gbdt(options) => planner.trees(options)?,
        ModelSpec::Logistic(options) => (0, planner.newton(options)),
    };
    planner.evaluation();
    Ok(RunPlan {
        scratch_bytes: planner.common_scratch_bytes() + learner_scratch,
        memory: planner.memory,
        sample_rows: planner.sample_rows,
        resident_bytes: planner.resident_bytes,
        stream_rows: planner.stream_rows,
        first_rows: 0,
        lanes,
        histogram_budget_bytes,
        notes: planner.notes,
    })
}

/// What a run holds that scans, surveys and prunes, and no more.
pub fn pruning_plan(
    context: &Context<'_>,
    data: &TrainingData,
    pruning: &Pruning,
    limits: &Limits,
    evaluation: &EvaluationSpec,
    memory_bytes: u64,
) -> MemoryPlan {
    let model = ModelSpec::Gbdt(BoosterOptions::default());
    let spec = PlanSpec {
        model: &model,
        evaluation,
        limits,
        verify: false,
        predictions: false,
        prune: Some(pruning),
        incremental: None,
        stream_rows: None,
        held_out_share: 0.0,
        memory_bytes,
    };
    let mut planner = Planner::new(context, data, spec, context.threads);
    planner.always();
    planner.scan();
    planner.survey();
    planner.prune();
    planner.memory
}

pub(crate) struct Planner<'a> {
    pub(crate) data: &'a TrainingData,
    pub(crate) spec: PlanSpec<'a>,
    pub(crate) threads: u64,
    /// Lanes of a pass whose slices one learner takes.
    pub(crate) lanes: u64,
    pub(crate) batches: u64,
    pub(crate) memory: MemoryPlan,
    pub(crate) notes: Vec<String>,
    pub(crate) sample_rows: u64,
    pub(crate) resident_bytes: u64,
    pub(crate) stream_rows: (usize, usize),
    pub(crate) first_rows: usize,
}

impl<'a> Planner<'a> {
    pub(crate) fn new(
        context: &Context<'_>,
        data: &'a TrainingData,
        spec: PlanSpec<'a>,
        lanes: usize,
    ) -> Self {
        Self {
            data,
            spec,
            threads: context.threads as u64,
            lanes: lanes as u64,
            batches: context.channel_batches_max as u64 + 2,
            memory: MemoryPlan::new(spec.memory_bytes),
            notes: Vec::new(),
            sample_rows: 0,
            resident_bytes: 0,
            stream_rows: (0, 0),
            first_rows: 0,
        }
    }

    pub(crate) fn features(&self) -> &[usize] {
        &self.data.roles.features
    }

    pub(crate) fn sample_rows(&self) -> u64 {
        sample::rows_max(self.spec.limits.cut_sample_rows, self.data.dataset.rows())
    }

    pub(crate) fn always(&mut self) {
        self.memory.add(
            ALWAYS,
            "program",
            PROGRAM_BYTES,
            "code, libraries, allocator",
        );
        let threads = 2 * self.threads;
        self.memory.add(
            ALWAYS,
            "threads",
            threads * THREAD_BYTES,
            format!("{threads} stacks"),
        );
        let row_ranges = self.data.row_ranges.capacity() * size_of::<Range<u64>>();
        let ranks = RowSample::heap_bytes_max(self.data.dataset.rows());
        let index = (self.data.dataset.heap_bytes() + row_ranges) as u64 + ranks;
        let files = self.data.dataset.files().len();
        self.memory.add(
            ALWAYS,
            "dataset index",
            index,
            format!("names and sums of {files} files"),
        );
        if self.spec.evaluation.grouped {
            let groups_max = self
                .spec
                .limits
                .groups_in_memory_max
                .min(self.data.dataset.rows() as usize);
            let bytes = GroupTable::heap_bytes_max(self.spec.evaluation.classes, groups_max) as u64;
            self.memory.add(
                ALWAYS,
                "group table",
                bytes,
                format!("{groups_max} groups, more spill to disk"),
            );
        }
    }

    /// Lanes that decode some columns.
    pub(crate) fn decode(&mut self, phase: &str, columns: &[usize]) {
        self.decode_by(self.threads, phase, columns);
    }

    pub(crate) fn decode_by(&mut self, lanes: u64, phase: &str, columns: &[usize]) {
        let estimate = self.data.dataset.decode_estimate(columns);
        self.memory.add(
            phase,
            "decoding",
            lanes * estimate.lane_bytes,
            format!("{lanes} lanes: a footer, one column's pages"),
        );
        let batch_rows = self.row_group_rows_max();
        let batch_rows = batch_rows.min(self.spec.limits.batch_rows_max as u64);
        let batch = batch_rows * 8 + estimate.text_bytes.min(batch_rows * 64);
        self.memory.add(
            phase,
            "batches",
            lanes * self.batches * batch,
            format!("{lanes} x {} batches of {batch_rows} rows", self.batches),
        );
    }

    /// Rows of the largest row group.
    pub(crate) fn row_group_rows_max(&self) -> u64 {
        let rows = self
            .data
            .row_ranges
            .iter()
            .map(|rows| rows.end - rows.start);
        rows.max().unwrap_or(0)
    }

    pub(crate) fn scan(&mut self) {
        let columns = self.data.scan_columns();
        self.decode("scan", &columns);
        let buckets = BucketCounts::new(0, self.spec.evaluation.classes).heap_bytes() as u64;
        let workers = self.threads * (BLOCK_ROWS * (RowsBuffer::ROW_BYTES + 16)) as u64;
        self.memory.add(
            "scan",
            "split assignment",
            (self.threads + 1) * buckets + workers,
            "65,536 buckets by class, a block of rows a thread",
        );
    }

    pub(crate) fn survey(&mut self) {
        let features = self.features().to_vec();
        self.decode("survey", &features);
        let slice = survey::SLICE_ROWS_MAX as u64 * 5;
        self.memory.add(
            "survey",
            "selected rows",
            self.threads * slice,
            "training and sampled rows of a slice",
        );
        let fields = &self.data.schema().fields;
        let is_text = |column: &&usize| fields[**column].value_type == Some(ValueType::Text);
        let texts = features.iter().filter(is_text).count() as u64;
        let moments = features.len() as u64 * 128;
        let categories =
            texts * CategoryCounts::heap_bytes_max(self.spec.limits.categories_tracked_max) as u64;
        let copies = self.threads + 1;
        self.memory.add(
            "survey",
            "statistics",
            copies * (moments + categories),
            format!("{} features, {texts} of them text", features.len()),
        );
        let sample = self.sample_rows() * 12;
        self.memory.add(
            "cut points",
            "sampled values",
            self.threads * sample,
            format!("a feature's {} rows a thread", self.sample_rows()),
        );
    }

    pub(crate) fn prune(&mut self) {
        if let Some(pruning) = self.spec.prune {
            self.decode("correlation", &self.data.roles.features);
            let threads = self.threads as usize;
            let (data, limits) = (self.data, self.spec.limits);
            if pruning.report.is_some() {
                let pairs =
                    crate::pipeline::prune::plan::pairs_bytes(self.features().len(), limits);
                self.memory
                    .add(ALWAYS, "pairs found", pairs, "until they are reported");
            }
            crate::pipeline::prune::plan::add_screen(&mut self.memory, data, limits, threads);
            crate::pipeline::prune::plan::add_sums(
                &mut self.memory,
                "correlation",
                data,
                limits,
                threads,
            );
        }
    }

    pub(crate) fn evaluation(&mut self) {
        let spec = &self.spec;
        let tables = (self.threads + 1) * spec.evaluation.worker_bytes();
        let outputs = spec.outputs();
        let features = self.features().to_vec();
        let is_trees = matches!(spec.model, ModelSpec::Gbdt(_));
        if is_trees {
            let layout = CodeLayout::identity(features.len());
            let blocks = self.threads * code_pass::worker_bytes(&layout, outputs);
            self.memory.add(
                "evaluation",
                "tables",
                tables,
                "65,536 bins a split and class",
            );
            self.memory.add(
                "evaluation",
                "blocks",
                blocks,
                "margins, and codes of held-out rows",
            );
        }
        let (evaluates, writes) = (spec.verify || !is_trees, spec.predictions);
        if evaluates || writes {
            self.prediction(if evaluates { tables } else { 0 });
        }
        if writes {
            self.predictions();
        }
    }

    /// Rows file and sample.
    pub(crate) fn common_scratch_bytes(&self) -> u64 {
        let weight = self.data.roles.weight.map_or(0, |_| rows::WEIGHT_BYTES);
        let rows = BlockFile::disk_bytes(self.data.dataset.rows(), rows::ROW_BYTES + weight);
        let value = |column: &usize| survey::sample_bytes(self.data.schema(), *column);
        let sampled = self.features().iter().map(value).sum();
        rows + BlockFile::disk_bytes(self.sample_rows(), sampled)
    }
}
