//! Memory of pruning: budgets of its passes, and its lines of the plan.

use crate::{
    limits::{BLOCK_ROWS, Limits},
    memory_plan::ALWAYS,
    pipeline::{
        open::plan_builder::PlanBuilder,
        prune::{correlate::slice_rows, options::Pruning},
    },
    stats::sample,
};

/// The share of the memory limit that sums of products may take in all threads together.
const SUMS_SHARE: u64 = 4;

/// The share that slices' values may take in all lanes together.
const SLICES_SHARE: u64 = 2;

/// Bytes of a lane's slice, at the most: a usual row group of a hundred columns.
const SLICE_BYTES_MAX: u64 = 64 << 20;

/// Bytes of a pair of interest.
const PAIR_BYTES: u64 = 40;

/// The memory that the passes of pruning may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PruneBudget {
    /// One step's sums.
    pub sums_bytes: u64,
    /// The screen's sums, of all threads.
    pub screen_bytes: u64,
    /// Values of a slice, a lane.
    pub slice_bytes: u64,
}

/// The budget under a memory limit.
pub(crate) fn budget(memory_bytes: u64, threads: usize) -> PruneBudget {
    let threads = threads as u64;
    PruneBudget {
        // A lane fills a part, another one waits, one is merged into the sums.
        sums_bytes: memory_bytes / SUMS_SHARE / (2 * threads + 2),
        screen_bytes: memory_bytes / SUMS_SHARE,
        slice_bytes: (memory_bytes / SLICES_SHARE / threads).min(SLICE_BYTES_MAX),
    }
}

/// Bytes of the pairs of interest of so many columns, at the most.
pub(crate) fn pairs_bytes(columns: usize, limits: &Limits) -> u64 {
    (columns * columns / 2).min(limits.prune_pairs_max) as u64 * PAIR_BYTES
}

/// Bytes of all sums of so many columns. Six triangles at the most: a mask beside each column.
fn whole_bytes(columns: u64) -> u64 {
    (columns + 1) * (columns + 49) / 2 * 8 * 6 + columns * 24
}

/// Bytes of a panel of so many columns.
fn panel_bytes(columns: u64) -> u64 {
    3 * (columns + 1) * 512 * 8
}

/// Adds the lines of pruning: the screen of suspected columns and the passes over all rows.
pub(crate) fn add_pruning(plan: &mut PlanBuilder<'_>, pruning: &Pruning) {
    plan.add_decoding("correlation", plan.features());
    if pruning.report.is_some() {
        let pairs = pairs_bytes(plan.features().len(), plan.limits);
        plan.add(ALWAYS, "pairs found", pairs, "until they are reported");
    }
    add_screen(plan);
    add_sums(plan, "correlation");
}

/// Adds the lines of sums that are taken in a phase.
pub(crate) fn add_sums(plan: &mut PlanBuilder<'_>, phase: &str) {
    let threads = plan.threads;
    let budget = budget(plan.memory_bytes(), threads as usize);
    let features = plan.features();
    let columns = features.len() as u64;
    let row_bytes = plan.data.dataset.decode_estimate(features).row_bytes;
    let slice_rows = slice_rows(budget.slice_bytes, row_bytes) as u64;
    let slice_rows = slice_rows.min(plan.row_group_rows_max());
    plan.add(
        phase,
        "slices of suspected columns",
        threads * slice_rows * (row_bytes + 9),
        format!("{threads} x {slice_rows} rows of at most {columns} columns"),
    );
    let sums = whole_bytes(columns).min(budget.sums_bytes);
    plan.add(
        phase,
        "co-moments",
        (2 * threads + 2) * sums + threads * panel_bytes(columns),
        "sums of products, a part a lane",
    );
    let pairs_bytes = pairs_bytes(features.len(), plan.limits);
    plan.add(
        phase,
        "pairs found",
        2 * pairs_bytes,
        "of interest; the next ones",
    );
}

/// Adds the lines of the screen.
fn add_screen(plan: &mut PlanBuilder<'_>) {
    let budget = budget(plan.memory_bytes(), plan.threads as usize);
    let columns = plan.features().len();
    let sampled = sample::rows_max(plan.limits.start_sample_rows, plan.rows());
    plan.add(
        "screen",
        "sampled columns",
        plan.threads * 3 * sampled.max(BLOCK_ROWS as u64) * 12,
        "two columns of the sample a thread",
    );
    plan.add(
        "screen",
        "co-moments",
        whole_bytes(columns as u64).min(budget.screen_bytes)
            + plan.threads * panel_bytes(columns as u64)
            + pairs_bytes(columns, plan.limits),
        "sums of products of the sample",
    );
}
