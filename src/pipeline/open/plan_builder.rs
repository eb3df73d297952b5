//! The memory plan of a run while its steps add their lines.

use std::ops::Range;

use crate::{
    data::ValueType,
    engine::Context,
    limits::Limits,
    memory_plan::{ALWAYS, MemoryPlan},
    pipeline::{
        open::training_data::TrainingData, session::RunPlan, storage::selection::RowSample,
    },
};

/// Program, libraries, stacks, and what the allocator keeps for reuse: measured, and rounded up.
const PROGRAM_BYTES: u64 = 40 << 20;

/// Stack and channel slots of a thread.
const THREAD_BYTES: u64 = 1 << 20;

/// Bytes of a feature's coder: its padded cut points, or its dictionary.
const CODER_BYTES: u64 = 8 << 10;

/// The plan so far, and what every step's lines depend on: data, threads, bounds.
pub(crate) struct PlanBuilder<'a> {
    pub(crate) data: &'a TrainingData,
    pub(crate) limits: &'a Limits,
    pub(crate) threads: u64,
    /// Lanes of a pass whose slices one learner takes.
    pub(crate) lanes: u64,
    /// Batches that a lane holds at the same time.
    batches: u64,
    pub(crate) memory: MemoryPlan,
    pub(crate) notes: Vec<String>,
}

impl<'a> PlanBuilder<'a> {
    /// An empty plan under a limit.
    pub(crate) fn new(
        context: &Context<'_>,
        data: &'a TrainingData,
        limits: &'a Limits,
        memory_bytes: u64,
        lanes: usize,
    ) -> Self {
        Self {
            data,
            limits,
            threads: context.threads as u64,
            lanes: lanes as u64,
            batches: context.channel_batches_max as u64 + 2,
            memory: MemoryPlan::new(memory_bytes),
            notes: Vec::new(),
        }
    }

    pub(crate) fn features(&self) -> &'a [usize] {
        &self.data.roles.features
    }

    pub(crate) fn text_features(&self) -> u64 {
        let fields = &self.data.schema().fields;
        let is_text = |column: &&usize| fields[**column].value_type == Some(ValueType::Text);
        self.features().iter().filter(is_text).count() as u64
    }

    pub(crate) fn rows(&self) -> u64 {
        self.data.dataset.rows()
    }

    /// Bytes of a decoded row of some columns.
    pub(crate) fn row_bytes(&self, columns: &[usize]) -> usize {
        self.data.dataset.decode_estimate(columns).row_bytes as usize
    }

    /// Bytes of the coders of all features.
    pub(crate) fn coder_bytes(&self) -> u64 {
        self.features().len() as u64 * CODER_BYTES
    }

    /// Rows of the largest row group.
    pub(crate) fn row_group_rows_max(&self) -> u64 {
        let ranges = self.data.row_ranges.iter();
        let rows = ranges.map(|rows| rows.end - rows.start);
        rows.max().unwrap_or(0)
    }

    pub(crate) fn memory_bytes(&self) -> u64 {
        self.memory.limit_bytes
    }

    /// Bytes that a phase leaves over of the memory allowed.
    pub(crate) fn left_over_bytes(&self, phase: &str) -> u64 {
        let used = self.memory.phase_bytes(phase);
        self.memory_bytes().saturating_sub(used)
    }

    /// Adds a line.
    pub(crate) fn add(&mut self, phase: &str, what: &str, bytes: u64, why: impl Into<String>) {
        self.memory.add(phase, what, bytes, why);
    }

    /// Adds the lines of the program and of the opened data.
    pub(crate) fn add_program(&mut self) {
        self.add(
            ALWAYS,
            "program",
            PROGRAM_BYTES,
            "code, libraries, allocator",
        );
        let threads = 2 * self.threads;
        self.add(
            ALWAYS,
            "threads",
            threads * THREAD_BYTES,
            format!("{threads} stacks"),
        );
        let row_ranges = self.data.row_ranges.capacity() * size_of::<Range<u64>>();
        let ranks = RowSample::heap_bytes_max(self.rows());
        let index = (self.data.dataset.heap_bytes() + row_ranges) as u64 + ranks;
        let files = self.data.dataset.files().len();
        self.add(
            ALWAYS,
            "dataset index",
            index,
            format!("names and sums of {files} files"),
        );
    }

    /// Adds the lines of a pass over some columns, with a lane for every thread.
    pub(crate) fn add_decoding(&mut self, phase: &str, columns: &[usize]) {
        self.add_lanes(self.threads, phase, columns);
    }

    /// Adds the lines of a pass over some columns whose slices one learner takes.
    pub(crate) fn add_learner_decoding(&mut self, phase: &str, columns: &[usize]) {
        self.add_lanes(self.lanes, phase, columns);
    }

    fn add_lanes(&mut self, lanes: u64, phase: &str, columns: &[usize]) {
        let estimate = self.data.dataset.decode_estimate(columns);
        self.add(
            phase,
            "decoding",
            lanes * estimate.lane_bytes,
            format!("{lanes} lanes: a footer, one column's pages"),
        );
        let batch_rows = self.row_group_rows_max();
        let batch_rows = batch_rows.min(self.limits.batch_rows_max as u64);
        let batch = batch_rows * 8 + estimate.text_bytes.min(batch_rows * 64);
        self.add(
            phase,
            "batches",
            lanes * self.batches * batch,
            format!("{lanes} x {} batches of {batch_rows} rows", self.batches),
        );
    }

    /// The plan of a run that gives trees no share of memory.
    pub(crate) fn finish(self, scratch_bytes: u64) -> RunPlan {
        RunPlan {
            memory: self.memory,
            histogram_budget_bytes: 0,
            resident_bytes: 0,
            stream_rows: (0, 0),
            first_rows: 0,
            lanes: self.lanes as usize,
            sample_rows: 0,
            scratch_bytes,
            notes: self.notes,
        }
    }
}
