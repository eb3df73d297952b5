//! Memory of the pass that writes the file.

use crate::{
    pipeline::{
        evaluate::{
            prediction_pass::{SLICE_ROWS, slice_rows},
            predictions::{file::row_group_rows, rows::PredictedRows},
        },
        open::plan_builder::PlanBuilder,
    },
    text::size::grouped,
};

/// Bytes of the rows that a slice yields, about.
const PART_BYTES: usize = 8 << 20;

/// Bytes of the Parquet writer: a column's dictionary and its compressed pages.
const WRITER_BYTES: u64 = 4 << 20;

/// Bytes of a row's value in another column, and of its text.
const VALUE_BYTES: usize = 8 + 32;

/// The most rows of a slice whose rows are written.
pub(crate) fn slice_rows_max(outputs: usize) -> usize {
    let rows = PART_BYTES / PredictedRows::row_bytes(outputs);
    rows.clamp(*SLICE_ROWS.start(), *SLICE_ROWS.end())
}

/// Adds the lines of the pass, for a model of so many outputs. `columns` are read beside the features, and
/// `reader_bytes` are a row's in the reader of rows.
pub(crate) fn add_lines(
    plan: &mut PlanBuilder<'_>,
    outputs: usize,
    (columns, reader_bytes): (usize, usize),
) {
    let threads = plan.threads;
    let rows = slice_rows(plan.features().len()).min(slice_rows_max(outputs)) as u64;
    let rows = rows.min(plan.row_group_rows_max());
    let row_bytes = PredictedRows::row_bytes(outputs) as u64;
    let beside = (columns * VALUE_BYTES + reader_bytes) as u64;
    plan.add(
        "prediction",
        "predicted rows",
        // A lane fills a part and another one waits; one is written.
        (2 * threads + 1) * rows * row_bytes + threads * rows * beside,
        format!(
            "2 slices a lane of {} rows, and their groups",
            grouped(rows)
        ),
    );
    let held = row_group_rows(outputs) as u64;
    let encoded = outputs * (size_of::<f32>() + size_of::<f64>()) + size_of::<Option<&str>>() + 4;
    plan.add(
        "prediction",
        "predictions file",
        held * (row_bytes + encoded as u64) + WRITER_BYTES,
        format!("a row group of {} rows, and its encoder", grouped(held)),
    );
}
