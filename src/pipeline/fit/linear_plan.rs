//! Memory of Newton's passes and of gradient descent.

use crate::{
    data::ValueType,
    learner::logistic::{Logistic, LogisticOptions, Shape},
    pipeline::{
        fit::{
            buffer_pool::PARTS_PER_LANE,
            design_rows::part_bytes,
            newton,
            newton_start::{read_bytes, start_rows},
            slice::TrainingSlice,
        },
        open::plan_builder::PlanBuilder,
    },
    text::size::grouped,
};

/// The parameters of a linear model, at most.
pub(crate) fn shape(plan: &PlanBuilder<'_>, options: &LogisticOptions, outputs: usize) -> Shape {
    let fields = &plan.data.schema().fields;
    let width = |column: &usize| match fields[*column].value_type {
        Some(ValueType::Text) => options.max_categories as usize,
        _ => 1,
    } + usize::from(options.missing_indicator);
    Shape {
        columns: plan.features().iter().map(width).sum::<usize>() + 1,
        outputs,
    }
}

/// Adds the lines of the start on sampled rows and of Newton's passes.
pub(crate) fn add_newton(plan: &mut PlanBuilder<'_>, shape: Shape) {
    let features = plan.features();
    let start = start_rows(shape.columns, plan.limits.start_sample_rows);
    let start_bytes =
        Logistic::sample_bytes(shape, start) + read_bytes(features.len(), start, plan.threads);
    plan.add(
        "start",
        "sampled design",
        start_bytes,
        format!("{start} rows, {} columns", shape.columns),
    );
    plan.add(
        "start",
        "solver",
        Logistic::bytes(shape),
        "Hessian and its factors",
    );
    plan.add_decoding("newton", features);
    let row_bytes = plan.row_bytes(features);
    let rows_max = newton::pass_slice_rows(row_bytes, plan.threads as usize, plan.memory_bytes());
    let rows = plan.row_group_rows_max().min(rows_max as u64);
    add_slices(plan, plan.threads, "newton", rows);
    plan.add(
        "newton",
        "sums",
        plan.threads * Logistic::lane_bytes(shape) + Logistic::bytes(shape),
        format!("gradient and Hessian of {} parameters", shape.parameters()),
    );
}

/// Adds the lines of gradient descent.
pub(crate) fn add_sgd(plan: &mut PlanBuilder<'_>, shape: Shape) {
    let features = plan.features();
    plan.add_learner_decoding("sgd", features);
    let rows = newton::slice_rows(plan.row_bytes(features));
    add_slices(plan, plan.lanes, "sgd", rows as u64);
    plan.add(
        "sgd",
        "standardised rows",
        plan.lanes * PARTS_PER_LANE as u64 * part_bytes(shape.columns - 1, rows),
        format!("{PARTS_PER_LANE} slices a lane"),
    );
    plan.add(
        "sgd",
        "solver",
        part_bytes(shape.columns, 64) + 8 * shape.parameters() as u64 * 8,
        format!("vectors of {} parameters", shape.parameters()),
    );
}

/// Adds the line of the slices of features that lanes assemble, of at most so many rows.
pub(crate) fn add_slices(plan: &mut PlanBuilder<'_>, lanes: u64, phase: &str, rows: u64) {
    let row_bytes = plan.row_bytes(plan.features()) + TrainingSlice::ROW_BYTES;
    plan.add(
        phase,
        "slices",
        lanes * rows * row_bytes as u64,
        format!("{} rows a lane", grouped(rows)),
    );
}
