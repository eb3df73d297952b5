//! The pinball loss of one margin and a number.

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

/// The loss `alpha (y - m)` of a label above the margin and `(1 - alpha) (m - y)` of one below
/// (Koenker & Bassett 1978): least where a share `alpha` of the labels is below.
#[derive(Debug)]
pub(super) struct Quantile {
    /// The share of labels below the quantile, in (0, 1).
    pub(super) alpha: f64,
}

impl Objective for Quantile {
    fn outputs(&self) -> usize {
        1
    }

    fn link(&self) -> Link {
        Link::Identity
    }

    fn classes(&self) -> usize {
        0
    }

    fn renewal(&self) -> Option<f64> {
        Some(self.alpha)
    }

    fn base_margins(&self, _labels: &LabelSummary) -> Vec<f32> {
        unreachable!("margins start from the labels' quantile")
    }

    fn bounds_at_base(&self, labels: &LabelSummary, _base: &[f32]) -> Magnitudes {
        Magnitudes {
            gradient: labels.weight_max * self.alpha.max(1.0 - self.alpha),
            hessian: labels.weight_max,
        }
    }

    /// The slope is one of two; the hessian, which is 0, is taken as the weight, as LightGBM does.
    fn bounds(&self, last: &DerivativeBounds) -> Magnitudes {
        Magnitudes {
            gradient: last.weight_max * self.alpha.max(1.0 - self.alpha),
            hessian: last.weight_max,
        }
    }

    fn evaluate(&self, rows: &Rows<'_>, into: &mut Derivatives) {
        let margins = rows.margins(0).iter().zip(rows.label).zip(rows.weight);
        let derivatives = into.gradient.iter_mut().zip(&mut into.hessian);
        let outputs = derivatives.zip(&mut into.loss);
        for (((&margin, &label), &weight), ((gradient, hessian), loss)) in margins.zip(outputs) {
            let residual = f64::from(margin) - f64::from(label);
            let slope = if residual >= 0.0 {
                1.0 - self.alpha
            } else {
                -self.alpha
            };
            *gradient = weight * slope;
            *hessian = weight;
            *loss = weight * (slope * residual);
        }
    }
}
