//! The absolute error of one margin and a number.

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

/// The loss `|m - y|`, least at the median.
#[derive(Debug)]
pub(super) struct AbsoluteError;

impl Objective for AbsoluteError {
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
        Some(0.5)
    }

    fn base_margins(&self, _labels: &LabelSummary) -> Vec<f32> {
        unreachable!("margins start from the labels' median")
    }

    fn bounds_at_base(&self, labels: &LabelSummary, _base: &[f32]) -> Magnitudes {
        Magnitudes {
            gradient: labels.weight_max,
            hessian: labels.weight_max,
        }
    }

    /// The slope is -1, 0 or 1; the hessian, which is 0, is taken as the weight, as both XGBoost
    /// and LightGBM do.
    fn bounds(&self, last: &DerivativeBounds) -> Magnitudes {
        Magnitudes {
            gradient: last.weight_max,
            hessian: last.weight_max,
        }
    }

    fn evaluate(&self, rows: &Rows<'_>, into: &mut Derivatives) {
        let margins = rows.margins(0).iter().zip(rows.label).zip(rows.weight);
        let derivatives = into.gradient.iter_mut().zip(&mut into.hessian);
        let outputs = derivatives.zip(&mut into.loss);
        for (((&margin, &label), &weight), ((gradient, hessian), loss)) in margins.zip(outputs) {
            let residual = f64::from(margin) - f64::from(label);
            let above = f64::from(u8::from(residual > 0.0));
            let below = f64::from(u8::from(residual < 0.0));
            *gradient = weight * (above - below);
            *hessian = weight;
            *loss = weight * residual.abs();
        }
    }
}
