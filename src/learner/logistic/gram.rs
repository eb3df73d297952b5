//! The weighted Gram matrix `X' diag(v) X` of a [`Tile`], a block of entries at a time.
//!
//! A column's values lie side by side, so that an entry is a dot product over the rows: eight partial
//! sums, each of every eighth row. Four weighted columns and three others make twelve entries from seven
//! loads, which keeps the multipliers busy; a panel of weighted columns stays in the first-level cache
//! while the columns up to the diagonal pass by.
//!
//! ```text
//!                     x0  x1  x2  | x3  x4  x5  ...  the tile's columns
//!   weighted 0..4      .   .   .
//!   weighted 4..8      .   .   .
//! ```
//!
//! Each product is fused into its sum, which IEEE 754 defines to the bit, and the partial sums are added in
//! a fixed tree: every processor gives the same bits.

use std::array;

use crate::{data::Tile, learner::logistic::kernel::triangle_len};

/// Partial sums of an entry.
const LANES: usize = 8;

/// Weighted columns of a block.
const HEIGHT: usize = 4;

/// Other columns of a block.
const WIDTH: usize = 3;

/// Groups of [`HEIGHT`] weighted columns in a panel.
const GROUPS: usize = 2;

/// The values of some rows of a column.
type Lanes = [f32; LANES];

/// Entries of the matrix, by weighted column.
type Block = [[f32; WIDTH]; HEIGHT];

/// Memory that [`add_gram`] works in; contents undefined between calls.
#[derive(Debug)]
pub struct GramScratch {
    /// The groups of a panel; of each the weighted columns, [`LANES`] rows at a time.
    panel: Vec<[Lanes; HEIGHT]>,
}

impl GramScratch {
    /// Memory for tiles of at most `rows_max` rows.
    pub fn new(rows_max: usize) -> Self {
        Self {
            panel: vec![[[0.0; LANES]; HEIGHT]; GROUPS * rows_max.div_ceil(LANES)],
        }
    }

    /// Bytes that [`Self::new`] allocates.
    pub fn bytes(rows_max: usize) -> u64 {
        (GROUPS * rows_max.div_ceil(LANES) * size_of::<[Lanes; HEIGHT]>()) as u64
    }

    /// Bytes held, by capacity.
    pub fn heap_bytes(&self) -> usize {
        self.panel.capacity() * size_of::<[Lanes; HEIGHT]>()
    }
}

/// Adds the lower triangle of `X' diag(curvature) X` to `gram`, row after row.
/// O(rows * columns^2 / 2), in `f32` within the tile.
pub fn add_gram(tile: &Tile, curvature: &[f32], scratch: &mut GramScratch, gram: &mut [f64]) {
    let (columns, rows) = (tile.columns(), tile.rows());
    assert_eq!(gram.len(), triangle_len(columns), "gram matrix");
    assert_eq!(curvature.len(), rows, "curvature");
    if rows == 0 {
        return;
    }
    let steps = rows.div_ceil(LANES);
    assert!(scratch.panel.len() >= GROUPS * steps, "scratch");
    // What lies past the last column is computed from that one, and left out of the sums.
    let column = |index: usize| tile.column(index.min(columns - 1));
    for first in (0..columns).step_by(GROUPS * HEIGHT) {
        for (group, weighted) in scratch
            .panel
            .chunks_exact_mut(steps)
            .take(GROUPS)
            .enumerate()
        {
            let top = first + group * HEIGHT;
            weigh(
                array::from_fn(|place| column(top + place)),
                curvature,
                weighted,
            );
        }
        let end = columns.min(first + GROUPS * HEIGHT);
        for left in (0..end).step_by(WIDTH) {
            let others = array::from_fn(|place| column(left + place));
            for (group, weighted) in scratch.panel.chunks_exact(steps).take(GROUPS).enumerate() {
                let products = block(weighted, others);
                let rows = first + group * HEIGHT..columns;
                for (row, products) in rows.zip(&products) {
                    let sums = &mut gram[triangle_len(row)..triangle_len(row + 1)];
                    for (sum, product) in sums.iter_mut().skip(left).zip(products) {
                        *sum += f64::from(*product);
                    }
                }
            }
        }
    }
}

/// Multiplies columns by the curvature. Rows past the last are not changed.
fn weigh(columns: [&[f32]; HEIGHT], curvature: &[f32], weighted: &mut [[Lanes; HEIGHT]]) {
    let (curvatures, curvature_rest) = curvature.as_chunks::<LANES>();
    let (whole, last) = weighted.split_at_mut(curvatures.len());
    for (place, column) in columns.iter().enumerate() {
        let (column, rest) = column.as_chunks::<LANES>();
        for ((weighted, x), curvature) in whole.iter_mut().zip(column).zip(curvatures) {
            weighted[place] = array::from_fn(|lane| x[lane] * curvature[lane]);
        }
        if let Some(weighted) = last.first_mut() {
            let values = rest.iter().zip(curvature_rest);
            for (weighted, (x, curvature)) in weighted[place].iter_mut().zip(values) {
                *weighted = x * curvature;
            }
        }
    }
}

