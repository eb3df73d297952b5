//! The last part of a pipeline: it learns from standardised rows.

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    error::Result,
    learner::{
        incremental::rescale::Rescale,
        logistic::{LabeledTile, LogisticOptions, Shape},
    },
};

/// Learns coefficients from blocks of standardised rows. [`Pipeline`](crate::learner::incremental::Pipeline) makes a
/// [`Learner`](crate::learner::incremental::Learner) of it; it is not meant to be implemented elsewhere.
pub trait Step: Sized {
    /// All that it has learned; the rest is working memory.
    type State: Clone + Serialize + DeserializeOwned;

    /// The name in files and messages.
    const NAME: &'static str;

    /// Rows of a block at the most.
    const BLOCK_ROWS: usize;

    /// A step that has seen nothing.
    ///
    /// # Errors
    /// When there are more parameters than it takes, or options that it does not offer.
    fn new(shape: Shape, options: &LogisticOptions) -> Result<Self>;

    /// Learns from a block of at most [`Self::BLOCK_ROWS`] rows, some of a weight above 0.
    fn learn(&mut self, rows: LabeledTile<'_>);

    /// Carries over to another scale of the columns.
    fn rescale(&mut self, change: &Rescale);

    /// The coefficients by output and column, the intercept last.
    fn coefficients(&self) -> &[f64];

    /// Takes in what another has learned on the same scale.
    fn merge(&mut self, other: &Self);

    /// The learned state.
    fn state(&self) -> &Self::State;

    /// Goes on from a state.
    ///
    /// # Errors
    /// A sentence if the state is none of this shape.
    fn restore(&mut self, state: Self::State) -> Result<(), String>;

    /// Bytes held, by capacity.
    fn heap_bytes(&self) -> usize;
}
