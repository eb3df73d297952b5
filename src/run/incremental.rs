//! The fit of a run: on all rows at once, or by batches first.

use crate::{
    error::Result,
    learner::ModelSpec,
    pipeline::{
        fit::{
            checkpoint::Checkpoint,
            context::{FitContext, FitSpec, Fitted},
            linear::fit_linear,
            trees::fit_trees,
        },
        incremental::{
            earlier_learner::EarlierLearner, linear::fit_linear_incrementally,
            trees::fit_trees_incrementally,
        },
        options::IncrementalOptions,
    },
};

/// Fits the model of a prepared run, saves it as soon as it exists, and evaluates it.
///
/// # Errors
/// When data or scratch files cannot be read, or there is nothing to learn from.
pub(crate) fn fit(
    fit: &FitContext<'_>,
    spec: &FitSpec<'_>,
    incremental: Option<&IncrementalOptions>,
    checkpoint: Option<Checkpoint>,
    earlier: Option<EarlierLearner>,
) -> Result<Fitted> {
    match (spec.model, incremental) {
        (ModelSpec::Gbdt(options), None) => fit_trees(fit, spec, options, checkpoint),
        (ModelSpec::Gbdt(options), Some(incremental)) => {
            fit_trees_incrementally(fit, spec, options, incremental, earlier, checkpoint)
        }
        (ModelSpec::Logistic(options), None) => fit_linear(fit, spec, options),
        (ModelSpec::Logistic(options), Some(incremental)) => {
            fit_linear_incrementally(fit, spec, options, incremental, earlier)
        }
    }
}
