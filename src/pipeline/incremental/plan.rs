//! Memory of learning by batches: of rows of the design, and of codes.

use crate::{
    data::CodeLayout,
    error::Result,
    learner::{
        gbdt::{
            BoosterOptions, Loss,
            stream::{
                RESERVOIR_ROWS_DEFAULT, STREAM_BATCH_ROWS_DEFAULT, STREAM_BLOCK_ROWS,
                StreamOptions, stream_bytes,
            },
        },
        incremental::online_histogram_bytes,
        logistic::Shape,
    },
    pipeline::{
        evaluate::evaluation::{EvaluationSpec, Table},
        fit::{buffer_pool::PARTS_PER_LANE, design_rows::part_bytes, linear_plan::add_slices},
        incremental::row_feeder::{batch_part_bytes, slice_rows},
        open::plan_builder::PlanBuilder,
        storage::rows::RowsBuffer,
    },
    text::size::grouped,
};

/// Bytes of a node of a tree that learns from batches: as it grew, compiled, its sums, and as bytes.
const TREE_NODE_BYTES: u64 = 96 + 64 + 2 * 96;

/// The least rows of a reservoir of trees that grow from batches.
const RESERVOIR_ROWS_MIN: usize = 16_384;

/// Adds the lines of a linear learner that learns by batches.
pub(crate) fn add_row_batches(
    plan: &mut PlanBuilder<'_>,
    shape: Shape,
    evaluation: &EvaluationSpec,
) {
    let features = plan.features();
    plan.add_learner_decoding("batches", features);
    let rows = slice_rows(plan.row_bytes(features));
    add_slices(plan, plan.lanes, "batches", rows as u64);
    plan.add(
        "batches",
        "rows of the design",
        plan.lanes * PARTS_PER_LANE as u64 * part_bytes(shape.columns - 1, rows),
        format!("{PARTS_PER_LANE} slices a lane"),
    );
    add_linear_learner(plan, shape, evaluation);
}

/// Adds the lines of a linear learner, and of the part of a batch that it learns.
pub(crate) fn add_linear_learner(
    plan: &mut PlanBuilder<'_>,
    shape: Shape,
    evaluation: &EvaluationSpec,
) {
    let classes = evaluation.classes;
    let part = batch_part_bytes(shape.columns - 1, classes);
    let table = Table::bytes(evaluation.task, classes);
    plan.add(
        "batches",
        "part of a batch",
        part + table,
        "its design and its predictions",
    );
    let triangles = (shape.parameters() as u64).pow(2) / 2 * 8 * 4;
    plan.add(
        "batches",
        "learner",
        triangles + part_bytes(shape.columns, 512) + 20 * shape.parameters() as u64 * 8,
        format!("state and file of {} parameters", shape.parameters()),
    );
}

/// Adds the lines of trees from batches of codes. Returns the rows of the reservoir, which takes what is left
/// over of the memory allowed, and those that join it at once; both are given where a learner goes on.
pub(crate) fn add_tree_batches(
    plan: &mut PlanBuilder<'_>,
    options: &BoosterOptions,
    loss: Loss,
    evaluation: &EvaluationSpec,
    stream_rows: Option<(usize, usize)>,
) -> Result<(usize, usize)> {
    let layout = CodeLayout::identity(plan.features().len());
    let (columns, outputs) = (layout.len(), loss.outputs());
    let block = STREAM_BLOCK_ROWS * (columns + RowsBuffer::ROW_BYTES + 4 * outputs + 5);
    plan.add(
        "batches",
        "block",
        block as u64,
        "codes and margins of 8,192 rows",
    );
    let table = Table::bytes(evaluation.task, evaluation.classes);
    plan.add("batches", "table", table, "predictions of a batch");
    let (rounds, leaves) = (options.n_estimators, options.num_leaves);
    let nodes = u64::from(rounds) * outputs as u64 * u64::from(leaves) * 2;
    plan.add(
        "batches",
        "trees",
        nodes * TREE_NODE_BYTES,
        format!("{rounds} rounds of {leaves} leaves"),
    );
    let histograms = online_histogram_bytes(options, loss, &layout)?;
    plan.add(
        "batches",
        "histograms",
        histograms,
        "of the tree that grows",
    );
    Ok(add_reservoir(plan, columns, outputs, stream_rows))
}

/// The reservoir is worth more than the rows that join it at once: these are a fifth of all as long as it
/// is not whole.
fn add_reservoir(
    plan: &mut PlanBuilder<'_>,
    columns: usize,
    outputs: usize,
    stream_rows: Option<(usize, usize)>,
) -> (usize, usize) {
    let bytes_of = |rows: usize| {
        let stream = StreamOptions {
            rows_expected: 1,
            reservoir_rows: rows,
            batch_rows: 0,
            spent: (0, 0),
        };
        stream_bytes(&stream, columns, outputs)
    };
    let of_row = bytes_of(1) - bytes_of(0);
    // The learner's file is made in memory, twice.
    let of_file = 2 * (columns as u64 + 28 + 4 * outputs as u64);
    let left = plan.left_over_bytes("batches").saturating_sub(bytes_of(0));
    let rows = |bytes: u64, of_row: u64| usize::try_from(bytes / of_row).unwrap_or(usize::MAX);
    let both = rows(4 * left, 5 * of_row + 4 * of_file);
    let reservoir_rows = both.clamp(RESERVOIR_ROWS_MIN, RESERVOIR_ROWS_DEFAULT);
    let of_reservoir = reservoir_rows as u64 * (of_row + of_file);
    let batch_rows = rows(left.saturating_sub(of_reservoir), of_row)
        .clamp(RESERVOIR_ROWS_MIN / 4, STREAM_BATCH_ROWS_DEFAULT);
    let (reservoir_rows, batch_rows) = stream_rows.unwrap_or((reservoir_rows, batch_rows));
    plan.add(
        "batches",
        "reservoir",
        bytes_of(reservoir_rows + batch_rows),
        format!(
            "{} rows, and {} of a batch",
            grouped(reservoir_rows as u64),
            grouped(batch_rows as u64)
        ),
    );
    plan.add(
        "batches",
        "the learner's file",
        reservoir_rows as u64 * of_file,
        "the reservoir as bytes, twice",
    );
    (reservoir_rows, batch_rows)
}
