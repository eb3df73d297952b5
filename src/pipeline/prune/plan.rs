//! What pruning holds in memory.

use crate::{
    limits::{BLOCK_ROWS, Limits},
    memory_plan::MemoryPlan,
    pipeline::open::training_data::TrainingData,
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

/// What the passes of pruning may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PruneBudget {
    /// One step's sums.
    pub sums_bytes: u64,
    /// The screen's sums, of all threads.
    pub screen_bytes: u64,
    /// Values of a slice, a lane.
    pub slice_bytes: u64,
}

/// The budget under a memory limit.
pub fn budget(memory_bytes: u64, threads: usize) -> PruneBudget {
    let threads = threads as u64;
    PruneBudget {
        // A lane fills a part, another one waits, one is merged into the sums.
        sums_bytes: memory_bytes / SUMS_SHARE / (2 * threads + 2),
        screen_bytes: memory_bytes / SUMS_SHARE,
        slice_bytes: (memory_bytes / SLICES_SHARE / threads).min(SLICE_BYTES_MAX),
    }
}

/// Bytes of the pairs of interest of so many columns, at the most.
pub fn pairs_bytes(columns: usize, limits: &Limits) -> u64 {
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

/// Adds the lines of sums that are taken in a phase.
pub fn add_sums(
    memory: &mut MemoryPlan,
    phase: &str,
    data: &TrainingData,
    limits: &Limits,
    threads: usize,
) {
    let threads_in_all = threads as u64;
    let budget = budget(memory.limit_bytes, threads);
    let columns = data.roles.features.len() as u64;
    let row_bytes = data.dataset.decode_estimate(&data.roles.features).row_bytes;
    let rows_max = data.row_ranges.iter().map(|rows| rows.end - rows.start);
    let slice_rows =
        crate::pipeline::prune::correlate::slice_rows(budget.slice_bytes, row_bytes) as u64;
    let slice_rows = slice_rows.min(rows_max.max().unwrap_or(0));
    memory.add(
        phase,
        "slices of suspected columns",
        threads_in_all * slice_rows * (row_bytes + 9),
        format!("{threads} x {slice_rows} rows of at most {columns} columns"),
    );
    let sums = whole_bytes(columns).min(budget.sums_bytes);
    memory.add(
        phase,
        "co-moments",
        (2 * threads_in_all + 2) * sums + threads_in_all * panel_bytes(columns),
        "sums of products, a part a lane",
    );
    let pairs_bytes = pairs_bytes(columns as usize, limits);
    memory.add(
        phase,
        "pairs found",
        2 * pairs_bytes,
        "of interest; the next ones",
    );
}

/// Adds the lines of the screen.
pub fn add_screen(memory: &mut MemoryPlan, data: &TrainingData, limits: &Limits, threads: usize) {
    let threads_in_all = threads as u64;
    let budget = budget(memory.limit_bytes, threads);
    let columns = data.roles.features.len();
    let sampled = sample::rows_max(limits.start_sample_rows, data.dataset.rows());
    memory.add(
        "screen",
        "sampled columns",
        threads_in_all * 3 * sampled.max(BLOCK_ROWS as u64) * 12,
        "two columns of the sample a thread",
    );
    memory.add(
        "screen",
        "co-moments",
        whole_bytes(columns as u64).min(budget.screen_bytes)
            + threads_in_all * panel_bytes(columns as u64)
            + pairs_bytes(columns, limits),
        "sums of products of the sample",
    );
}
