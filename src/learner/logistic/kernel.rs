//! Kernels over a [`Tile`]: margins and gradient.
//!
//! They are summed in `f64` in a fixed order; the [Gram matrix](super::gram) is a product in `f32` over
//! the rows of one tile, added in `f64` over the tiles. The gradient decides where the solver ends, the
//! Gram matrix only how fast it gets there, so a relative error of 1e-6 in it is harmless.

use crate::data::Tile;

/// Partial sums of a dot product, added in a fixed tree at the end.
const LANES: usize = 8;

/// Values of a lower triangle with its diagonal, row after row.
pub fn triangle_len(columns: usize) -> usize {
    columns * (columns + 1) / 2
}

/// `out[row] = sum over columns of x * coefficient`. O(rows * columns).
#[inline(always)]
pub fn margins_into(tile: &Tile, coefficients: &[f64], out: &mut [f64]) {
    assert_eq!(coefficients.len(), tile.columns(), "coefficients");
    assert_eq!(out.len(), tile.rows(), "margins");
    out.fill(0.0);
    let mut column = 0;
    while column + 4 <= coefficients.len() {
        let c = &coefficients[column..column + 4];
        let (x0, x1) = (tile.column(column), tile.column(column + 1));
        let (x2, x3) = (tile.column(column + 2), tile.column(column + 3));
        for ((((out, x0), x1), x2), x3) in out.iter_mut().zip(x0).zip(x1).zip(x2).zip(x3) {
            let low = f64::from(*x0) * c[0] + f64::from(*x1) * c[1];
            let high = f64::from(*x2) * c[2] + f64::from(*x3) * c[3];
            *out += low + high;
        }
        column += 4;
    }
    for (column, coefficient) in coefficients.iter().enumerate().skip(column) {
        for (out, x) in out.iter_mut().zip(tile.column(column)) {
            *out += f64::from(*x) * coefficient;
        }
    }
}

/// Adds `sum over rows of x * residual` to each column of `gradient`. O(rows * columns).
#[inline(always)]
pub fn add_gradient(tile: &Tile, residuals: &[f64], gradient: &mut [f64]) {
    assert_eq!(gradient.len(), tile.columns(), "gradient");
    assert_eq!(residuals.len(), tile.rows(), "residuals");
    for (column, sum) in gradient.iter_mut().enumerate() {
        *sum += dot_mixed(tile.column(column), residuals);
    }
}

#[inline(always)]
fn dot_mixed(x: &[f32], y: &[f64]) -> f64 {
    let mut lanes = [0.0; LANES];
    let (x_chunks, y_chunks) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    let rest: f64 = (x_chunks.remainder().iter().zip(y_chunks.remainder()))
        .map(|(x, y)| f64::from(*x) * y)
        .sum();
    for (x, y) in x_chunks.zip(y_chunks) {
        for lane in 0..LANES {
            lanes[lane] += f64::from(x[lane]) * y[lane];
        }
    }
    sum_lanes(lanes) + rest
}

/// `sum of x * y`, in the fixed order of eight partial sums.
pub(crate) fn dot(x: &[f64], y: &[f64]) -> f64 {
    assert_eq!(x.len(), y.len(), "lengths of a dot product");
    let mut lanes = [0.0; LANES];
    let (x_chunks, y_chunks) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    let rest: f64 = (x_chunks.remainder().iter().zip(y_chunks.remainder()))
        .map(|(x, y)| x * y)
        .sum();
    for (x, y) in x_chunks.zip(y_chunks) {
        for lane in 0..LANES {
            lanes[lane] += x[lane] * y[lane];
        }
    }
    sum_lanes(lanes) + rest
}

#[inline(always)]
fn sum_lanes(lanes: [f64; LANES]) -> f64 {
    ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6]))
        + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]))
}
