//! Laws: determinism, saving, weights, scales, memory.

use ndarray::Array1;

use super::*;
use crate::learner::incremental::{
    Merge, NewtonStep, SgdStep, rescale::Rescale, standardizer::Standardizer,
};

fn saved<S: Step>(learner: &Pipeline<S>) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("learner");
    learner.save(&path).unwrap();
    std::fs::read(path).unwrap()
}

fn check_the_same_batches_give_the_same_bytes<S: Step>() {
    let rows = Rows::new(2_000, 3);
    let feed = || {
        let mut learner = learner::<S>(3);
        rows.feed(&mut learner, 300);
        learner
    };
    assert_eq!(saved(&feed()), saved(&feed()));
    // Layout and precision of the views: exact in f32, the bytes are the same.
    let x = rows.x.mapv(|x| x as f32);
    let narrow = Rows {
        x: x.mapv(f64::from),
        y: rows.y.clone(),
    };
    let (mut one, mut two) = (learner::<S>(3), learner::<S>(3));
    one.partial_fit(&narrow.batch()).unwrap();
    let columns = x.t().as_standard_layout().to_owned();
    two.partial_fit(&Batch::new(columns.t(), rows.y.view()))
        .unwrap();
    assert_eq!(saved(&one), saved(&two));
}

#[test]
fn the_same_batches_give_the_same_bytes() {
    check_the_same_batches_give_the_same_bytes::<NewtonStep>();
    check_the_same_batches_give_the_same_bytes::<SgdStep>();
}

fn check_a_loaded_learner_goes_on<S: Step>() {
    let rows = Rows::new(3_000, 3);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("learner");
    let mut whole = learner::<S>(3);
    rows.part(0, 1_700).feed(&mut whole, 300);
    whole.save(&path).unwrap();
    let mut loaded = Pipeline::<S>::load(&path).unwrap();
    assert_eq!(loaded.rows(), 1_700);
    assert_eq!(loaded.schema(), whole.schema());
    let features = || rows.x.view().into();
    assert_eq!(
        loaded.predict(features()).unwrap(),
        whole.predict(features()).unwrap()
    );
    for learner in [&mut whole, &mut loaded] {
        rows.part(1_700, 3_000).feed(learner, 300);
    }
    assert_eq!(saved(&whole), saved(&loaded));
}

#[test]
fn a_loaded_learner_goes_on_as_if_it_had_never_been_saved() {
    check_a_loaded_learner_goes_on::<NewtonStep>();
    check_a_loaded_learner_goes_on::<SgdStep>();
}

fn check_weights<S: Step>() {
    let rows = Rows::new(1_200, 2);
    // Rows of weight 0 leave no trace, where blocks are the same.
    let weights = Array1::from_iter((0..1_200).map(|row| f64::from(u8::from(row % 64 < 32))));
    let order: Vec<usize> = (0..1_200).filter(|row| row % 64 < 32).collect();
    let kept = Rows {
        x: rows.x.select(ndarray::Axis(0), &order),
        y: rows.y.select(ndarray::Axis(0), &order),
    };
    let (mut one, mut two) = (learner::<S>(2), learner::<S>(2));
    for block in (0..1_200).step_by(S::BLOCK_ROWS) {
        let end = 1_200.min(block + S::BLOCK_ROWS);
        let part = rows.part(block, end);
        let weights = weights.slice(s![block..end]);
        one.partial_fit(&part.batch().with_weights(weights))
            .unwrap();
        let before = |row: usize| order.iter().filter(|kept| **kept < row).count();
        if before(end) > before(block) {
            two.partial_fit(&kept.part(before(block), before(end)).batch())
                .unwrap();
        }
    }
    let features = || rows.x.view().into();
    assert_eq!(
        one.predict(features()).unwrap(),
        two.predict(features()).unwrap()
    );
    // A class of weight 3 is what three times the weight of its rows is.
    let options = LogisticOptions {
        class_weights: vec![1.0, 3.0],
        ..LogisticOptions::default()
    };
    let mut one = Pipeline::<S>::new(schema(2), &options).unwrap();
    one.partial_fit(&rows.batch()).unwrap();
    let weights = rows.y.mapv(|label| if label == 1.0 { 3.0 } else { 1.0 });
    let mut two = learner::<S>(2);
    two.partial_fit(&rows.batch().with_weights(weights.view()))
        .unwrap();
    assert_eq!(
        one.predict(features()).unwrap(),
        two.predict(features()).unwrap()
    );
}

#[test]
fn weights_of_rows_and_classes_count() {
    check_weights::<NewtonStep>();
    check_weights::<SgdStep>();
}

