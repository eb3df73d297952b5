//! Memory and scratch of trees that grow from codes.

use crate::{
    data::CodeLayout,
    error::Result,
    learner::gbdt::{
        self, BoosterOptions, BoosterPlan, Loss,
        sample::{SAMPLE_ROWS_DEFAULT, sample_bytes, sample_worker_bytes},
    },
    limits::BLOCK_ROWS,
    pipeline::{
        open::plan_builder::PlanBuilder,
        storage::{block_memory::block_memory_bytes, state},
    },
    scratch::BlockFile,
    text::size::grouped,
};

/// Kept from the histograms' budget for each thread that grows trees, at the least.
const TREE_THREAD_BYTES: u64 = 8 << 20;

/// A sample takes at most one part in so many of the memory allowed, unless its rows are given.
const SAMPLE_SHARE_OF_MEMORY: u64 = 4;

/// Blocks that stay in memory take at most one part in so many of the memory allowed.
const RESIDENT_SHARE_OF_MEMORY: u64 = 8;

/// Bytes of a node of a tree.
const NODE_BYTES: u64 = 96;

/// The shares of memory that growing trees may use.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TreesPlan {
    pub(crate) histogram_budget_bytes: u64,
    /// Rows of a sample that fit in memory.
    pub(crate) sample_rows: u64,
    pub(crate) resident_bytes: u64,
}

/// Adds the lines of growing trees.
///
/// # Errors
/// When the booster cannot be planned within any budget.
pub(crate) fn add_trees(
    plan: &mut PlanBuilder<'_>,
    options: &BoosterOptions,
    loss: Loss,
) -> Result<TreesPlan> {
    let layout = CodeLayout::identity(plan.features().len());
    let outputs = loss.outputs();
    plan.add(
        "trees",
        "blocks",
        plan.threads * block_memory_bytes(&layout, outputs),
        format!(
            "{} x 65,536 rows of {} features",
            plan.threads,
            layout.len()
        ),
    );
    add_ensemble(plan, options, outputs);
    let share = plan.memory_bytes() / SAMPLE_SHARE_OF_MEMORY;
    let sample_rows =
        gbdt::sample::rows_that_fit(share, layout.len(), outputs).min(SAMPLE_ROWS_DEFAULT);
    let sampled_rows = options.sampling.rows_max(plan.rows(), sample_rows);
    if sampled_rows > 0 {
        add_sample(plan, sampled_rows, layout.len(), outputs);
    }
    let histogram_budget_bytes = add_histograms(plan, options, loss, &layout)?;
    let resident_bytes = match sampled_rows {
        0 => add_resident_blocks(plan, &layout, outputs),
        _ => 0,
    };
    Ok(TreesPlan {
        histogram_budget_bytes,
        sample_rows,
        resident_bytes,
    })
}

/// Bytes of the state of all rows on disk.
pub(crate) fn scratch_bytes(plan: &PlanBuilder<'_>, outputs: usize) -> u64 {
    BlockFile::disk_bytes(plan.rows(), outputs * state::ROW_OUTPUT_BYTES)
}

fn add_ensemble(plan: &mut PlanBuilder<'_>, options: &BoosterOptions, outputs: usize) {
    let (rounds, leaves) = (options.n_estimators, options.num_leaves);
    let trees = u64::from(rounds) * outputs as u64 * u64::from(leaves) * 2 * NODE_BYTES;
    plan.add(
        "trees",
        "trees",
        trees,
        format!("{rounds} rounds of {leaves} leaves"),
    );
    plan.add(
        "trees",
        "checkpoint",
        trees,
        "the trees as bytes, and the file's",
    );
}

/// A sample of rows in memory, where trees grow from one.
fn add_sample(plan: &mut PlanBuilder<'_>, rows: u64, columns: usize, outputs: usize) {
    plan.add(
        "trees",
        "sample",
        sample_bytes(rows, columns, outputs),
        format!(
            "{} rows and candidates: codes, margins, lists",
            grouped(rows)
        ),
    );
    plan.add(
        "trees",
        "candidates",
        plan.threads * sample_worker_bytes(columns, outputs),
        "rows on their way to the sample, lists of a block a thread",
    );
}

/// Histograms in what is left over of the memory allowed. Returns their budget.
fn add_histograms(
    plan: &mut PlanBuilder<'_>,
    options: &BoosterOptions,
    loss: Loss,
    layout: &CodeLayout,
) -> Result<u64> {
    let worker = BoosterPlan::bytes_of_worker(options, loss).max(TREE_THREAD_BYTES);
    // Where even the smallest histograms do not fit they are planned all the same: the sum of
    // the lines is then above the limit, and the refusal names the figure that would do.
    let budget = plan
        .left_over_bytes("trees")
        .saturating_sub(plan.threads * worker)
        .max(BoosterPlan::budget_bytes_min(options, loss));
    let booster = BoosterPlan::new(options, loss, layout, plan.threads as usize, budget)?;
    plan.add(
        "trees",
        "histograms",
        booster.histogram_bytes,
        format!("{} tile(s) a level", booster.tiles),
    );
    plan.add(
        "trees",
        "row lists",
        booster.worker_bytes,
        "rows of a block by node, gradients of a chunk",
    );
    plan.notes.extend(booster.notes);
    Ok(budget)
}

/// Blocks that stay in memory, in what is left over of the memory allowed. Only where every tree
/// takes several passes: with one pass a tree they were measured to gain nothing.
fn add_resident_blocks(plan: &mut PlanBuilder<'_>, layout: &CodeLayout, outputs: usize) -> u64 {
    let share = plan.memory_bytes() / RESIDENT_SHARE_OF_MEMORY;
    let blocks = plan.rows().div_ceil(BLOCK_ROWS as u64);
    let whole = blocks * block_memory_bytes(layout, outputs);
    let resident_bytes = plan.left_over_bytes("trees").min(share).min(whole);
    plan.add(
        "trees",
        "resident blocks",
        resident_bytes,
        format!("the first of {blocks} blocks, read once"),
    );
    resident_bytes
}
