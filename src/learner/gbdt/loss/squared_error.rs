//! Half the squared error of one margin and a number.

use crate::{
    learner::gbdt::{
        loss::{
            bounds::{DerivativeBounds, Magnitudes},
            objective::Objective,
            rows::{Derivatives, Rows},
        },
        summary::LabelSummary,
    },
    model::Link,
};

/// Rounding of margins to f32 and of the bound itself, as a share.
const SLACK: f64 = 1.0 + 1e-5;

/// The loss `(m - y)^2 / 2`.
#[derive(Debug)]
pub(super) struct SquaredError;

impl Objective for SquaredError {
    fn outputs(&self) -> usize {
        1
    }

    fn link(&self) -> Link {
        Link::Identity
    }

    fn classes(&self) -> usize {
        0
    }

    fn base_margins(&self, labels: &LabelSummary) -> Vec<f32> {
        vec![labels.label_mean() as f32]
    }

    fn bounds_at_base(&self, labels: &LabelSummary, base: &[f32]) -> Magnitudes {
        let base = f64::from(base[0]);
        let lowest = (labels.label_min - base).abs();
        let highest = (labels.label_max - base).abs();
        Magnitudes {
            gradient: lowest.max(highest) * labels.weight_max,
            hessian: labels.weight_max,
        }
    }

    fn is_measured(&self) -> bool {
        true
    }

    /// No gradient grows by more than the largest step of a margin times the weight.
    fn bounds(&self, last: &DerivativeBounds) -> Magnitudes {
        Magnitudes {
            gradient: (last.gradient_max + last.step_max * last.weight_max) * SLACK,
            hessian: last.weight_max,
        }
    }

    fn evaluate(&self, rows: &Rows<'_>, into: &mut Derivatives) {
        let margins = rows.margins(0).iter().zip(rows.label).zip(rows.weight);
        let derivatives = into.gradient.iter_mut().zip(&mut into.hessian);
        let outputs = derivatives.zip(&mut into.loss);
        for (((&margin, &label), &weight), ((gradient, hessian), loss)) in margins.zip(outputs) {
            let residual = f64::from(margin) - f64::from(label);
            *gradient = weight * residual;
            *hessian = weight;
            *loss = weight * (0.5 * residual * residual);
        }
    }
}
