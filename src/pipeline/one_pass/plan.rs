//! Memory and scratch of learning from rows that are read once.

use crate::{
    data::CodeLayout,
    error::Result,
    learner::{
        gbdt::{BoosterOptions, Loss},
        logistic::Shape,
    },
    pipeline::{
        evaluate::{code_pass, evaluation::EvaluationSpec},
        fit::{buffer_pool::PARTS_PER_LANE, design_rows::part_bytes},
        incremental::{
            plan::{add_linear_learner, add_tree_batches},
            row_feeder::{part_rows, slice_rows},
        },
        one_pass::{
            first_rows::{DESIGN_ROWS, HELD_A_ROW},
            held_out::{HELD_OUT_ROW_BYTES, held_out_bytes},
            sizes::{SLICE_NAME_BYTES, SLICE_ROW_BYTES},
            source::MESSAGE_SHARE_OF_MEMORY,
        },
        open::plan_builder::PlanBuilder,
        options::IncrementalOptions,
        storage::rows,
    },
    scratch::BlockFile,
    text::size::grouped,
};

/// Bytes of a row when the finished model predicts it: its label, group and split, and its group's name.
pub(crate) const REREAD_ROW_BYTES: usize = SLICE_ROW_BYTES + SLICE_NAME_BYTES;

/// Training rows that fix the bins.
const FIRST_ROWS: u64 = 65_536;

/// The rows that fix bins take at most one part in so many of the memory allowed, but for so many rows.
const FIRST_ROWS_SHARE_OF_MEMORY: u64 = 4;
const FIRST_ROWS_MIN: u64 = 8_192;

/// The rows that trees of a one-pass run may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TreeRows {
    /// Training rows that fix the bins.
    pub(crate) first_rows: usize,
    /// Rows of the reservoir, and those that join it at once.
    pub(crate) stream_rows: (usize, usize),
}

/// Adds the lines of a linear learner. Returns the bytes of scratch: those of the held-out rows.
pub(crate) fn add_linear(
    plan: &mut PlanBuilder<'_>,
    shape: Shape,
    evaluation: &EvaluationSpec,
    held_out_share: f64,
) -> u64 {
    let columns = columns(plan);
    plan.add_learner_decoding("batches", &columns);
    let held = (HELD_A_ROW * DESIGN_ROWS) as u64;
    add_first_rows(plan, "batches", &columns, held, "design");
    add_linear_learner(plan, shape, evaluation);
    let part = part_bytes(shape.columns - 1, part_rows(shape.columns - 1));
    plan.add(
        "batches",
        "rows of the design",
        2 * part,
        "training rows and held-out rows of a part of a slice",
    );
    plan.add(
        "held-out rows",
        "tables",
        2 * evaluation.worker_bytes(),
        "65,536 bins a split and class",
    );
    plan.add(
        "held-out rows",
        "rows of the design",
        2 * part,
        "a part of a slice, as bytes and as numbers",
    );
    plan.add(
        "held-out rows",
        "predictions",
        held_out_bytes(evaluation.classes),
        "probabilities and margins of a part of a slice",
    );
    let row = HELD_OUT_ROW_BYTES + 4 * (shape.columns as u64 - 1);
    (plan.rows() as f64 * held_out_share) as u64 * row
}

/// Adds the lines of trees.
pub(crate) fn add_trees(
    plan: &mut PlanBuilder<'_>,
    options: &BoosterOptions,
    loss: Loss,
    evaluation: &EvaluationSpec,
    stream_rows: Option<(usize, usize)>,
) -> Result<TreeRows> {
    let columns = columns(plan);
    // The first rows are gone when the reservoir has grown.
    plan.add_learner_decoding("first rows", &columns);
    let share = plan.memory_bytes()
        / FIRST_ROWS_SHARE_OF_MEMORY
        / (HELD_A_ROW as u64 * row_bytes(plan, &columns));
    let first_rows = share.clamp(FIRST_ROWS_MIN, FIRST_ROWS);
    let held = HELD_A_ROW as u64 * first_rows;
    add_first_rows(plan, "first rows", &columns, held, "bins");
    plan.add_learner_decoding("batches", &columns);
    add_slices(plan, "batches", &columns);
    plan.add(
        "batches",
        "coders and codes",
        plan.coder_bytes() + 2 * slice_rows(plan.row_bytes(&columns)) as u64,
        "cut points, a byte column of a slice",
    );
    let stream_rows = add_tree_batches(plan, options, loss, evaluation, stream_rows)?;
    let layout = CodeLayout::identity(plan.features().len());
    plan.add(
        "evaluation",
        "tables and blocks",
        (plan.threads + 1) * evaluation.worker_bytes()
            + plan.threads * code_pass::worker_bytes(&layout, loss.outputs()),
        "65,536 bins a split and class, margins and codes",
    );
    Ok(TreeRows {
        first_rows: first_rows as usize,
        stream_rows,
    })
}

/// Bytes of codes and rows on disk, for trees.
///
/// # Errors
/// As [`IncrementalOptions::rows_expected`].
pub(crate) fn trees_scratch_bytes(
    plan: &PlanBuilder<'_>,
    incremental: &IncrementalOptions,
) -> Result<u64> {
    let rows = incremental.rows_expected(plan.data.rows_of_files())?;
    let row = plan.features().len() + rows::ROW_BYTES + rows::WEIGHT_BYTES;
    Ok(BlockFile::disk_bytes(rows, row))
}

/// All columns that are read: the pass is the only one.
fn columns(plan: &PlanBuilder<'_>) -> Vec<usize> {
    let roles = &plan.data.roles;
    let mut columns = roles.features.clone();
    let others = [roles.target, roles.group, roles.split, roles.weight];
    for column in others.into_iter().flatten() {
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    columns
}

/// Bytes of a row that waits until the first rows are complete: its values, label, weight, group and split.
fn row_bytes(plan: &PlanBuilder<'_>, columns: &[usize]) -> u64 {
    (plan.row_bytes(columns) + SLICE_ROW_BYTES) as u64
}

/// The first rows, which wait until they have fixed design or bins, and the slices that bring them.
fn add_first_rows(
    plan: &mut PlanBuilder<'_>,
    phase: &str,
    columns: &[usize],
    rows: u64,
    what: &str,
) {
    plan.add(
        phase,
        "first rows",
        rows * row_bytes(plan, columns),
        format!("{} rows that fix the {what}", grouped(rows)),
    );
    add_slices(plan, phase, columns);
}

fn add_slices(plan: &mut PlanBuilder<'_>, phase: &str, columns: &[usize]) {
    let row_bytes = plan.row_bytes(columns);
    let rows = slice_rows(row_bytes) as u64;
    plan.add(
        phase,
        "slices",
        plan.lanes * PARTS_PER_LANE as u64 * rows * row_bytes as u64,
        format!(
            "{PARTS_PER_LANE} a lane of {}: whole rows of a part of a row group",
            plan.lanes
        ),
    );
    plan.add(
        phase,
        "labels and groups",
        rows * (SLICE_ROW_BYTES + SLICE_NAME_BYTES) as u64,
        "of a slice, each row in a group of its own",
    );
    if plan.data.dataset.files().is_empty() {
        plan.add(
            phase,
            "stream",
            plan.memory_bytes() / MESSAGE_SHARE_OF_MEMORY,
            "a record batch",
        );
    }
}
