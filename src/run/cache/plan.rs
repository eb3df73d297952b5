//! Memory of the seal that lets other runs use the codes.

use crate::{
    pipeline::{open::plan_builder::PlanBuilder, prune::plan::pairs_bytes},
    run::cache::contents::PassResults,
    scratch::CHECKED_BYTES,
    stats::CategoryCounts,
};

/// Adds the lines of the results of the passes, as bytes and as a file's bytes.
pub(crate) fn add_seal(plan: &mut PlanBuilder<'_>, has_pairs: bool) {
    let features = plan.features().len();
    let categories = CategoryCounts::heap_bytes_max(plan.limits.categories_tracked_max);
    let results = PassResults::bytes_max(features) + plan.text_features() * categories as u64;
    plan.add(
        "seal",
        "what was found",
        2 * results,
        "statistics and cut points as bytes, and the file's",
    );
    if has_pairs {
        let pairs = pairs_bytes(features, plan.limits);
        plan.add("seal", "pairs found", 2 * pairs, "as bytes, twice");
    }
    plan.add(
        "seal",
        "checksums",
        plan.threads * CHECKED_BYTES as u64,
        "a piece of a block a thread",
    );
}
