//! The interface of a loss.

use crate::{
    error::Result,
    learner::gbdt::{
        loss::{
            bounds::{DerivativeBounds, Magnitudes},
            rows::{Derivatives, Rows},
        },
        summary::LabelSummary,
    },
    model::Link,
};

/// One loss. Every method is a pure function with the same bits on every processor.
pub trait Objective: std::fmt::Debug + Send + Sync {
    /// Margins a row has.
    fn outputs(&self) -> usize;

    /// The link from margins to predictions.
    fn link(&self) -> Link;

    /// Classes of the label, which then is a class index; 0 for a number.
    fn classes(&self) -> usize;

    /// Refuses labels that the loss means nothing for, beyond what a summary refuses itself.
    ///
    /// # Errors
    /// [`crate::error::Error::Dataset`] saying which labels it takes.
    fn check_labels(&self, _labels: &LabelSummary) -> Result<()> {
        Ok(())
    }

    /// The quantile of its rows' residuals that a leaf adds instead of a Newton step, if it does.
    /// Margins then start from that quantile of the labels.
    fn renewal(&self) -> Option<f64> {
        None
    }

    /// Base margins, one an output: the best constant, or near it. Not called for a loss
    /// with a [`Self::renewal`].
    fn base_margins(&self, labels: &LabelSummary) -> Vec<f32>;

    /// The largest gradient and hessian at the base margins, before any was measured.
    fn bounds_at_base(&self, labels: &LabelSummary, base: &[f32]) -> Magnitudes;

    /// True if [`Self::bounds`] depends on measured derivatives, so that they are worth measuring.
    fn is_measured(&self) -> bool {
        false
    }

    /// A priori bounds for the next round.
    fn bounds(&self, last: &DerivativeBounds) -> Magnitudes;

    /// Derivatives and losses of some rows at their margins.
    fn evaluate(&self, rows: &Rows<'_>, into: &mut Derivatives);
}
