//! Memory and scratch of scan, survey and cut points.

use crate::{
    group::buckets::BucketCounts,
    limits::BLOCK_ROWS,
    pipeline::{
        open::plan_builder::PlanBuilder,
        prepare::survey,
        storage::rows::{self, RowsBuffer},
    },
    scratch::BlockFile,
    stats::{CategoryCounts, sample},
};

/// Adds the lines of the scan and of the assignment to splits.
pub(crate) fn add_scan(plan: &mut PlanBuilder<'_>, classes: usize) {
    plan.add_decoding("scan", &plan.data.scan_columns());
    let buckets = BucketCounts::new(0, classes).heap_bytes() as u64;
    let workers = plan.threads * (BLOCK_ROWS * (RowsBuffer::ROW_BYTES + 16)) as u64;
    plan.add(
        "scan",
        "split assignment",
        (plan.threads + 1) * buckets + workers,
        "65,536 buckets by class, a block of rows a thread",
    );
}

/// Adds the lines of the survey and of the cut points.
pub(crate) fn add_survey(plan: &mut PlanBuilder<'_>) {
    let features = plan.features();
    plan.add_decoding("survey", features);
    let slice = survey::SLICE_ROWS_MAX as u64 * 5;
    plan.add(
        "survey",
        "selected rows",
        plan.threads * slice,
        "training and sampled rows of a slice",
    );
    let texts = plan.text_features();
    let moments = features.len() as u64 * 128;
    let categories =
        texts * CategoryCounts::heap_bytes_max(plan.limits.categories_tracked_max) as u64;
    let copies = plan.threads + 1;
    plan.add(
        "survey",
        "statistics",
        copies * (moments + categories),
        format!("{} features, {texts} of them text", features.len()),
    );
    let sample_rows = sample_rows(plan);
    plan.add(
        "cut points",
        "sampled values",
        plan.threads * sample_rows * 12,
        format!("a feature's {sample_rows} rows a thread"),
    );
}

/// Bytes of the rows file and of the sample on disk.
pub(crate) fn scratch_bytes(plan: &PlanBuilder<'_>) -> u64 {
    let weight = plan.data.roles.weight.map_or(0, |_| rows::WEIGHT_BYTES);
    let rows = BlockFile::disk_bytes(plan.rows(), rows::ROW_BYTES + weight);
    let value = |column: &usize| survey::sample_bytes(plan.data.schema(), *column);
    let sampled = plan.features().iter().map(value).sum();
    rows + BlockFile::disk_bytes(sample_rows(plan), sampled)
}

/// Rows of the sample that yields the cut points, at the most.
fn sample_rows(plan: &PlanBuilder<'_>) -> u64 {
    sample::rows_max(plan.limits.cut_sample_rows, plan.rows())
}
