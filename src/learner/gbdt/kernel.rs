//! The innermost loops: gradients into histograms.
//!
//! A row's gradient and hessian are two integers in a `u32` ([`pack`]). In a histogram they are two
//! lanes of a `u64` ([`lanes`]), so that one addition adds both. Lanes are exact for
//! [`PACKED_ROWS_MAX`] rows; the caller spills before that ([`unpack`]).
//!
//! ```text
//!  u32 per row      gradient i16 | hessian u16          |gradient|, hessian <= 16,383
//!  u64 per bin      sum of gradients i32 : hessians u32     added as one integer
//! ```
//!
//! Rows come as lists sorted by node, so that a node's four histograms (8 KiB) stay in the first
//! cache level; four columns at a time break the chain of store and load on a bin that repeats.
//! While lists are long, a list sweeps the columns themselves. Short lists would take a line of the
//! cache from each column for every row: there one sweep gathers the codes of all lists' rows, four
//! columns a `u32`, in the order of the lists ([`gather`]). Figures: `docs/notes/kernels.md`.

use crate::limits::{BLOCK_ROWS, CODES_MAX};

/// The largest magnitude of a quantised gradient, and the largest quantised hessian.
pub(crate) const QUANTUM_MAX: i32 = (1 << 14) - 1;

/// Rows whose sums are certain to fit the lanes of a packed bin.
pub(crate) const PACKED_ROWS_MAX: usize = 1 << 17;

const _: () = assert!(PACKED_ROWS_MAX as i64 * (QUANTUM_MAX as i64) < (1 << 31));
const _: () = assert!(BLOCK_ROWS <= PACKED_ROWS_MAX);
const _: () = assert!(
    BLOCK_ROWS == 1 << 16,
    "a row of a block is indexed by a u16"
);

/// Byte columns accumulated at once.
pub(crate) const GROUP: usize = 4;

/// The codes of one byte column in one block; a `u16` indexes it without a check.
pub(crate) type Column = [u8; BLOCK_ROWS];

/// Packed sums of one byte column in one node; a code indexes it without a check.
pub(crate) type Histogram = [u64; CODES_MAX];

/// Packs a quantised gradient and hessian.
#[inline(always)]
pub fn pack(gradient: i32, hessian: i32) -> u32 {
    debug_assert!(gradient.abs() <= QUANTUM_MAX);
    debug_assert!((0..=QUANTUM_MAX).contains(&hessian));
    ((gradient as u32) << 16) | hessian as u32
}

/// The packed row as lanes of a histogram bin.
#[inline(always)]
pub fn lanes(packed: u32) -> u64 {
    let gradient = i64::from(packed as i32 >> 16);
    let hessian = u64::from(packed & 0xffff);
    ((gradient << 32) as u64).wrapping_add(hessian)
}

/// A bin's sums of gradients and hessians.
#[inline(always)]
pub fn unpack(bin: u64) -> (i64, i64) {
    (i64::from((bin >> 32) as i32), i64::from(bin as u32))
}

/// Adds the listed rows of a block into the histograms of `N` byte columns of one node.
///
/// `rows` are row numbers in the block, `sums` the [`lanes`] of their gradients in the same order.
/// Cost O(rows * N): about 0.5 ns a row and column while the histograms are in the first cache.
#[inline(always)]
pub(crate) fn accumulate<const N: usize>(
    columns: [&Column; N],
    rows: &[u16],
    sums: &[u64],
    histograms: [&mut Histogram; N],
) {
    assert_eq!(rows.len(), sums.len());
    for (&row, &sums) in rows.iter().zip(sums) {
        for k in 0..N {
            let bin = &mut histograms[k][usize::from(columns[k][usize::from(row)])];
            *bin = bin.wrapping_add(sums);
        }
    }
}

/// [`accumulate`] for a group of [`GROUP`] columns, kept apart from its callers' registers.
#[inline(never)]
pub(crate) fn accumulate_group(
    columns: [&Column; GROUP],
    rows: &[u16],
    sums: &[u64],
    histograms: &mut [Histogram; GROUP],
) {
    accumulate(columns, rows, sums, histograms.each_mut());
}

/// The codes of a row in a group of columns, the first column's in the lowest byte.
pub(crate) type Quad = u32;

/// Gathers the codes of rows into the order of their lists: row `rows[i]` goes to `places[i]`.
///
/// Cost O(rows): about 0.27 ns a row and column.
///
/// # Panics
/// If a place is not in `quads`.
#[inline(never)]
pub(crate) fn gather(columns: [&Column; GROUP], rows: &[u16], places: &[u16], quads: &mut [Quad]) {
    assert_eq!(rows.len(), places.len());
    for (&row, &place) in rows.iter().zip(places) {
        let codes = columns.map(|column| column[usize::from(row)]);
        quads[usize::from(place)] = Quad::from_le_bytes(codes);
    }
}

/// Adds gathered rows into the histograms of a group of columns of one node.
///
/// `sums` are the [`lanes`] of the rows' gradients. Cost O(rows): about 0.4 ns a row and column.
#[inline(never)]
pub(crate) fn accumulate_quads(quads: &[Quad], sums: &[u64], histograms: &mut [Histogram; GROUP]) {
    assert_eq!(quads.len(), sums.len());
    for (&quad, &sums) in quads.iter().zip(sums) {
        let codes = quad.to_le_bytes();
        for k in 0..GROUP {
            let bin = &mut histograms[k][usize::from(codes[k])];
            *bin = bin.wrapping_add(sums);
        }
    }
}

