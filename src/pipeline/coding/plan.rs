//! Memory and scratch of the pass that writes codes.

use crate::{
    pipeline::{coding::binning, open::plan_builder::PlanBuilder, prune},
    scratch::BlockFile,
};

/// Adds the lines of the binning pass, which may take the sums of pruning too.
pub(crate) fn add_binning(plan: &mut PlanBuilder<'_>, is_pruned: bool) {
    plan.add_decoding("binning", plan.features());
    let coders = plan.threads * plan.coder_bytes();
    let bytes = plan.threads * 2 * binning::SLICE_ROWS_MAX as u64;
    plan.add(
        "binning",
        "coders and codes",
        coders + bytes,
        "cut points, a byte column of a slice",
    );
    if is_pruned {
        prune::plan::add_sums(plan, "binning");
    }
}

/// Bytes of the codes on disk.
pub(crate) fn scratch_bytes(plan: &PlanBuilder<'_>) -> u64 {
    BlockFile::disk_bytes(plan.rows(), plan.features().len())
}
