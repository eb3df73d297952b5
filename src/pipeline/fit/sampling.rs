//! The sampling of rows for trees, chosen once the training rows are counted.

use crate::{
    engine::Progress,
    learner::{ModelSpec, gbdt::Sampling},
    text::size::grouped,
};

/// Resolves `auto` and the rows of a sample, and says the choice. `rows_max` rows fit in memory.
pub(crate) fn choose_sampling(
    model: &mut ModelSpec,
    train_rows: u64,
    rows_max: u64,
    progress: &dyn Progress,
) {
    let ModelSpec::Gbdt(options) = model else {
        return;
    };
    let asked = options.sampling;
    options.sampling = asked.resolve(train_rows, rows_max);
    if asked != Sampling::Exact {
        progress.message(&format!(
            "sampling: {} of {} training rows",
            options.sampling,
            grouped(train_rows)
        ));
    }
}
