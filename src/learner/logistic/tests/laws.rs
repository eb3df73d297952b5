//! Laws: parts merge, batches do not matter, hard data does not fail, bad options are refused.

use super::*;
use crate::learner::logistic::solver::EXACT_PARAMETERS_MAX;

#[test]
fn batches_change_no_bit() {
    for (rows, classes) in [(Rows::binary(), 2), (Rows::three_classes(), 3)] {
        let mut rows = rows;
        rows.weights
            .iter_mut()
            .step_by(3)
            .for_each(|weight| *weight = 0.0);
        let learner = Logistic::new(&options(1e-6), 5, classes).unwrap();
        let pass = learner.next_pass().unwrap();
        let whole = rows.sums(&pass, 1100, 1100);
        assert_eq!(whole.rows, 2000);
        for batch_rows in [1, 7, 512, 1000] {
            assert!(rows.sums(&pass, 1100, batch_rows) == whole, "{batch_rows}");
        }
    }
}

#[test]
fn sums_merge_as_their_rows_do() {
    let rows = Rows::three_classes();
    let pass = Logistic::new(&options(1e-6), 5, 3)
        .unwrap()
        .next_pass()
        .unwrap();
    let part = |range: std::ops::Range<usize>| {
        let order: Vec<usize> = range.collect();
        rows.ordered(&order).sums(&pass, 4000, 4000)
    };
    let (a, b, c) = (part(0..900), part(900..1000), part(1000..3000));
    let merged = |parts: &[&NewtonSums]| {
        let mut sums = pass.sums();
        parts.iter().for_each(|part| sums.merge(part));
        sums
    };
    assert_eq!(merged(&[&a]), a, "nothing is neutral");
    assert_eq!(merged(&[&a, &b]), merged(&[&b, &a]), "two parts commute");
    let (abc, cba) = (merged(&[&a, &b, &c]), merged(&[&c, &b, &a]));
    let whole = part(0..3000);
    for other in [cba, whole] {
        assert_eq!(abc.rows, other.rows);
        let pairs =
            (abc.gradient.iter().zip(&other.gradient)).chain(abc.gram.iter().zip(&other.gram));
        for (x, y) in pairs {
            // The Gram matrix is summed in f32 inside a tile, and the tiles differ.
            assert!((x - y).abs() < 2e-6 * 3000.0, "{x} {y}");
        }
    }
}

#[test]
fn collinear_columns_share_what_one_would_have() {
    let plain = Rows::binary();
    let mut doubled = plain.clone();
    for x in &mut doubled.x {
        let sum = x[0] + x[1];
        x.extend([0.0, sum, x[2], x[2]]);
    }
    for l2 in [0.0, 1e-6] {
        let expected = plain.binary_loss(&plain.fit(&options(l2), 2, 0));
        for sample_rows in [0, 600] {
            let fitted = doubled.fit(&options(l2), 2, sample_rows);
            let loss = doubled.binary_loss(&fitted);
            assert!(
                (loss / expected - 1.0).abs() < 1e-6,
                "{l2} {sample_rows}: {loss} {expected}"
            );
            assert_eq!(fitted.coefficients[0][5], 0.0, "a column of zeros");
            let largest = fitted.coefficients[0]
                .iter()
                .fold(0.0f64, |m, c| m.max(c.abs()));
            assert!(largest < 10.0, "{fitted:?}");
        }
    }
}

#[test]
fn separable_classes_stay_bounded() {
    let mut x: Vec<Vec<f64>> = (0..1000).map(|row| vec![f64::from(row) - 499.5]).collect();
    let labels = (0..1000).map(|row| f32::from(row >= 500)).collect();
    standardise(&mut x);
    let rows = Rows::new(x, labels);
    let options = LogisticOptions {
        max_iter: 20,
        ..options(1e-4)
    };
    for sample_rows in [0, 500] {
        let fitted = rows.fit(&options, 2, sample_rows);
        let coefficient = fitted.coefficients[0][0];
        assert!(coefficient > 5.0 && coefficient < 100.0, "{fitted:?}");
        assert!(fitted.intercepts[0].abs() < 1e-2, "{fitted:?}");
        assert!(rows.binary_loss(&fitted) < 0.04, "{fitted:?}");
    }
}

