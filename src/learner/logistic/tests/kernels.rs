//! Fast routines against their naive twins.

use super::*;
use crate::learner::logistic::{
    accumulate::TILE_ROWS,
    gram::{GramScratch, add_gram},
    kernel::{add_gradient, dot, margins_into, triangle_len},
    link::{binary, pair_index, pairs, softmax},
};

/// A tile of pseudo-random values.
fn tile(features: usize, rows: usize) -> Tile {
    let mut tile = Tile::new(features, TILE_ROWS);
    let mut appended = tile.append(rows);
    for feature in 0..features {
        for (row, value) in appended.column_mut(feature).iter_mut().enumerate() {
            *value = (4.0 * uniform(row, feature) - 2.0) as f32;
        }
    }
    tile
}

fn close(fast: f64, naive: f64, tolerance: f64) {
    assert!(
        (fast - naive).abs() <= tolerance * naive.abs().max(1.0),
        "{fast} {naive}"
    );
}

#[test]
fn margins_and_gradient_are_plain_sums() {
    for (features, rows) in [(0, 1), (1, 3), (3, 8), (4, 17), (49, TILE_ROWS)] {
        let tile = tile(features, rows);
        let coefficients: Vec<f64> = (0..=features).map(|i| uniform(7, i) - 0.5).collect();
        let residuals: Vec<f64> = (0..rows).map(|row| uniform(row, 63) - 0.5).collect();
        let mut margins = vec![f64::NAN; rows];
        margins_into(&tile, &coefficients, &mut margins);
        let at = |column: usize, row: usize| f64::from(tile.column(column)[row]);
        for (row, margin) in margins.iter().enumerate() {
            let naive: f64 = (0..=features).map(|c| at(c, row) * coefficients[c]).sum();
            close(*margin, naive, 1e-13);
        }
        let mut gradient = vec![1.0; features + 1];
        add_gradient(&tile, &residuals, &mut gradient);
        for (column, sum) in gradient.iter().enumerate() {
            let naive: f64 = (0..rows).map(|row| at(column, row) * residuals[row]).sum();
            close(*sum, 1.0 + naive, 1e-12);
        }
    }
}

#[test]
fn the_gram_matrix_is_the_weighted_product() {
    for (features, rows) in [(0, 1), (1, 3), (6, 8), (7, 64), (48, 65), (101, TILE_ROWS)] {
        let tile = tile(features, rows);
        let columns = features + 1;
        let curvature: Vec<f32> = (0..rows).map(|row| uniform(row, 62) as f32 / 4.0).collect();
        let mut gram = vec![0.5; triangle_len(columns)];
        let mut scratch = GramScratch::new(rows);
        add_gram(&tile, &curvature, &mut scratch, &mut gram);
        for i in 0..columns {
            for j in 0..=i {
                let x = tile.column(i).iter().zip(tile.column(j)).zip(&curvature);
                let naive: f64 = x
                    .map(|((a, b), v)| f64::from(*a) * f64::from(*b) * f64::from(*v))
                    .sum();
                close(gram[triangle_len(i) + j], 0.5 + naive, 2e-5);
            }
        }
    }
}

#[test]
fn dot_products_add_every_value_once() {
    for len in [0, 1, 7, 8, 9, 31] {
        let x: Vec<f64> = (1..=len).map(f64::from).collect();
        assert_eq!(dot(&x, &x), f64::from(len * (len + 1) * (2 * len + 1) / 6));
    }
}

#[test]
fn a_binary_link_is_the_derivative_of_its_loss() {
    let evaluate = |margin: f64, class: u32| {
        let (mut margins, mut curvature) = ([margin], [0.0]);
        let loss = binary(&mut margins, &[class], &[2.0], &mut curvature);
        (loss, margins[0], f64::from(curvature[0]))
    };
    for class in [0, 1] {
        for margin in [-30.0, -3.0, -0.1, 0.0, 0.2, 5.0, 30.0] {
            let (loss, residual, curvature) = evaluate(margin, class);
            let (below, above) = (
                evaluate(margin - 1e-5, class),
                evaluate(margin + 1e-5, class),
            );
            close(residual, (above.0 - below.0) / 2e-5, 1e-8);
            close(curvature, (above.1 - below.1) / 2e-5, 1e-7);
            let towards = if class == 1 { -margin } else { margin };
            close(loss, 2.0 * (1.0 + towards.exp()).ln(), 1e-12);
        }
    }
    let (loss, residual, curvature) = evaluate(-5000.0, 1);
    assert_eq!((loss, residual, curvature), (10_000.0, -2.0, 0.0));
}

#[test]
fn a_softmax_link_is_the_derivative_of_its_loss() {
    let (rows, outputs) = (2, 3);
    let start = [0.3, -1.0, 2.0, 0.5, -0.7, 40.0];
    let evaluate = |margins: [f64; 6]| {
        let (mut margins, mut curvatures) = (margins, vec![0.0; pairs(outputs) * rows]);
        let loss = softmax(&mut margins, &[1, 2], &[1.0, 0.5], &mut curvatures);
        (loss, margins, curvatures)
    };
    let (_, residuals, curvatures) = evaluate(start);
    for row in 0..rows {
        for k in 0..outputs {
            let nudged = |by: f64| {
                let mut margins = start;
                margins[k * rows + row] += by;
                evaluate(margins)
            };
            let (below, above) = (nudged(-1e-5), nudged(1e-5));
            close(residuals[k * rows + row], (above.0 - below.0) / 2e-5, 1e-8);
            for j in 0..k {
                let change = (above.1[j * rows + row] - below.1[j * rows + row]) / 2e-5;
                close(
                    f64::from(curvatures[pair_index(j, k) * rows + row]),
                    -change,
                    1e-7,
                );
            }
        }
    }
}

#[test]
fn the_hessian_of_a_softmax_is_the_derivative_of_its_gradient() {
    let rows = Rows::three_classes();
    let learner = Logistic::new(&options(0.0), 5, 3).unwrap();
    let point: Vec<f64> = (0..18).map(|i| 0.6 * (uniform(3, i) - 0.5)).collect();
    let gradient = |i: usize, by: f64| {
        let mut point = point.clone();
        point[i] += by;
        let pass = NewtonPass {
            point: point.into(),
            ..learner.next_pass().unwrap()
        };
        rows.sums(&pass, 1000, 1000)
    };
    let hessian = gradient(0, 0.0).hessian();
    for i in 0..18 {
        let (below, above) = (gradient(i, -1e-4), gradient(i, 1e-4));
        for j in 0..=i {
            let change = (above.gradient[j] - below.gradient[j]) / 2e-4 / rows.len() as f64;
            close(hessian[triangle_len(i) + j], change, 1e-5);
        }
    }
}
