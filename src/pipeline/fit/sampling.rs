//! Which rows grow the trees of a run, once its training rows are counted.

use crate::{
    learner::{ModelSpec, gbdt::Sampling},
    run::train::Run,
    text::size::grouped,
};

impl Run<'_> {
    /// Fills in the choice and the rows of a sample, and says what was chosen.
    pub(crate) fn choose_sampling(&self, spec: &mut ModelSpec, train_rows: u64) {
        let ModelSpec::Gbdt(options) = spec else {
            return;
        };
        let asked = options.sampling;
        options.sampling = asked.resolve(train_rows, self.plan.sample_rows);
        if asked != Sampling::Exact {
            self.context.progress.message(&format!(
                "sampling: {} of {} training rows",
                options.sampling,
                grouped(train_rows)
            ));
        }
    }
}