#[test]
fn a_sample_without_a_class_is_not_started_from() {
    let rows = Rows::binary();
    let order: Vec<usize> = (0..rows.len())
        .filter(|row| rows.labels[*row] == 0.0)
        .collect();
    let sample = rows.ordered(&order);
    let mut learner = Logistic::new(&options(1e-3), 5, 2).unwrap();
    learner
        .start_from_sample(&sample.tile(), &sample.labels, &sample.weights)
        .unwrap();
    assert!(
        learner
            .next_pass()
            .unwrap()
            .point
            .iter()
            .all(|coefficient| *coefficient == 0.0)
    );
}

#[test]
fn a_class_that_only_the_whole_sample_has_does_no_harm() {
    let mut rows = Rows::binary();
    // Every eighth row is of class 0, so that the thinned sample has one class.
    rows.labels
        .iter_mut()
        .step_by(8)
        .for_each(|label| *label = 0.0);
    let expected = rows.fit(&options(1e-3), 2, 0);
    let fitted = rows.fit(&options(1e-3), 2, 3000);
    for (ours, expected) in fitted.coefficients[0].iter().zip(&expected.coefficients[0]) {
        assert!((ours - expected).abs() < 1e-3, "{fitted:?} {expected:?}");
    }
}

/// Binary rows with many more columns, all noise.
fn wide(columns: usize) -> Rows {
    let mut rows = Rows::binary();
    for (row, x) in rows.x.iter_mut().enumerate() {
        x.extend((5..columns).map(|column| 2.0 * uniform(row * 64 + column, 62) - 1.0));
    }
    rows
}

/// Fits them, half of the rows being the sample, in at most ten passes: the point, and the gradient of the
/// mean loss there.
fn fit_wide(options: &LogisticOptions) -> (Vec<f64>, Vec<f64>) {
    let rows = wide(EXACT_PARAMETERS_MAX);
    let mut learner = Logistic::new(options, EXACT_PARAMETERS_MAX, 2).unwrap();
    let order: Vec<usize> = (0..rows.len()).step_by(2).collect();
    let sample = rows.ordered(&order);
    learner
        .start_from_sample(&sample.tile(), &sample.labels, &sample.weights)
        .unwrap();
    let mut reports = Vec::new();
    while let Some(pass) = learner.next_pass() {
        assert!(!pass.with_hessian());
        reports.push(learner.finish_pass(&rows.sums(&pass, 3000, 3000)).unwrap());
    }
    assert!(
        reports.last().unwrap().converged && reports.len() <= 10,
        "{reports:?}"
    );
    let point = learner.descent.candidate();
    let pass = NewtonPass {
        point: point.into(),
        ..learner.pass_at(&[], false)
    };
    let sums = rows.sums(&pass, 3000, 3000);
    let gradient = sums.gradient.iter().map(|sum| sum / 3000.0);
    (point.to_vec(), gradient.collect())
}

#[test]
fn many_columns_are_preconditioned_by_the_sample() {
    let (point, gradient) = fit_wide(&LogisticOptions {
        max_iter: 20,
        tol: 1e-6,
        ..options(1e-2)
    });
    for (i, (slope, coefficient)) in gradient.iter().zip(point).enumerate() {
        let penalty = if i == EXACT_PARAMETERS_MAX {
            0.0
        } else {
            1e-2 * coefficient
        };
        assert!((slope + penalty).abs() < 1e-3, "gradient {i}");
    }
}