fn check_memory<S: Step>() {
    let mut learner = learner::<S>(3);
    let rows = Rows::new(4_000, 3);
    rows.part(0, 1_000).feed(&mut learner, 250);
    let held = learner.heap_bytes();
    rows.feed(&mut learner, 4_000);
    assert_eq!(learner.heap_bytes(), held);
}

#[test]
fn memory_does_not_grow_with_rows() {
    check_memory::<NewtonStep>();
    check_memory::<SgdStep>();
}

#[test]
fn an_untaught_learner_finds_all_classes_equally_likely() {
    let rows = Rows::new(10, 3);
    let probabilities = learner::<NewtonStep>(3)
        .predict(rows.x.view().into())
        .unwrap();
    assert!(probabilities.iter().all(|p| (p - 1.0 / 3.0).abs() < 1e-15));
    let none = rows.part(0, 0);
    let probabilities = learner::<SgdStep>(2).predict(none.x.view().into()).unwrap();
    assert_eq!(probabilities.dim(), (0, 2));
}

#[test]
fn a_class_that_comes_late_is_learned() {
    let rows = Rows::new(12_000, 3).sorted_by_label();
    let mut learner = learner::<NewtonStep>(3);
    let first = rows.y.iter().position(|label| *label == 2.0).unwrap();
    rows.part(0, first).feed(&mut learner, 1_000);
    let rare = learner
        .predict(rows.x.view().into())
        .unwrap()
        .column(2)
        .mean()
        .unwrap();
    rows.part(first, rows.len()).feed(&mut learner, 1_000);
    let later = learner
        .predict(rows.x.view().into())
        .unwrap()
        .column(2)
        .mean()
        .unwrap();
    assert!(rare < 0.01 && later > 0.1, "{rare} {later}");
}

fn check_outliers<S: Step>() {
    let mut rows = Rows::new(3_000, 3);
    for (row, value) in [
        (10, 1e29),
        (700, -1e29),
        (1_500, 1e300),
        (2_000, f64::NEG_INFINITY),
    ] {
        rows.x[[row, 1]] = value;
    }
    rows.x[[2_500, 2]] = 1e30;
    let weights =
        Array1::from_iter((0..3_000).map(|row| if row % 100 == 5 { 1e12 } else { 1e-12 }));
    let mut learner = learner::<S>(3);
    learner.partial_fit(&rows.batch()).unwrap();
    learner
        .partial_fit(&rows.batch().with_weights(weights.view()))
        .unwrap();
    let probabilities = learner.predict(rows.x.view().into()).unwrap();
    assert!(probabilities.iter().all(|p| (0.0..=1.0).contains(p)));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("learner");
    learner.save(&path).unwrap();
    Pipeline::<S>::load(&path).unwrap();
}

#[test]
fn huge_values_and_weights_leave_finite_numbers() {
    check_outliers::<NewtonStep>();
    check_outliers::<SgdStep>();
}

#[test]
fn a_change_of_scale_changes_no_margin_and_no_curvature() {
    let shape = crate::learner::logistic::Shape {
        columns: 3,
        outputs: 2,
    };
    let (center, sd) = ([1.0, -2.0], [0.5, 3.0]);
    let (new_center, new_sd) = ([1.5, -4.0], [2.0, 1.0]);
    let mut change = Rescale::default();
    change.replace((0..2).map(|j| (new_sd[j] / sd[j], (new_center[j] - center[j]) / sd[j])));
    let point: Vec<f64> = (0..6).map(|i| uniform(i, 1) - 0.5).collect();
    let mut moved = point.clone();
    change.apply(shape, &mut moved);
    // The Hessian as a sum over rows and pairs of outputs: of raw rows on either scale.
    let hessian = |center: [f64; 2], sd: [f64; 2]| {
        let mut triangle = vec![0.0; 21];
        for row in 0..20 {
            let x: Vec<f64> = (0..2)
                .map(|j| (uniform(row, 10 + j) - center[j]) / sd[j])
                .chain([1.0])
                .collect();
            let v = |k: usize, l: usize| {
                if k == l {
                    1.0 + uniform(row, 20)
                } else {
                    -uniform(row, 21)
                }
            };
            for i in 0..6 {
                for j in 0..=i {
                    triangle[i * (i + 1) / 2 + j] += v(i / 3, j / 3) * x[i % 3] * x[j % 3];
                }
            }
        }
        triangle
    };
    let mut rescaled = hessian(center, sd);
    change.apply_to_hessian(shape, &mut rescaled);
    for (rescaled, expected) in rescaled.iter().zip(hessian(new_center, new_sd)) {
        assert!((rescaled - expected).abs() < 1e-9, "{rescaled} {expected}");
    }
    for output in 0..2 {
        let raw = [0.3, 7.0];
        let margin = |point: &[f64], center: [f64; 2], sd: [f64; 2]| {
            let of = &point[3 * output..][..3];
            (0..2)
                .map(|j| of[j] * (raw[j] - center[j]) / sd[j])
                .sum::<f64>()
                + of[2]
        };
        let (before, after) = (
            margin(&point, center, sd),
            margin(&moved, new_center, new_sd),
        );
        assert!((before - after).abs() < 1e-12);
    }
}

