//! One pass over the rows against the optimum of all rows.

use ndarray::Axis;

use super::*;
use crate::{
    data::Tile,
    learner::{
        incremental::{AveragedSgd, Merge, NewtonStep, OnlineNewton, SgdStep},
        logistic::Logistic,
    },
};

/// The mean log-loss at the optimum, with missing values at the mean: Newton passes to the end.
fn optimum(rows: &Rows, classes: usize) -> f64 {
    let features = rows.x.ncols();
    let mut tile = Tile::new(features, rows.len());
    let mut appended = tile.append(rows.len());
    for (column, values) in rows.x.axis_iter(Axis(1)).enumerate() {
        let finite = || values.iter().filter(|value| value.is_finite());
        let mean = finite().sum::<f64>() / finite().count() as f64;
        let square = finite().map(|value| (value - mean).powi(2)).sum::<f64>();
        let sd = (square / finite().count() as f64).sqrt();
        for (out, value) in appended.column_mut(column).iter_mut().zip(values) {
            *out = if value.is_finite() {
                ((value - mean) / sd) as f32
            } else {
                0.0
            };
        }
    }
    let labels: Vec<f32> = rows.y.iter().map(|label| *label as f32).collect();
    let weights = vec![1.0; rows.len()];
    let options = LogisticOptions {
        tol: 1e-12,
        ..LogisticOptions::default()
    };
    let mut solver = Logistic::new(&options, features, classes).unwrap();
    let all: Vec<u32> = (0..rows.len() as u32).collect();
    while let Some(pass) = solver.next_pass() {
        let mut accumulator = pass.accumulator();
        accumulator.update(&all, &labels, &weights, |rows, out| {
            out.copy_rows(&tile, rows[0] as usize, 1);
        });
        let mut sums = pass.sums();
        accumulator.finish_row_group_into(&mut sums);
        solver.finish_pass(&sums).unwrap();
    }
    solver.into_fit().loss
}

fn excess<S: Step>(rows: &Rows, classes: usize, batch_rows: usize) -> f64 {
    let mut learner = learner::<S>(classes);
    rows.feed(&mut learner, batch_rows);
    rows.loss(&learner) / optimum(rows, classes) - 1.0
}

#[test]
fn one_pass_of_online_newton_is_as_good_as_the_batch() {
    for classes in [2, 3] {
        let rows = Rows::new(20_000, classes);
        for batch_rows in [20_000, 1_000, 77] {
            let excess = excess::<NewtonStep>(&rows, classes, batch_rows);
            assert!(
                excess < 2e-4,
                "{classes} classes, batches of {batch_rows}: {excess}"
            );
        }
    }
}

#[test]
fn one_pass_of_averaged_sgd_is_within_a_percent() {
    for classes in [2, 3] {
        let rows = Rows::new(20_000, classes);
        for batch_rows in [20_000, 77] {
            let excess = excess::<SgdStep>(&rows, classes, batch_rows);
            assert!(
                excess < 5e-3,
                "{classes} classes, batches of {batch_rows}: {excess}"
            );
        }
    }
}

#[test]
fn a_step_size_a_coefficient_is_within_a_percent_too() {
    let rows = Rows::new(20_000, 2);
    let options = LogisticOptions {
        adaptive: true,
        ..LogisticOptions::default()
    };
    let mut learner = AveragedSgd::new(schema(2), &options).unwrap();
    rows.feed(&mut learner, 1_000);
    let excess = rows.loss(&learner) / optimum(&rows, 2) - 1.0;
    assert!(excess < 5e-3, "{excess}");
}

#[test]
fn online_newton_recovers_from_rows_sorted_by_label() {
    let rows = Rows::new(20_000, 2);
    let mut learner = learner::<NewtonStep>(2);
    rows.sorted_by_label().feed(&mut learner, 500);
    let sorted = rows.loss(&learner);
    assert!(sorted < 3.0, "{sorted}");
    rows.feed(&mut learner, 500);
    let excess = rows.loss(&learner) / optimum(&rows, 2) - 1.0;
    assert!(excess < 5e-2, "{excess}");
}

#[test]
fn two_learners_of_half_the_rows_merge_into_one_of_all() {
    let rows = Rows::new(20_000, 2);
    let best = optimum(&rows, 2);
    // The last column does not vary for the first of them.
    let parts = [rows.part(0, 6_000), rows.part(6_000, 20_000)];
    let fed = |part: &Rows| {
        let mut learner = learner::<NewtonStep>(2);
        part.feed(&mut learner, 1_000);
        learner
    };
    let [mut one, two] = [fed(&parts[0]), fed(&parts[1])];
    one.merge(&two).unwrap();
    let excess = rows.loss(&one) / best - 1.0;
    assert!(excess < 5e-4, "{excess}");
    assert_eq!(one.rows(), 20_000);

    let fed = |part: &Rows| {
        let mut learner = learner::<SgdStep>(2);
        part.feed(&mut learner, 1_000);
        learner
    };
    let [mut one, two] = [
        fed(&parts[1].part(0, 7_000)),
        fed(&parts[1].part(7_000, 14_000)),
    ];
    one.merge(&two).unwrap();
    let excess = parts[1].loss(&one) / optimum(&parts[1], 2) - 1.0;
    assert!(excess < 1e-2, "{excess}");
}

#[test]
fn coefficients_are_on_the_scale_of_the_data() {
    let rows = Rows::new(3_000, 2);
    let mut learner: OnlineNewton = learner(2);
    rows.feed(&mut learner, 500);
    let (intercept, coefficients) = learner.coefficients(0);
    let probabilities = learner.predict(rows.x.view().into()).unwrap();
    let whole = (0..rows.len()).filter(|row| rows.x.row(*row).iter().all(|x| x.is_finite()));
    for row in whole {
        let terms = rows.x.row(row).into_iter().zip(&coefficients);
        let margin = intercept + terms.map(|(x, b)| x * b).sum::<f64>();
        let expected = 1.0 / (1.0 + (-margin).exp());
        assert!(
            (probabilities[[row, 1]] - expected).abs() < 1e-5,
            "row {row}"
        );
    }
}