#[test]
fn many_columns_are_thinned_out_by_an_l1_penalty() {
    let (point, gradient) = fit_wide(&LogisticOptions {
        l1: 0.04,
        max_iter: 20,
        tol: 1e-8,
        ..options(1e-3)
    });
    let kept = point[..EXACT_PARAMETERS_MAX].iter().filter(|w| **w != 0.0);
    assert!((3..60).contains(&kept.count()), "{point:?}");
    for (i, (slope, w)) in gradient.iter().zip(&point).enumerate() {
        let (l1, l2) = match i {
            EXACT_PARAMETERS_MAX => (0.0, 0.0),
            _ => (0.04, 1e-3),
        };
        let slope = slope + l2 * w;
        let rest = if *w == 0.0 {
            slope.abs() - l1
        } else {
            (slope + l1 * w.signum()).abs()
        };
        assert!(rest < 1e-4, "coefficient {i} at {w} has slope {slope}");
    }
}

#[test]
fn balanced_weights_give_each_class_the_same_total() {
    assert_eq!(
        LogisticOptions::balanced_weights(&[90, 10, 0]),
        [100.0 / 270.0, 100.0 / 30.0, 1.0]
    );
}

#[test]
fn bad_options_are_refused_by_name() {
    let check = |options: LogisticOptions, classes: usize, expected: &str| {
        let error = Logistic::new(&options, 5, classes).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    let default = LogisticOptions::default;
    check(default(), 0, "needs a target with at least 2 classes");
    check(default(), 1, "--task regression");
    check(
        options(-1.0),
        2,
        "`l2` is -1 and must be a number from 0 up",
    );
    check(options(f64::NAN), 2, "`l2` is NaN");
    check(
        LogisticOptions {
            l1: -1.0,
            ..default()
        },
        2,
        "`l1` is -1 and must be a number from 0 up",
    );
    check(
        LogisticOptions {
            l1_ratio: 1.5,
            ..default()
        },
        2,
        "`l1_ratio` is 1.5 and must be from 0 to 1",
    );
    check(
        LogisticOptions {
            max_iter: 0,
            ..default()
        },
        2,
        "`max_iter` is 0",
    );
    check(
        LogisticOptions {
            tol: 0.0,
            ..default()
        },
        2,
        "`tol` is 0",
    );
    let weighted = |class_weights: &[f64]| LogisticOptions {
        class_weights: class_weights.to_vec(),
        ..default()
    };
    check(weighted(&[1.0]), 2, "`class_weights` is a list of 1");
    check(
        weighted(&[1.0, 0.0]),
        2,
        "`class_weights` is 0 and must be numbers above 0",
    );
    check(default(), 2_000, "12000 coefficients");
}

#[test]
fn a_pass_without_rows_is_an_error() {
    let mut learner = Logistic::new(&options(1e-6), 5, 2).unwrap();
    let sums = learner.next_pass().unwrap().sums();
    let error = learner.finish_pass(&sums).unwrap_err().to_string();
    assert!(
        error.contains("no training row has a weight above 0"),
        "{error}"
    );
    let mut learner = Logistic::new(&options(1e-6), EXACT_PARAMETERS_MAX, 2).unwrap();
    let empty = Tile::new(EXACT_PARAMETERS_MAX, 0);
    let error = learner
        .start_from_sample(&empty, &[], &[])
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("the sample of training rows has no row"),
        "{error}"
    );
}

#[test]
fn what_is_planned_is_what_is_held() {
    for (features, classes) in [(3, 2), (40, 4), (600, 2)] {
        let learner = Logistic::new(&options(1e-6), features, classes).unwrap();
        let with_hessian = Logistic::exact_hessian(learner.shape());
        let pass = learner.pass_at(learner.descent.candidate(), with_hessian);
        let sums = pass.sums();
        assert_eq!(
            sums.heap_bytes() as u64,
            NewtonSums::bytes(learner.shape(), with_hessian)
        );
        let accumulator = pass.accumulator();
        let lane = (accumulator.heap_bytes() + sums.heap_bytes()) as u64;
        assert_eq!(lane, Logistic::lane_bytes(learner.shape()));
    }
}
