//! Logistic loss of one margin and a label in {0, 1}.

use crate::{
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
        link::logistic_terms,
    },
    model::Link,
};

/// The loss `ln(1 + e^(-m))` of a positive and `ln(1 + e^m)` of a negative row.
#[derive(Debug)]
pub(super) struct LogLoss;

impl Objective for LogLoss {
    fn outputs(&self) -> usize {
        1
    }

    fn link(&self) -> Link {
        Link::Sigmoid
    }

    fn classes(&self) -> usize {
        2
    }

    fn base_margins(&self, labels: &LabelSummary) -> Vec<f32> {
        let share = labels.class_share(1);
        vec![ln(share / (1.0 - share)) as f32]
    }

    fn bounds_at_base(&self, labels: &LabelSummary, _base: &[f32]) -> Magnitudes {
        Magnitudes {
            gradient: labels.weight_max,
            hessian: labels.weight_max / 4.0,
        }
    }

    /// |p - y| <= 1 and p (1 - p) <= 1/4.
    fn bounds(&self, last: &DerivativeBounds) -> Magnitudes {
        Magnitudes {
            gradient: last.weight_max,
            hessian: last.weight_max / 4.0,
        }
    }

    fn evaluate(&self, rows: &Rows<'_>, into: &mut Derivatives) {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the one precondition is that the processor has AVX2.
            #[allow(unsafe_code)]
            unsafe {
                evaluate_avx2(rows, into);
            }
            return;
        }
        evaluate_portable(rows, into);
    }
}

/// The portable twin compiled for wider registers: the same operations, so the same bits.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn evaluate_avx2(rows: &Rows<'_>, into: &mut Derivatives) {
    evaluate_portable(rows, into);
}

#[inline(always)]
fn evaluate_portable(rows: &Rows<'_>, into: &mut Derivatives) {
    let margins = rows.margins(0).iter().zip(rows.label).zip(rows.weight);
    let derivatives = into.gradient.iter_mut().zip(&mut into.hessian);
    let outputs = derivatives.zip(&mut into.loss);
    for (((&margin, &label), &weight), ((gradient, hessian), loss)) in margins.zip(outputs) {
        let margin = f64::from(margin);
        let label = if label == 1.0 { 1.0 } else { 0.0 };
        let terms = logistic_terms(margin, label, exp(-margin.abs()));
        *gradient = weight * (terms.probability - label);
        *hessian = weight * terms.curvature;
        *loss = weight * terms.loss;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_registers_change_no_bit() {
        let len = 509;
        let margin: Vec<f32> = (0..len).map(|i: i32| (i - 250) as f32 * 0.173).collect();
        let label: Vec<f32> = (0..len as usize)
            .map(|i| [0.0, 1.0, f32::NAN][i % 3])
            .collect();
        let weight: Vec<f64> = (0..len).map(|i| f64::from(i) * 0.01).collect();
        let rows = Rows {
            margin: &margin,
            stride: label.len(),
            label: &label,
            weight: &weight,
        };
        let bits = |evaluate: &dyn Fn(&Rows<'_>, &mut Derivatives)| -> Vec<u64> {
            let mut found = Derivatives::new(1);
            evaluate(&rows, &mut found);
            let values = [&found.gradient, &found.hessian, &found.loss];
            values.into_iter().flatten().map(|v| v.to_bits()).collect()
        };
        let dispatched = bits(&|rows, into| LogLoss.evaluate(rows, into));
        assert_eq!(dispatched, bits(&evaluate_portable));
    }
}
