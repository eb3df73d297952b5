//! What the trees minimise: gradients, hessians and losses of rows.
//!
//! A loss is a file here with an [`Objective`], a variant of [`Loss`], and a line in
//! [`objective`]; its names on the command line are a line of `learner/spec/objective.rs`.

mod absolute_error;
mod log_loss;
mod poisson;
mod quantile;
mod softmax;
mod squared_error;

#[cfg(test)]
mod tests;

use crate::{
    Result,
    data::Split,
    learner::gbdt::{Loss, summary::LabelSummary},
    model::Link,
};

/// Rows whose derivatives are computed at once; small enough for the first cache level.
pub const CHUNK_ROWS: usize = 512;

/// Some rows of a block as an objective sees them.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// Margins of all outputs: output `k` of row `i` is `margin[k * stride + i]`.
    pub margin: &'a [f32],
    /// Rows of the block.
    pub stride: usize,
    /// Labels; anything, even NaN, for rows in no split.
    pub label: &'a [f32],
    /// Weights, classes' weights included.
    pub weight: &'a [f64],
}

impl<'a> Rows<'a> {
    /// How many rows.
    pub fn len(&self) -> usize {
        self.label.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.label.is_empty()
    }

    /// One output's margins.
    pub fn margins(&self, output: usize) -> &'a [f32] {
        &self.margin[output * self.stride..][..self.len()]
    }
}

/// Adds losses of some rows to the sums of train and valid. No branch depends on a row.
pub fn add_by_split(sums: &mut [f64; 2], split: &[u8], losses: &[f64]) {
    for (&split, &loss) in split.iter().zip(losses) {
        for (sum, of) in sums.iter_mut().zip([Split::Train, Split::Valid]) {
            *sum += if split == of as u8 { loss } else { 0.0 };
        }
    }
}

/// What an objective answers: value `i` of output `k` is at `k * CHUNK_ROWS + i`.
#[derive(Debug)]
pub struct Derivatives {
    /// First derivative of the loss by the margin, times the weight.
    pub gradient: Vec<f64>,
    /// Second derivative, or a bound of it, times the weight; not negative.
    pub hessian: Vec<f64>,
    /// The loss times the weight, one a row.
    pub loss: Vec<f64>,
}

impl Derivatives {
    /// Room for a chunk.
    pub fn new(outputs: usize) -> Self {
        Self {
            gradient: vec![0.0; outputs * CHUNK_ROWS],
            hessian: vec![0.0; outputs * CHUNK_ROWS],
            loss: vec![0.0; CHUNK_ROWS],
        }
    }

    /// Bytes held, by capacity.
    pub fn heap_bytes(&self) -> usize {
        (self.gradient.capacity() + self.hessian.capacity() + self.loss.capacity()) * 8
    }
}

/// What is known before a round of how large derivatives can get.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct DerivativeBounds {
    /// The largest weight of a training row, class weights included.
    pub weight_max: f64,
    /// The largest magnitude of a training row's gradient at the margins of the round before.
    pub gradient_max: f64,
    /// The largest hessian of a training row at those margins.
    pub hessian_max: f64,
    /// The largest change of a margin since then.
    pub step_max: f64,
}

/// The largest magnitudes of gradients and hessians.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Magnitudes {
    /// Of gradients.
    pub gradient: f64,
    /// Of hessians.
    pub hessian: f64,
}

/// One loss. Every method is a pure function with the same bits on every processor.
pub trait Objective: std::fmt::Debug + Send + Sync {
    /// Margins a row has.
    fn outputs(&self) -> usize;

    /// How margins become predictions.
    fn link(&self) -> Link;

    /// Classes of the label, which then is a class index; 0 for a number.
    fn classes(&self) -> usize;

    /// Refuses labels that the loss means nothing for, beyond what a summary refuses itself.
    ///
    /// # Errors
    /// [`crate::Error::Dataset`] saying which labels it takes.
    fn check_labels(&self, _labels: &LabelSummary) -> Result<()> {
        Ok(())
    }

    /// The quantile of its rows' residuals that a leaf adds instead of a Newton step, if it does.
    /// Margins then start from that quantile of the labels.
    fn renewal(&self) -> Option<f64> {
        None
    }

    /// What margins start from, one an output: the best constant, or near it. Not asked of a loss
    /// with a [`Self::renewal`].
    fn base_margins(&self, labels: &LabelSummary) -> Vec<f32>;

    /// The largest gradient and hessian at the base margins, before any was measured.
    fn bounds_at_base(&self, labels: &LabelSummary, base: &[f32]) -> Magnitudes;

    /// Whether [`Self::bounds`] looks at measured derivatives, so that they are worth measuring.
    fn is_measured(&self) -> bool {
        false
    }

    /// A priori bounds for the next round.
    fn bounds(&self, last: &DerivativeBounds) -> Magnitudes;

    /// Derivatives and losses of some rows at their margins.
    fn evaluate(&self, rows: &Rows<'_>, into: &mut Derivatives);
}

/// The objective of a loss.
pub fn objective(loss: Loss) -> Box<dyn Objective> {
    match loss {
        Loss::BinaryLogLoss => Box::new(log_loss::LogLoss),
        Loss::Softmax { classes } => Box::new(softmax::Softmax::new(classes)),
        Loss::SquaredError => Box::new(squared_error::SquaredError),
        Loss::AbsoluteError => Box::new(absolute_error::AbsoluteError),
        Loss::Quantile { alpha } => Box::new(quantile::Quantile { alpha }),
        Loss::Poisson { delta_step_max } => Box::new(poisson::Poisson { delta_step_max }),
    }
}
