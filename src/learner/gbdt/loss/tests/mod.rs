mod training;

use super::*;
use crate::learner::gbdt::{Loss, summary::LabelSummary};

const LOSSES: [Loss; 6] = [
    Loss::BinaryLogLoss,
    Loss::Softmax { classes: 3 },
    Loss::SquaredError,
    Loss::AbsoluteError,
    Loss::Quantile { alpha: 0.8 },
    Loss::Poisson {
        delta_step_max: 0.7,
    },
];

fn evaluate(loss: Loss, margin: &[f32], label: f32, weight: f64) -> (Vec<f64>, Vec<f64>, f64) {
    let objective = objective(loss);
    let mut derivatives = Derivatives::new(objective.outputs());
    let rows = Rows {
        margin,
        stride: 1,
        label: &[label],
        weight: &[weight],
    };
    objective.evaluate(&rows, &mut derivatives);
    let of_row = |values: &[f64]| -> Vec<f64> {
        (0..objective.outputs())
            .map(|k| values[k * CHUNK_ROWS])
            .collect()
    };
    (
        of_row(&derivatives.gradient),
        of_row(&derivatives.hessian),
        derivatives.loss[0],
    )
}

#[test]
fn gradients_are_the_slopes_of_the_loss() {
    for loss in LOSSES {
        for label in [0.0, 1.0] {
            for start in [-6.0f32, -0.5, 0.1, 2.0, 7.5] {
                let margin: Vec<f32> = (0..loss.outputs())
                    .map(|k| start * (k as f32 - 0.7))
                    .collect();
                let (gradient, _, _) = evaluate(loss, &margin, label, 1.7);
                for k in 0..margin.len() {
                    let step = 1.0 / 256.0;
                    let loss_at = |step: f32| {
                        let mut margin = margin.clone();
                        margin[k] += step;
                        (evaluate(loss, &margin, label, 1.7).2, f64::from(margin[k]))
                    };
                    let ((above, right), (below, left)) = (loss_at(step), loss_at(-step));
                    let slope = (above - below) / (right - left);
                    // The third derivative is at most the size of the gradient.
                    let error = 1e-4 * gradient[k].abs().max(1.0);
                    assert!(
                        (gradient[k] - slope).abs() < error,
                        "{loss:?} {label} {margin:?} {k}"
                    );
                }
            }
        }
    }
}

#[test]
fn log_loss_keeps_its_tails() {
    let (gradient, hessian, loss) = evaluate(Loss::BinaryLogLoss, &[40.0], 0.0, 1.0);
    assert!((loss - 40.0).abs() < 1e-9);
    assert!((gradient[0] - 1.0).abs() < 1e-9);
    assert!((hessian[0] / (-40.0f64).exp() - 1.0).abs() < 1e-9);
    let (gradient, _, loss) = evaluate(Loss::BinaryLogLoss, &[-40.0], 0.0, 1.0);
    assert!((gradient[0] / (-40.0f64).exp() - 1.0).abs() < 1e-9);
    assert!(loss < 1e-16);
}

#[test]
fn softmax_gradients_sum_to_nothing() {
    let (gradient, hessian, loss) = evaluate(
        Loss::Softmax { classes: 4 },
        &[900.0, -3.0, 0.5, 899.0],
        3.0,
        2.0,
    );
    assert!(gradient.iter().sum::<f64>().abs() < 1e-9);
    assert!(hessian.iter().all(|&hessian| hessian >= 0.0));
    assert!((loss - 2.0 * (1.0 + (1.0 + (-1.0f64).exp()).ln())).abs() < 1e-9);
}

#[test]
fn derivatives_stay_within_the_bounds() {
    for loss in LOSSES {
        let objective = objective(loss);
        let last = DerivativeBounds {
            weight_max: 2.5,
            gradient_max: match loss {
                Loss::Poisson { .. } => 2.5 * 22.0f64.exp(),
                _ => 60.0,
            },
            hessian_max: 2.5 * (22.0f64 + 0.7).exp(),
            step_max: 4.0,
        };
        let bounds = objective.bounds(&last);
        for start in [-26.0f32, -3.0, 0.0, 0.1, 26.0] {
            let margin = vec![start; loss.outputs()];
            let (gradient, hessian, _) = evaluate(loss, &margin, 1.0, 2.5);
            assert!(
                gradient.iter().all(|g| g.abs() <= bounds.gradient),
                "{loss:?}"
            );
            assert!(hessian.iter().all(|&h| h <= bounds.hessian), "{loss:?}");
        }
    }
}

#[test]
fn kinks_have_the_slope_of_lightgbm() {
    let slope = |loss| evaluate(loss, &[2.0], 2.0, 3.0).0[0];
    assert_eq!(slope(Loss::AbsoluteError), 0.0);
    assert_eq!(slope(Loss::Quantile { alpha: 0.25 }), 3.0 * 0.75);
}

#[test]
fn bounds_of_a_poisson_loss_follow_its_margins() {
    let poisson = objective(Loss::Poisson {
        delta_step_max: 0.7,
    });
    let mut last = DerivativeBounds {
        weight_max: 1.0,
        gradient_max: 9.0,
        hessian_max: 0.7f64.exp(),
        step_max: 0.0,
    };
    // A mean of 1 at the most, a label of 10 at the most; nothing has moved.
    let bounds = poisson.bounds(&last);
    assert!((bounds.gradient - 9.0).abs() < 0.01);
    assert!((bounds.hessian - 0.7f64.exp()).abs() < 0.01);
    last.step_max = 1e6;
    let bounds = poisson.bounds(&last);
    assert!(bounds.gradient.is_finite() && bounds.hessian.is_finite());
}

#[test]
fn labels_that_are_no_counts_are_refused() {
    let check = |labels: &[f32]| {
        let ones = vec![1.0; labels.len()];
        let rows = crate::data::RowBlock {
            label: labels,
            weight: &vec![1.0; labels.len()],
            group: &[],
            split: &vec![0; labels.len()],
        };
        let mut summary = LabelSummary::new(0);
        summary.update(&rows, &ones);
        objective(Loss::Poisson {
            delta_step_max: 0.7,
        })
        .check_labels(&summary)
    };
    assert!(check(&[0.0, 0.5, 3.0]).is_ok());
    let error = check(&[0.0, -2.0]).unwrap_err().to_string();
    assert!(error.contains("the label -2 is negative"), "{error}");
    let error = check(&[0.0, 0.0]).unwrap_err().to_string();
    assert!(error.contains("are 0"), "{error}");
}
