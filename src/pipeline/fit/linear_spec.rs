//! The input of a fit of logistic regression, for both solvers.

use crate::{
    learner::logistic::LogisticOptions,
    model::FeatureSpec,
    pipeline::{
        open::training_data::TrainingData,
        prepare::survey::Survey,
        storage::{rows::RowsFile, selection::RowSample},
    },
};

/// Options, data and statistics of a fit.
pub(crate) struct LinearSpec<'a> {
    /// The options, class weights filled in.
    pub(crate) options: &'a LogisticOptions,
    pub(crate) data: &'a TrainingData,
    /// The features, texts with their categories.
    pub(crate) features: &'a [FeatureSpec],
    /// Statistics of the training rows.
    pub(crate) survey: &'a Survey,
    /// Labels and splits.
    pub(crate) rows: &'a RowsFile,
    /// The sampled rows.
    pub(crate) sample: &'a RowSample,
    pub(crate) classes: usize,
    pub(crate) train_rows: u64,
    /// The memory limit.
    pub(crate) memory_bytes: u64,
    /// Lanes of a pass of gradient descent.
    pub(crate) lanes: usize,
}
