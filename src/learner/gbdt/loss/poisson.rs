//! Poisson deviance of a count; the margin is the logarithm of its mean.

use crate::{
    error::{Error, Result},
    learner::{
        elementary::{exp, ln},
        gbdt::{
            loss::{
                bounds::{DerivativeBounds, Magnitudes},
                objective::Objective,
                rows::{Derivatives, Rows},
            },
            summary::LabelSummary,
        },
    },
    model::Link,
};

/// Rounding of margins to f32 and of the bound itself, as a share.
const SLACK: f64 = 1.0 + 1e-4;

/// Magnitudes stay finite for all margins: no row's derivatives can be used beyond this.
const BOUND_MAX: f64 = 1e300;

/// The loss `e^m - y m`: half the Poisson deviance, up to a term that the margin does not change.
#[derive(Debug)]
pub(super) struct Poisson {
    /// Hessians are `e^(m + delta_step_max)`, as XGBoost and LightGBM take them.
    pub(super) delta_step_max: f64,
}

impl Objective for Poisson {
    fn outputs(&self) -> usize {
        1
    }

    fn link(&self) -> Link {
        Link::Exponential
    }

    fn classes(&self) -> usize {
        0
    }

    fn check_labels(&self, labels: &LabelSummary) -> Result<()> {
        if labels.label_min < 0.0 {
            return Err(Error::Dataset(format!(
                "the label {} is negative, but the Poisson loss needs counts; correct such rows or use another \
                 objective",
                labels.label_min
            )));
        }
        if labels.label_mean() > 0.0 {
            return Ok(());
        }
        Err(Error::Dataset(
            "all training labels are 0, but the Poisson loss needs a count above 0; use another objective or \
             --target"
                .to_owned(),
        ))
    }

    fn base_margins(&self, labels: &LabelSummary) -> Vec<f32> {
        vec![ln(labels.label_mean()) as f32]
    }

    fn bounds_at_base(&self, labels: &LabelSummary, base: &[f32]) -> Magnitudes {
        let mean = exp(f64::from(base[0]));
        let farthest = mean.max(labels.label_max - mean);
        Magnitudes {
            gradient: farthest * labels.weight_max,
            hessian: mean * exp(self.delta_step_max) * labels.weight_max,
        }
    }

    fn is_measured(&self) -> bool {
        true
    }

    /// A margin that grows by a step s at the most multiplies a mean by e^s at the most, and moves
    /// the gradient, mean less label, by what the mean grows.
    fn bounds(&self, last: &DerivativeBounds) -> Magnitudes {
        let growth = exp(last.step_max);
        let mean_max = last.hessian_max / exp(self.delta_step_max);
        let gradient = last.gradient_max + mean_max * (growth - 1.0);
        Magnitudes {
            gradient: (gradient * SLACK).min(BOUND_MAX),
            hessian: (last.hessian_max * growth * SLACK).min(BOUND_MAX),
        }
    }

    fn evaluate(&self, rows: &Rows<'_>, into: &mut Derivatives) {
        let ahead = exp(self.delta_step_max);
        let margins = rows.margins(0).iter().zip(rows.label).zip(rows.weight);
        let derivatives = into.gradient.iter_mut().zip(&mut into.hessian);
        let outputs = derivatives.zip(&mut into.loss);
        for (((&margin, &label), &weight), ((gradient, hessian), loss)) in margins.zip(outputs) {
            let (margin, label) = (f64::from(margin), f64::from(label));
            let mean = exp(margin);
            *gradient = weight * (mean - label);
            *hessian = weight * (mean * ahead);
            *loss = weight * (mean - label * margin);
        }
    }
}
