//! Memory of evaluation and prediction.

use crate::{
    data::CodeLayout,
    group::GroupTable,
    memory_plan::ALWAYS,
    pipeline::{
        evaluate::{code_pass, evaluation::EvaluationSpec, prediction_pass},
        open::plan_builder::PlanBuilder,
    },
};

/// Adds the line of the groups, which are counted from the scan to the reports.
pub(crate) fn add_groups(plan: &mut PlanBuilder<'_>, evaluation: &EvaluationSpec) {
    if !evaluation.grouped {
        return;
    }
    let groups_max = plan.limits.groups_in_memory_max.min(plan.rows() as usize);
    let bytes = GroupTable::heap_bytes_max(evaluation.classes, groups_max) as u64;
    plan.add(
        ALWAYS,
        "group table",
        bytes,
        format!("{groups_max} groups, more spill to disk"),
    );
}

/// Adds the lines of the evaluation from codes.
pub(crate) fn add_evaluation(
    plan: &mut PlanBuilder<'_>,
    evaluation: &EvaluationSpec,
    outputs: usize,
) {
    add_tables(plan, "evaluation", evaluation);
    let layout = CodeLayout::identity(plan.features().len());
    plan.add(
        "evaluation",
        "blocks",
        plan.threads * code_pass::worker_bytes(&layout, outputs),
        "margins, and codes of held-out rows",
    );
}

/// Adds the lines of the prediction pass over the source, which reads `columns` beside the features.
pub(crate) fn add_prediction(
    plan: &mut PlanBuilder<'_>,
    evaluation: Option<&EvaluationSpec>,
    outputs: usize,
    columns: &[usize],
) {
    let features = plan.features();
    let read = [features, columns].concat();
    plan.add_decoding("prediction", &read);
    if let Some(evaluation) = evaluation {
        add_tables(plan, "prediction", evaluation);
    }
    let lane = prediction_pass::lane_bytes(features.len(), outputs) + plan.coder_bytes();
    plan.add(
        "prediction",
        "slices",
        plan.threads * lane,
        "codes of a part of a row group",
    );
}

fn add_tables(plan: &mut PlanBuilder<'_>, phase: &str, evaluation: &EvaluationSpec) {
    plan.add(
        phase,
        "tables",
        (plan.threads + 1) * evaluation.worker_bytes(),
        "65,536 bins a split and class",
    );
}