/// [`accumulate`] for the one to three columns that are left over.
pub(crate) fn accumulate_rest(
    columns: &[&Column],
    rows: &[u16],
    sums: &[u64],
    histograms: &mut [Histogram; GROUP],
) {
    let [first, second, third, _] = histograms;
    match *columns {
        [a] => accumulate([a], rows, sums, [first]),
        [a, b] => accumulate([a, b], rows, sums, [first, second]),
        [a, b, c] => accumulate([a, b, c], rows, sums, [first, second, third]),
        _ => panic!("one to three columns are left over"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The naive twin: pairs of wide integers, a row and a column at a time.
    fn accumulate_naive(
        columns: &[&Column],
        rows: &[u16],
        gradients: &[(i32, i32)],
    ) -> Vec<Vec<(i64, i64)>> {
        let mut sums = vec![vec![(0, 0); CODES_MAX]; columns.len()];
        for (column, sums) in columns.iter().zip(&mut sums) {
            for (&row, &(gradient, hessian)) in rows.iter().zip(gradients) {
                let bin = &mut sums[usize::from(column[usize::from(row)])];
                bin.0 += i64::from(gradient);
                bin.1 += i64::from(hessian);
            }
        }
        sums
    }

    fn column(seed: u64) -> Box<Column> {
        let mut codes = vec![0u8; BLOCK_ROWS];
        let mut state = seed;
        for code in &mut codes {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
            *code = (state >> 56) as u8;
        }
        codes.into_boxed_slice().try_into().expect("a block long")
    }

    #[test]
    fn packing_keeps_both_numbers() {
        for gradient in [-QUANTUM_MAX, -1, 0, 1, 77, QUANTUM_MAX] {
            for hessian in [0, 1, 4_096, QUANTUM_MAX] {
                let sums = lanes(pack(gradient, hessian));
                assert_eq!(unpack(sums), (gradient.into(), hessian.into()));
            }
        }
    }

    #[test]
    fn lanes_hold_the_most_rows_of_the_largest_gradient() {
        for gradient in [-QUANTUM_MAX, QUANTUM_MAX] {
            let row = lanes(pack(gradient, QUANTUM_MAX));
            let bin = row.wrapping_mul(PACKED_ROWS_MAX as u64);
            let rows = PACKED_ROWS_MAX as i64;
            let expected = (i64::from(gradient) * rows, i64::from(QUANTUM_MAX) * rows);
            assert_eq!(unpack(bin), expected);
        }
    }

    #[test]
    fn kernels_agree_with_the_naive_twin() {
        let owned: Vec<Box<Column>> = (1..5).map(column).collect();
        let columns: Vec<&Column> = owned.iter().map(|column| &**column).collect();
        let rows: Vec<u16> = (0..BLOCK_ROWS as u32)
            .filter(|row| row % 3 != 1)
            .map(|row| row as u16)
            .collect();
        let pairs: Vec<(i32, i32)> = (0..rows.len() as i32)
            .map(|i| (i * 7_919 % 32_767 - QUANTUM_MAX, i * 31_337 % 16_384))
            .collect();
        let sums: Vec<u64> = pairs.iter().map(|&(g, h)| lanes(pack(g, h))).collect();
        let expected = accumulate_naive(&columns, &rows, &pairs);
        let check = |histograms: &[Histogram], columns: usize| {
            for k in 0..columns {
                for code in 0..CODES_MAX {
                    assert_eq!(unpack(histograms[k][code]), expected[k][code], "{k} {code}");
                }
            }
        };
        let mut histograms = Box::new([[0u64; CODES_MAX]; GROUP]);
        let four = [columns[0], columns[1], columns[2], columns[3]];
        accumulate_group(four, &rows, &sums, &mut histograms);
        check(&histograms[..], GROUP);
        // Lists of even and of odd rows, one after the other.
        let evens = rows.iter().filter(|&row| row % 2 == 0).count() as u16;
        let (mut even, mut odd) = (0..evens, evens..);
        let place = |row: &u16| {
            if row.is_multiple_of(2) {
                even.next()
            } else {
                odd.next()
            }
        };
        let places: Vec<u16> = rows.iter().filter_map(place).collect();
        let mut quads = vec![0; rows.len()];
        gather(four, &rows, &places, &mut quads);
        let mut placed = vec![0; rows.len()];
        for (&sums, &place) in sums.iter().zip(&places) {
            placed[usize::from(place)] = sums;
        }
        let mut histograms = Box::new([[0u64; CODES_MAX]; GROUP]);
        accumulate_quads(&quads, &placed, &mut histograms);
        check(&histograms[..], GROUP);
        for left_over in 1..GROUP {
            let mut histograms = Box::new([[0u64; CODES_MAX]; GROUP]);
            accumulate_rest(&columns[..left_over], &rows, &sums, &mut histograms);
            check(&histograms[..], left_over);
        }
    }
}
