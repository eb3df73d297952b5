//! Cross-entropy of the softmax of one margin a class.

use crate::{
    learner::{
        elementary::{exp, ln},
        gbdt::{
            loss::{
                bounds::{DerivativeBounds, Magnitudes},
                objective::Objective,
                rows::{CHUNK_ROWS, Derivatives, Rows},
            },
            summary::LabelSummary,
        },
    },
    model::Link,
};

/// The loss `ln(sum over classes of e^m) - m of the label's class`.
#[derive(Debug)]
pub(super) struct Softmax {
    classes: usize,
    /// K / (K - 1): the diagonal of the hessian is scaled so that K trees together make about one
    /// Newton step (Friedman 2001, algorithm 6).
    factor: f64,
}

impl Softmax {
    pub(super) fn new(classes: u16) -> Self {
        let classes = usize::from(classes);
        assert!(classes >= 2);
        Self {
            classes,
            factor: classes as f64 / (classes - 1) as f64,
        }
    }
}

impl Objective for Softmax {
    fn outputs(&self) -> usize {
        self.classes
    }

    fn link(&self) -> Link {
        Link::Softmax
    }

    fn classes(&self) -> usize {
        self.classes
    }

    fn base_margins(&self, labels: &LabelSummary) -> Vec<f32> {
        let margin = |class| ln(labels.class_share(class)) as f32;
        (0..self.classes).map(margin).collect()
    }

    fn bounds_at_base(&self, labels: &LabelSummary, _base: &[f32]) -> Magnitudes {
        Magnitudes {
            gradient: labels.weight_max,
            hessian: self.factor * labels.weight_max / 4.0,
        }
    }

    /// |p - y| <= 1 and p (1 - p) <= 1/4.
    fn bounds(&self, last: &DerivativeBounds) -> Magnitudes {
        Magnitudes {
            gradient: last.weight_max,
            hessian: self.factor * last.weight_max / 4.0,
        }
    }

    fn evaluate(&self, rows: &Rows<'_>, into: &mut Derivatives) {
        let mut highest = [f32::MIN; CHUNK_ROWS];
        let mut sums = [0.0f64; CHUNK_ROWS];
        for class in 0..self.classes {
            for (highest, &margin) in highest.iter_mut().zip(rows.margins(class)) {
                *highest = highest.max(margin);
            }
        }
        for class in 0..self.classes {
            let numerators = &mut into.gradient[class * CHUNK_ROWS..];
            for (row, &margin) in rows.margins(class).iter().enumerate() {
                numerators[row] = exp(f64::from(margin) - f64::from(highest[row]));
                sums[row] += numerators[row];
            }
        }
        for class in 0..self.classes {
            let gradients = &mut into.gradient[class * CHUNK_ROWS..][..rows.len()];
            let hessians = &mut into.hessian[class * CHUNK_ROWS..][..rows.len()];
            let margins = rows.margins(class);
            for (row, (gradient, hessian)) in gradients.iter_mut().zip(hessians).enumerate() {
                let weight = rows.weight[row];
                let probability = *gradient / sums[row];
                let is_label = rows.label[row] == class as f32;
                let label = if is_label { 1.0 } else { 0.0 };
                *gradient = weight * (probability - label);
                *hessian = weight * self.factor * (probability * (1.0 - probability));
                if is_label {
                    let margin = f64::from(margins[row]) - f64::from(highest[row]);
                    into.loss[row] = weight * (ln(sums[row]) - margin);
                }
            }
        }
    }
}
