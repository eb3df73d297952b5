//! What a run will hold in memory and write to scratch, computed before any work.

use std::ops::Range;

use crate::{
    data::{CodeLayout, ValueType},
    engine::Context,
    error::Result,
    group::{buckets::BucketCounts, table::GroupTable},
    learner::{
        ModelSpec,
        gbdt::{self, BoosterOptions, BoosterPlan, Loss, sample::SAMPLE_ROWS_DEFAULT},
        logistic::{Logistic, LogisticOptions, Shape, Solver},
    },
    limits::{ALWAYS, BLOCK_ROWS, Limits, MemoryPlan, grouped},
    scratch::{BlockFile, CHECKED_BYTES},
    stats::{CategoryCounts, sample},
    train::{
        binning, boost,
        design_rows::{PARTS_PER_LANE, part_bytes},
        evaluate::{EvaluationSpec, Table},
        job::Job,
        known::Known,
        newton,
        online::{MESSAGE_SHARE_OF_MEMORY, OnlineOptions, batch_bytes, slice_rows},
        predict,
        rows::{self, RowsBuffer},
        scores,
        selection::RowSample,
        state, survey,
    },
};

/// Program, libraries, stacks, and what the allocator keeps for reuse: measured, and rounded up.
const PROGRAM_BYTES: u64 = 40 << 20;

/// Stack and channel slots of a thread.
const THREAD_BYTES: u64 = 1 << 20;

/// Kept from the histograms' budget for each thread that grows trees, at the least.
const TREE_THREAD_BYTES: u64 = 8 << 20;

/// A sample takes at most one part in so many of the memory allowed, unless its rows are given.
const SAMPLE_SHARE_OF_MEMORY: u64 = 4;

/// Rows that fix the design where rows are read once, with those that are held out beside them.
const FIRST_ROWS: u64 = 65_536;

/// Bytes of a feature's coder: its padded cut points, or its dictionary.
const CODER_BYTES: u64 = 8 << 10;

/// The plan of a run.
#[derive(Debug, Clone)]
pub struct RunPlan {
    /// Memory by phase.
    pub memory: MemoryPlan,
    /// Bytes that histograms may take.
    pub histogram_budget_bytes: u64,
    /// Rows of a sample that there is room for, where trees grow from samples.
    pub sample_rows: u64,
    /// Bytes of all scratch files at the most.
    pub scratch_bytes: u64,
    /// What to tell a person.
    pub notes: Vec<String>,
}

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
    /// Batches, where the run learns by them.
    pub online: Option<&'a OnlineOptions>,
    /// The memory limit.
    pub memory_bytes: u64,
}

impl PlanSpec<'_> {
    fn loss(&self) -> Loss {
        let evaluation = self.evaluation;
        boost::loss_of(
            evaluation.task,
            evaluation.classes,
            self.model.regression_loss(),
        )
    }

    fn outputs(&self) -> usize {
        self.loss().outputs()
    }
}

/// Plans a run. The plan may exceed the limit; [`MemoryPlan::check`] refuses it then.
///
/// # Errors
/// When the booster cannot be planned within any budget.
pub fn plan_run(context: &Context<'_>, job: &Job, spec: &PlanSpec<'_>) -> Result<RunPlan> {
    let mut planner = Planner {
        job,
        spec: *spec,
        threads: context.threads as u64,
        batches: context.channel_batches_max as u64 + 2,
        memory: MemoryPlan::new(spec.memory_bytes),
        notes: Vec::new(),
        sample_rows: 0,
    };
    planner.always();
    if let (ModelSpec::Logistic(options), Some(online)) = (spec.model, spec.online)
        && online.one_pass
    {
        planner.once(options, online);
        return Ok(RunPlan {
            scratch_bytes: planner.held_out_bytes(),
            memory: planner.memory,
            sample_rows: 0,
            histogram_budget_bytes: 0,
            notes: planner.notes,
        });
    }
    planner.scan();
    planner.survey();
    let (histogram_budget_bytes, learner_scratch) = match spec.model {
        ModelSpec::Gbdt(options) => planner.trees(options)?,
        ModelSpec::Logistic(options) => (0, planner.newton(options)),
    };
    planner.evaluation();
    Ok(RunPlan {
        scratch_bytes: planner.common_scratch_bytes() + learner_scratch,
        memory: planner.memory,
        sample_rows: planner.sample_rows,
        histogram_budget_bytes,
        notes: planner.notes,
    })
}