/// The dot products of each of four weighted columns with each of three others, which have a value a row.
fn block(weighted: &[[Lanes; HEIGHT]], others: [&[f32]; WIDTH]) -> Block {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        // SAFETY: the one precondition is that the processor has AVX2 and FMA.
        #[allow(unsafe_code)]
        return unsafe { avx2::block(weighted, others) };
    }
    block_portable(weighted, others)
}

/// The same on any processor; slow where it has no fused multiplication.
fn block_portable(weighted: &[[Lanes; HEIGHT]], others: [&[f32]; WIDTH]) -> Block {
    let mut sums = [[[0.0; LANES]; WIDTH]; HEIGHT];
    for (step, weighted) in weighted.iter().enumerate() {
        for (weighted, sums) in weighted.iter().zip(&mut sums) {
            for (other, sums) in others.iter().zip(sums) {
                let values = weighted.iter().zip(&other[step * LANES..]);
                for (sum, (weighted, x)) in sums.iter_mut().zip(values) {
                    *sum = weighted.mul_add(*x, *sum);
                }
            }
        }
    }
    sums.map(|sums| sums.map(|[a, b, c, d, e, f, g, h]| ((a + e) + (c + g)) + ((b + f) + (d + h))))
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::{Block, HEIGHT, LANES, Lanes, WIDTH};
    use std::arch::x86_64::{
        __m256, _mm_add_ps, _mm_add_ss, _mm_cvtss_f32, _mm_movehl_ps, _mm_shuffle_ps,
        _mm256_castps256_ps128, _mm256_extractf128_ps, _mm256_fmadd_ps, _mm256_loadu_ps,
        _mm256_setzero_ps,
    };

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn block(weighted: &[[Lanes; HEIGHT]], others: [&[f32]; WIDTH]) -> Block {
        let [x0, x1, x2] = others.map(|other| other.as_chunks::<LANES>());
        let mut sums = [[_mm256_setzero_ps(); WIDTH]; HEIGHT];
        let whole = weighted.iter().zip(x0.0).zip(x1.0).zip(x2.0);
        for (((weighted, x0), x1), x2) in whole {
            add(weighted, [x0, x1, x2], &mut sums);
        }
        if let Some(weighted) = weighted.get(x0.0.len()) {
            // A product of zeros changes no sum.
            let weighted = weighted.map(|lanes| padded(&lanes[..x0.1.len()]));
            let [x0, x1, x2] = [x0.1, x1.1, x2.1].map(padded);
            add(&weighted, [&x0, &x1, &x2], &mut sums);
        }
        sums.map(|sums| sums.map(|lanes| sum_lanes(lanes)))
    }

    fn padded(values: &[f32]) -> Lanes {
        let mut lanes = [0.0; LANES];
        lanes[..values.len()].copy_from_slice(values);
        lanes
    }

    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn add(
        weighted: &[Lanes; HEIGHT],
        others: [&Lanes; WIDTH],
        sums: &mut [[__m256; WIDTH]; HEIGHT],
    ) {
        let others = [load(others[0]), load(others[1]), load(others[2])];
        for (weighted, sums) in weighted.iter().zip(sums) {
            let weighted = load(weighted);
            for (sum, other) in sums.iter_mut().zip(others) {
                *sum = _mm256_fmadd_ps(weighted, other, *sum);
            }
        }
    }

    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn sum_lanes(lanes: __m256) -> f32 {
        let low = _mm256_castps256_ps128(lanes);
        let four = _mm_add_ps(low, _mm256_extractf128_ps::<1>(lanes));
        let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
        _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
    }

    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn load(values: &Lanes) -> __m256 {
        // SAFETY: eight values are read from an array of eight; the load needs no alignment.
        #[allow(unsafe_code)]
        unsafe {
            _mm256_loadu_ps(values.as_ptr())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_processor_has_the_same_bits() {
        for rows in [1, 7, 8, 9, 31, 512] {
            let value = |index: usize| ((index * 7919) % 1009) as f32 / 300.0 - 1.6;
            let columns: Vec<Vec<f32>> = (0..HEIGHT + WIDTH)
                .map(|column| (0..rows).map(|row| value(column * 613 + row)).collect())
                .collect();
            let curvature: Vec<f32> = (0..rows).map(|row| value(row + 77)).collect();
            let column = |index: usize| columns[index].as_slice();
            // Whatever an earlier tile left behind its rows must not matter.
            let mut weighted = vec![[[f32::NAN; LANES]; HEIGHT]; rows.div_ceil(LANES)];
            weigh(array::from_fn(column), &curvature, &mut weighted);
            let others = array::from_fn(|place| column(HEIGHT + place));
            let bits = |block: Block| block.map(|sums| sums.map(f32::to_bits));
            let portable = block_portable(&weighted, others);
            assert_eq!(
                bits(block(&weighted, others)),
                bits(portable),
                "{rows} rows"
            );
            assert!(portable.iter().flatten().all(|sum| sum.is_finite()));
        }
    }
}
