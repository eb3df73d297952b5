//! Kernels over a [`Tile`]: margins, gradient, and the weighted Gram matrix `X' diag(v) X`.
//!
//! Margins and gradient are summed in `f64` in a fixed order; the Gram matrix is a product in `f32`
//! over the rows of one tile, added in `f64` over the tiles. The gradient decides where the solver
//! ends, the Gram matrix only how fast it gets there, so a relative error of 1e-6 in it is harmless.

use crate::data::Tile;

/// Rows of the Gram matrix computed by one product: what lies right of the diagonal is wasted, so
/// smaller is less work and larger is a faster product.
const GRAM_ROWS: usize = 48;

/// Partial sums of a dot product, added in a fixed tree at the end.
const LANES: usize = 8;

/// Values of a lower triangle with its diagonal, row after row.
pub fn triangle_len(columns: usize) -> usize {
    columns * (columns + 1) / 2
}

/// `out[row] = sum over columns of x * coefficient`. O(rows * columns).
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
pub fn add_gradient(tile: &Tile, residuals: &[f64], gradient: &mut [f64]) {
    assert_eq!(gradient.len(), tile.columns(), "gradient");
    assert_eq!(residuals.len(), tile.rows(), "residuals");
    for (column, sum) in gradient.iter_mut().enumerate() {
        *sum += dot_mixed(tile.column(column), residuals);
    }
}

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
pub fn dot(x: &[f64], y: &[f64]) -> f64 {
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

fn sum_lanes(lanes: [f64; LANES]) -> f64 {
    ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6]))
        + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]))
}

/// Memory that [`add_gram`] works in; contents undefined between calls.
#[derive(Debug)]
pub struct GramScratch {
    weighted: Vec<f32>,
    product: Vec<f32>,
}

impl GramScratch {
    /// Room for tiles of `columns` columns (the ones included), `stride` apart.
    pub fn new(columns: usize, stride: usize) -> Self {
        Self {
            weighted: vec![0.0; columns * stride],
            product: vec![0.0; GRAM_ROWS.min(columns) * columns],
        }
    }

    /// Bytes that [`Self::new`] allocates.
    pub fn bytes(columns: usize, stride: usize) -> u64 {
        (columns * stride + GRAM_ROWS.min(columns) * columns) as u64 * 4
    }

    /// Bytes held, by capacity.
    pub fn heap_bytes(&self) -> usize {
        (self.weighted.capacity() + self.product.capacity()) * 4
    }
}

/// Adds the lower triangle of `X' diag(curvature) X` to `gram`, row after row.
/// O(rows * columns^2 / 2), in `f32` within the tile.
pub fn add_gram(tile: &Tile, curvature: &[f32], scratch: &mut GramScratch, gram: &mut [f64]) {
    let (columns, stride, rows) = (tile.columns(), tile.stride(), tile.rows());
    assert_eq!(gram.len(), triangle_len(columns), "gram matrix");
    assert_eq!(curvature.len(), rows, "curvature");
    assert!(scratch.weighted.len() >= columns * stride, "scratch");
    for column in 0..columns {
        let weighted = &mut scratch.weighted[column * stride..][..rows];
        for ((out, x), v) in weighted.iter_mut().zip(tile.column(column)).zip(curvature) {
            *out = x * v;
        }
    }
    let mut first = 0;
    while first < columns {
        let block = GRAM_ROWS.min(columns - first);
        let width = first + block;
        let left = &tile.values()[first * stride..];
        let right = &scratch.weighted;
        transposed_product(
            left,
            right,
            stride,
            [block, rows, width],
            &mut scratch.product,
        );
        for row in 0..block {
            let start = triangle_len(first + row);
            let sums = &mut gram[start..start + first + row + 1];
            for (sum, product) in sums.iter_mut().zip(&scratch.product[row * width..]) {
                *sum += f64::from(*product);
            }
        }
        first += block;
    }
}

/// `out = left' * right` for column-major matrices of `rows` rows, columns `stride` apart; `left`
/// has `left_columns`, `right` has `right_columns`, and `out` is row-major without gaps.
fn transposed_product(
    left: &[f32],
    right: &[f32],
    stride: usize,
    [left_columns, rows, right_columns]: [usize; 3],
    out: &mut [f32],
) {
    assert!(left_columns > 0 && right_columns > 0, "columns");
    assert!(rows <= stride, "rows within the stride");
    assert!(left.len() >= (left_columns - 1) * stride + rows, "left");
    assert!(right.len() >= (right_columns - 1) * stride + rows, "right");
    assert!(out.len() >= left_columns * right_columns, "product");
    let out_stride = right_columns as isize;
    // SAFETY: `sgemm` reads left[i * stride + k] for i < left_columns, k < rows, and
    // right[j * stride + k] for j < right_columns, and writes out[i * right_columns + j]; the
    // assertions above bound the largest of each index. A vector holds at most isize::MAX bytes, so
    // the strides fit. `out` is borrowed mutably, so it overlaps neither input. With beta = 0 it is not read.
    #[allow(unsafe_code)]
    unsafe {
        matrixmultiply::sgemm(
            left_columns,
            rows,
            right_columns,
            1.0,
            left.as_ptr(),
            stride as isize,
            1,
            right.as_ptr(),
            1,
            stride as isize,
            0.0,
            out.as_mut_ptr(),
            out_stride,
            1,
        );
    }
}
