//! Centring, masks and products of columns: free functions on slices.

use crate::stats::comoments::column::Shift;

/// Rows of a panel: columns of so many doubles stay in the second-level cache while a block of the
/// triangle is multiplied.
pub(super) const PANEL_ROWS: usize = 512;

/// Partial sums, added in a fixed tree at the end.
const LANES: usize = 4;

/// Centres values in place and answers their sum and sum of squares. A value that is not finite
/// makes the sum of squares not finite. O(rows), 0.5 ns each.
pub(super) fn centre(values: &mut [f64], shift: Shift) -> (f64, f64) {
    for value in &mut *values {
        *value = *value * shift.scale - shift.mean;
    }
    sums(values)
}

/// As [`centre`]; values that are not finite become 0 and get the mask 0, others the mask 1.
pub(super) fn centre_masked(values: &mut [f64], mask: &mut [f64], shift: Shift) -> (f64, f64) {
    assert_eq!(values.len(), mask.len(), "a mask a value");
    for (value, mask) in values.iter_mut().zip(mask) {
        let is_finite = value.abs() < f64::INFINITY;
        let centred = *value * shift.scale - shift.mean;
        *value = if is_finite { centred } else { 0.0 };
        *mask = if is_finite { 1.0 } else { 0.0 };
    }
    sums(values)
}

/// The number of ones in a mask.
pub(super) fn ones(mask: &[f64]) -> u64 {
    mask.iter().map(|one| u64::from(*one > 0.5)).sum()
}

fn sums(values: &[f64]) -> (f64, f64) {
    let (mut sum, mut square) = ([0.0; LANES], [0.0; LANES]);
    let chunks = values.chunks_exact(LANES);
    for (lane, value) in chunks.remainder().iter().enumerate() {
        sum[lane] += value;
        square[lane] += value * value;
    }
    for chunk in chunks {
        for lane in 0..LANES {
            sum[lane] += chunk[lane];
            square[lane] += chunk[lane] * chunk[lane];
        }
    }
    let tree = |lanes: [f64; LANES]| (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]);
    (tree(sum), tree(square))
}

/// `out += left' * right` for column-major matrices of `rows` rows whose columns are
/// [`PANEL_ROWS`] apart; `out` is row-major without gaps.
pub(super) fn add_products(
    left: &[f64],
    right: &[f64],
    [left_columns, rows, right_columns]: [usize; 3],
    out: &mut [f64],
) {
    assert!(left_columns > 0 && right_columns > 0, "columns");
    assert!(rows <= PANEL_ROWS, "rows within a panel");
    assert!(left.len() >= (left_columns - 1) * PANEL_ROWS + rows, "left");
    assert!(
        right.len() >= (right_columns - 1) * PANEL_ROWS + rows,
        "right"
    );
    assert!(out.len() >= left_columns * right_columns, "sums");
    // SAFETY: `dgemm` reads left[i * PANEL_ROWS + k] for i < left_columns, k < rows, and
    // right[j * PANEL_ROWS + k] for j < right_columns, and reads and writes
    // out[i * right_columns + j]; the assertions above bound the largest of each index. A vector
    // holds at most isize::MAX bytes, so the strides fit. `out` is borrowed mutably, so it overlaps
    // neither input.
    #[allow(unsafe_code)]
    unsafe {
        matrixmultiply::dgemm(
            left_columns,
            rows,
            right_columns,
            1.0,
            left.as_ptr(),
            PANEL_ROWS as isize,
            1,
            right.as_ptr(),
            1,
            PANEL_ROWS as isize,
            1.0,
            out.as_mut_ptr(),
            right_columns as isize,
            1,
        );
    }
}