#[test]
fn moments_follow_the_rows_and_a_constant_is_exactly_that() {
    let mut standardizer = Standardizer::new(2);
    let mut change = Rescale::default();
    let odd = [0.1; 3];
    standardizer.update(0, &[1.0, f64::NAN, 3.0, f64::INFINITY]);
    standardizer.update(1, &odd);
    assert!(standardizer.refresh_after(4, &mut change));
    assert_eq!(standardizer.scale_of(0), (2.0, 1.0));
    assert_eq!(standardizer.scale_of(1), (0.1, 0.0));
    let mut out = [9.0; 3];
    standardizer.standardise(1, &odd, &mut out);
    assert_eq!(out, [0.0; 3]);
    standardizer.standardise(0, &[4.0, f64::NAN, 2.0], &mut out);
    assert_eq!(out, [2.0, 0.0, 0.0]);
    // Not yet time for another scale, unless a column varies that did not, or much more than so far.
    standardizer.update(0, &[2.5]);
    assert!(!standardizer.refresh_after(1, &mut change));
    standardizer.update(1, &[0.5]);
    assert!(standardizer.refresh_after(1, &mut change));
    let (center, sd) = standardizer.scale_of(1);
    assert!((center - 0.2).abs() < 1e-15 && sd > 0.0);
    assert_eq!(
        (change.ratios[1], change.shifts[1]),
        (1.0, (center - 0.1) / sd)
    );
    standardizer.update(0, &[100.0]);
    assert!(standardizer.refresh_after(1, &mut change));
}

#[test]
fn merged_moments_are_those_of_all_rows() {
    let values: Vec<f64> = (0..100).map(|row| uniform(row, 0)).collect();
    let fed = |parts: &[&[f64]]| {
        let mut standardizer = Standardizer::new(1);
        for part in parts {
            standardizer.update(0, part);
            standardizer.refresh_after(part.len() as u64, &mut Rescale::default());
        }
        standardizer
    };
    let mut one = fed(&[&values[..30]]);
    let two = fed(&[&values[30..70], &values[70..]]);
    let (mut change, mut others) = (Rescale::default(), Rescale::default());
    let before = one.scale_of(0);
    one.merge(&two, &mut change, &mut others);
    let (center, sd) = one.scale_of(0);
    let mean = values.iter().sum::<f64>() / 100.0;
    let square = values
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f64>()
        / 100.0;
    assert!((center - mean).abs() < 1e-14 && (sd - square.sqrt()).abs() < 1e-14);
    assert_eq!(change.ratios, [sd / before.1]);
    assert_eq!(
        others.shifts,
        [(center - two.scale_of(0).0) / two.scale_of(0).1]
    );
}

/// The largest difference of probabilities, where no value is missing: those stand at means that move.
fn largest_difference(rows: &Rows, one: &Array2<f64>, other: &Array2<f64>) -> f64 {
    let is_whole = |row: &usize| rows.x.row(*row).iter().all(|x| x.is_finite());
    let whole = (0..rows.len()).filter(is_whole);
    let differences = whole.map(|row| (one[[row, 0]] - other[[row, 0]]).abs());
    differences.fold(0.0, f64::max)
}

fn check_merging_nothing<S: Step>() {
    let rows = Rows::new(2_000, 2);
    let mut one = learner::<S>(2);
    rows.feed(&mut one, 500);
    let before = one.predict(rows.x.view().into()).unwrap();
    one.merge(&learner::<S>(2)).unwrap();
    let after = one.predict(rows.x.view().into()).unwrap();
    assert!(largest_difference(&rows, &before, &after) < 1e-6);
    let mut empty = learner::<S>(2);
    empty.merge(&one).unwrap();
    let other = empty.predict(rows.x.view().into()).unwrap();
    assert!(largest_difference(&rows, &before, &other) < 1e-6);
}

#[test]
fn an_untaught_learner_is_neutral_in_a_merge() {
    check_merging_nothing::<NewtonStep>();
    check_merging_nothing::<SgdStep>();
}