struct Planner<'a> {
    job: &'a Job,
    spec: PlanSpec<'a>,
    threads: u64,
    batches: u64,
    memory: MemoryPlan,
    notes: Vec<String>,
    sample_rows: u64,
}

impl Planner<'_> {
    fn features(&self) -> &[usize] {
        &self.job.roles.features
    }

    fn sample_rows(&self) -> u64 {
        sample::rows_max(self.spec.limits.cut_sample_rows, self.job.dataset.rows())
    }

    fn always(&mut self) {
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
        let row_ranges = self.job.row_ranges.capacity() * size_of::<Range<u64>>();
        let ranks = RowSample::heap_bytes_max(self.job.dataset.rows());
        let index = (self.job.dataset.heap_bytes() + row_ranges) as u64 + ranks;
        let files = self.job.dataset.files().len();
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
                .min(self.job.dataset.rows() as usize);
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
    fn decode(&mut self, phase: &str, columns: &[usize]) {
        let estimate = self.job.dataset.decode_estimate(columns);
        let lanes = self.threads;
        self.memory.add(
            phase,
            "decoding",
            lanes * estimate.lane_bytes,
            format!("{lanes} lanes: a footer, one column's pages"),
        );
        let rows_max = self
            .job
            .row_ranges
            .iter()
            .map(|rows| rows.end - rows.start)
            .max()
            .unwrap_or(0);
        let batch_rows = rows_max.min(self.spec.limits.batch_rows_max as u64);
        let batch = batch_rows * 8 + estimate.text_bytes.min(batch_rows * 64);
        self.memory.add(
            phase,
            "batches",
            lanes * self.batches * batch,
            format!("{lanes} x {} batches of {batch_rows} rows", self.batches),
        );
    }

    fn scan(&mut self) {
        let columns = self.job.scan_columns();
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

    fn survey(&mut self) {
        let features = self.features().to_vec();
        self.decode("survey", &features);
        let slice = survey::SLICE_ROWS_MAX as u64 * 5;
        self.memory.add(
            "survey",
            "selected rows",
            self.threads * slice,
            "training and sampled rows of a slice",
        );
        let fields = &self.job.schema().fields;
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

    fn trees(&mut self, options: &BoosterOptions) -> Result<(u64, u64)> {
        let features = self.features().to_vec();
        self.decode("binning", &features);
        let coders = self.threads * features.len() as u64 * CODER_BYTES;
        let bytes = self.threads * 2 * binning::SLICE_ROWS_MAX as u64;
        self.memory.add(
            "binning",
            "coders and codes",
            coders + bytes,
            "cut points, a byte column of a slice",
        );
        self.seal(&features);
        let layout = CodeLayout::identity(features.len());
        let outputs = self.spec.outputs();
        let blocks = self.threads * boost::lent_bytes(&layout, outputs);
        self.memory.add(
            "trees",
            "blocks",
            blocks,
            format!(
                "{} x 65,536 rows of {} features",
                self.threads,
                features.len()
            ),
        );
        let trees =
            u64::from(options.trees) * outputs as u64 * u64::from(options.leaves_max) * 2 * 96;
        self.memory.add(
            "trees",
            "trees",
            trees,
            format!("{} rounds of {} leaves", options.trees, options.leaves_max),
        );
        self.memory.add(
            "trees",
            "checkpoint",
            trees,
            "the trees as bytes, and the file's",
        );
        self.sample(options, &layout);
        let used = self.memory.phase_bytes("trees");
        let loss = self.spec.loss();
        let worker = BoosterPlan::bytes_of_worker(options, loss).max(TREE_THREAD_BYTES);
        // Where even the smallest histograms do not fit they are planned all the same: the sum of
        // the lines is then above the limit, and the refusal names the figure that would do.
        let budget = self
            .spec
            .memory_bytes
            .saturating_sub(used + self.threads * worker)
            .max(BoosterPlan::budget_bytes_min(options, loss));
        let plan = BoosterPlan::new(options, loss, &layout, self.threads as usize, budget)?;
        self.memory.add(
            "trees",
            "histograms",
            plan.histogram_bytes,
            format!("{} tile(s) a level", plan.tiles),
        );
        self.memory.add(
            "trees",
            "row lists",
            plan.worker_bytes,
            "rows of a block by node, gradients of a chunk",
        );
        self.notes.extend(plan.notes);
        let rows = self.job.dataset.rows();
        let codes = BlockFile::disk_bytes(rows, features.len());
        let state = BlockFile::disk_bytes(rows, outputs * state::ROW_OUTPUT_BYTES);
        Ok((budget, codes + state))
    }

    /// A sample of rows in memory, where trees grow from one.
    fn sample(&mut self, options: &BoosterOptions, layout: &CodeLayout) {
        let (columns, outputs) = (layout.len(), self.spec.outputs());
        let share = self.spec.memory_bytes / SAMPLE_SHARE_OF_MEMORY;
        let planned = gbdt::sample::rows_that_fit(share, columns, outputs);
        self.sample_rows = planned.min(SAMPLE_ROWS_DEFAULT);
        let rows = self.job.dataset.rows();
        let sample_rows = options.sampling.rows_max(rows, self.sample_rows);
        if sample_rows == 0 {
            return;
        }
        self.memory.add(
            "trees",
            "sample",
            gbdt::sample::sample_bytes(sample_rows, columns, outputs),
            format!(
                "{} rows and candidates: codes, margins, lists",
                grouped(sample_rows)
            ),
        );
        self.memory.add(
            "trees",
            "candidates",
            self.threads * gbdt::sample::sample_worker_bytes(columns, outputs),
            "rows on their way to the sample, lists of a block a thread",
        );
    }

    /// What the passes found, as bytes and as a file's bytes, for other runs.
    fn seal(&mut self, features: &[usize]) {
        let fields = &self.job.schema().fields;
        let is_text = |column: &&usize| fields[**column].value_type == Some(ValueType::Text);
        let texts = features.iter().filter(is_text).count() as u64;
        let categories = CategoryCounts::heap_bytes_max(self.spec.limits.categories_tracked_max);
        let found = Known::bytes_max(features.len()) + texts * categories as u64;
        self.memory.add(
            "seal",
            "what was found",
            2 * found,
            "statistics and cut points as bytes, and the file's",
        );
        self.memory.add(
            "seal",
            "checksums",
            self.threads * CHECKED_BYTES as u64,
            "a piece of a block a thread",
        );
    }

    /// The parameters of a linear model, at most.
    fn shape(&self, features: &[usize], options: &LogisticOptions) -> Shape {
        let fields = &self.job.schema().fields;
        let width = |column: &usize| match fields[*column].value_type {
            Some(ValueType::Text) => options.categories_max as usize,
            _ => 1,
        } + usize::from(options.missing_indicator);
        Shape {
            columns: features.iter().map(width).sum::<usize>() + 1,
            outputs: self.spec.outputs(),
        }
    }

    fn newton(&mut self, options: &LogisticOptions) -> u64 {
        let features = self.features().to_vec();
        let shape = self.shape(&features, options);
        if let Some(online) = self.spec.online {
            self.batches(&features, shape, online);
            if options.solver == Solver::Sgd || online.init_model.is_some() {
                return 0;
            }
        }
        if options.solver == Solver::Sgd {
            self.sgd(&features, shape);
            return 0;
        }
        let start = newton::start_rows(shape.columns, self.spec.limits.start_sample_rows);
        let start_bytes =
            Logistic::sample_bytes(shape, start) + (start * features.len() * 8) as u64;
        self.memory.add(
            "start",
            "sampled design",
            start_bytes,
            format!("{start} rows, {} columns", shape.columns),
        );
        self.memory.add(
            "start",
            "solver",
            Logistic::bytes(shape),
            "Hessian and its factors",
        );
        self.decode("newton", &features);
        let row_bytes = self.job.dataset.decode_estimate(&features).row_bytes as usize;
        let slice =
            (newton::slice_rows(row_bytes) * (row_bytes + RowsBuffer::ROW_BYTES + 4)) as u64;
        self.memory.add(
            "newton",
            "slices",
            self.threads * slice,
            "whole rows of a part of a row group",
        );
        self.memory.add(
            "newton",
            "sums",
            self.threads * Logistic::lane_bytes(shape) + Logistic::bytes(shape),
            format!("gradient and Hessian of {} parameters", shape.parameters()),
        );
        0
    }

    /// Learning from rows that are read once.
    fn once(&mut self, options: &LogisticOptions, online: &OnlineOptions) {
        let features = self.features().to_vec();
        let shape = self.shape(&features, options);
        self.batches(&features, shape, online);
        let row_bytes = features.len() as u64 * 8;
        let held = slice_rows(row_bytes as usize) as u64 * 2 + FIRST_ROWS;
        self.memory.add(
            "batches",
            "first rows",
            held * row_bytes,
            format!("{} rows that fix the design", grouped(FIRST_ROWS)),
        );
        if self.job.dataset.files().is_empty() {
            self.memory.add(
                "batches",
                "stream",
                self.spec.memory_bytes / MESSAGE_SHARE_OF_MEMORY,
                "a record batch",
            );
        }
        self.memory.add(
            "batches",
            "held-out rows",
            2 * self.spec.evaluation.worker_bytes()
                + 2 * slice_rows(row_bytes as usize) as u64 * row_bytes,
            "tables, and a slice of the file",
        );
    }

    /// The held-out rows of a run that reads once, as far as their number is known.
    fn held_out_bytes(&self) -> u64 {
        let row = 13 + 4 * self.features().len() as u64;
        self.job.dataset.rows() * row / 2
    }

    /// Learning by batches.
    fn batches(&mut self, features: &[usize], shape: Shape, online: &OnlineOptions) {
        self.decode("batches", features);
        let row_bytes = self.job.dataset.decode_estimate(features).row_bytes as usize;
        let rows = slice_rows(row_bytes);
        self.memory.add(
            "batches",
            "slices",
            self.threads * (rows * (row_bytes + RowsBuffer::ROW_BYTES + 4)) as u64,
            "whole rows of a part of a row group",
        );
        self.memory.add(
            "batches",
            "rows of the design",
            self.threads * PARTS_PER_LANE * part_bytes(shape.columns - 1, rows),
            format!("{PARTS_PER_LANE} slices a lane"),
        );
        let classes = self.spec.evaluation.classes;
        self.memory.add(
            "batches",
            "batch",
            batch_bytes(shape.columns - 1, classes, online.batch_rows)
                + Table::bytes(self.spec.evaluation.task, classes),
            format!(
                "{} rows and their predictions",
                grouped(online.batch_rows as u64)
            ),
        );
        let triangles = (shape.parameters() as u64).pow(2) / 2 * 8 * 4;
        self.memory.add(
            "batches",
            "learner",
            triangles + part_bytes(shape.columns, 512) + 16 * shape.parameters() as u64 * 8,
            format!("state and file of {} parameters", shape.parameters()),
        );
    }

    fn sgd(&mut self, features: &[usize], shape: Shape) {
        self.decode("sgd", features);
        let row_bytes = self.job.dataset.decode_estimate(features).row_bytes as usize;
        let rows = newton::slice_rows(row_bytes);
        self.memory.add(
            "sgd",
            "slices",
            self.threads * (rows * (row_bytes + RowsBuffer::ROW_BYTES + 4)) as u64,
            "whole rows of a part of a row group",
        );
        self.memory.add(
            "sgd",
            "standardised rows",
            self.threads * PARTS_PER_LANE * part_bytes(shape.columns - 1, rows),
            format!("{} slices a lane", PARTS_PER_LANE),
        );
        self.memory.add(
            "sgd",
            "solver",
            part_bytes(shape.columns, 64) + 8 * shape.parameters() as u64 * 8,
            format!("vectors of {} parameters", shape.parameters()),
        );
    }

    fn evaluation(&mut self) {
        let spec = &self.spec;
        let tables = (self.threads + 1) * spec.evaluation.worker_bytes();
        let outputs = spec.outputs();
        let features = self.features().to_vec();
        let lane =
            predict::lane_bytes(features.len(), outputs) + features.len() as u64 * CODER_BYTES;
        let is_trees = matches!(spec.model, ModelSpec::Gbdt(_));
        if is_trees {
            let layout = CodeLayout::identity(features.len());
            let blocks = self.threads * scores::worker_bytes(&layout, outputs);
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
        if spec.verify || !is_trees {
            self.decode("prediction", &features);
            self.memory.add(
                "prediction",
                "tables",
                tables,
                "65,536 bins a split and class",
            );
            self.memory.add(
                "prediction",
                "slices",
                self.threads * lane,
                "codes of a part of a row group",
            );
        }
    }

    /// Rows file and sample.
    fn common_scratch_bytes(&self) -> u64 {
        let weight = self.job.roles.weight.map_or(0, |_| rows::WEIGHT_BYTES);
        let rows = BlockFile::disk_bytes(self.job.dataset.rows(), rows::ROW_BYTES + weight);
        let value = |column: &usize| survey::sample_bytes(self.job.schema(), *column);
        let sampled = self.features().iter().map(value).sum();
        rows + BlockFile::disk_bytes(self.sample_rows(), sampled)
    }
}
