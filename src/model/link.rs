//! From margins to probabilities.

use crate::data::Task;

impl Task {
    /// The step from this task's margins to predictions.
    pub fn link(self) -> Link {
        match self {
            Self::Binary => Link::Sigmoid,
            Self::Multiclass => Link::Softmax,
            Self::Regression => Link::Identity,
        }
    }

    /// True if margins of this task may become predictions by this link: numbers may be logarithms too.
    pub fn allows(self, link: Link) -> bool {
        link == self.link() || (self, link) == (Self::Regression, Link::Exponential)
    }
}

/// The step from margins to predictions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Link {
    /// One margin; the probability of the second class. Log-loss.
    Sigmoid,
    /// One margin a class. Cross-entropy.
    Softmax,
    /// The margin is the prediction. Squared and absolute error, quantiles.
    Identity,
    /// The margin is the logarithm of the prediction. Poisson.
    Exponential,
}

impl Link {
    /// Predictions of rows from their margins, both output-major: output `k` of row `i` is at
    /// `k * rows + i`. In f64 from f32 margins.
    ///
    /// # Panics
    /// If lengths differ or are no multiple of `outputs`.
    pub fn apply_into(self, margins: &[f32], outputs: usize, predictions: &mut [f64]) {
        assert_eq!(margins.len(), predictions.len(), "a prediction a margin");
        assert!(
            outputs > 0 && margins.len().is_multiple_of(outputs),
            "whole outputs"
        );
        match self {
            Self::Sigmoid => {
                for (prediction, margin) in predictions.iter_mut().zip(margins) {
                    *prediction = sigmoid(f64::from(*margin));
                }
            }
            Self::Softmax => softmax_into(margins, outputs, predictions),
            Self::Identity => {
                for (prediction, margin) in predictions.iter_mut().zip(margins) {
                    *prediction = f64::from(*margin);
                }
            }
            Self::Exponential => {
                for (prediction, margin) in predictions.iter_mut().zip(margins) {
                    *prediction = f64::from(*margin).exp();
                }
            }
        }
    }
}

/// `1 / (1 + e^-margin)`, without overflow on either side.
pub(crate) fn sigmoid(margin: f64) -> f64 {
    let small = (-margin.abs()).exp();
    let towards_zero = small / (1.0 + small);
    if margin < 0.0 {
        towards_zero
    } else {
        1.0 / (1.0 + small)
    }
}

/// `e^m_k / sum of e^m_j`, shifted by the row's largest margin so that nothing overflows.
fn softmax_into(margins: &[f32], outputs: usize, probabilities: &mut [f64]) {
    let rows = margins.len() / outputs;
    for row in 0..rows {
        let mut largest = f64::NEG_INFINITY;
        for output in 0..outputs {
            largest = largest.max(f64::from(margins[output * rows + row]));
        }
        let mut sum = 0.0;
        for output in 0..outputs {
            let exponential = (f64::from(margins[output * rows + row]) - largest).exp();
            probabilities[output * rows + row] = exponential;
            sum += exponential;
        }
        for output in 0..outputs {
            probabilities[output * rows + row] /= sum;
        }
    }
}
