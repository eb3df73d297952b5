//! Leaves that are quantiles: the weighted quantile of the residuals in each leaf, exactly, without
//! holding or sorting a residual.
//!
//! ```text
//!  residual f32 -> 32 bits in the residual's order -> digits, the highest first
//!
//!  pass 1   bins of digit 1, a table a leaf           the quantile's bin is known, and what is below
//!  pass 2   of the residuals in that bin, digit 2     ...
//!  pass 3   of those, digit 3                         the residual itself
//! ```
//!
//! A quantile of share `alpha` is the least residual up to which the rows weigh `alpha` of the
//! leaf's weight; where they weigh exactly that, the mean of it and the next residual (Hyndman & Fan
//! 1996, definition 2: for `alpha` 1/2 the usual median). Row weights are integers of
//! a unit, so that sums are exact in any order and threads, blocks and digits change no bit. Used by
//! passes over scratch and by trees grown from rows in memory ([`quantiles_in_memory`]).

use crate::stats::exact_sum::power_of_two;

/// Row weights as integers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct WeightUnits {
    /// Units of a weight of 1, a power of two.
    units_of_one: f64,
}

impl WeightUnits {
    /// The finest units in which `rows` weights of at most `weight_max` add up to below 2^62, and
    /// the largest is at most 2^32.
    ///
    /// A weight below half a unit, 2^-22 of the largest one at the most for up to 2^40 rows, counts as
    /// none.
    pub(crate) fn new(weight_max: f64, rows: u64) -> Self {
        if weight_max == 0.0 {
            return Self { units_of_one: 1.0 };
        }
        assert!(weight_max > 0.0 && weight_max.is_finite());
        let of_sum = 62 - (64 - rows.leading_zeros()) as i32;
        let bits = of_sum.clamp(1, 32);
        let mut exponent = 1_000;
        while exponent > -1_000 && power_of_two(exponent) * weight_max > power_of_two(bits) {
            exponent -= 1;
        }
        Self {
            units_of_one: power_of_two(exponent),
        }
    }

    /// A weight in units.
    #[inline(always)]
    pub(crate) fn of(self, weight: f64) -> u64 {
        (weight * self.units_of_one + 0.5) as u64
    }
}

/// Some bits of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Digit {
    /// Bits below it.
    shift: u32,
    bits: u32,
}

impl Digit {
    const fn new(shift: u32, bits: u32) -> Self {
        Self { shift, bits }
    }

    fn of(self, key: u32) -> usize {
        (key >> self.shift & ((1 << self.bits) - 1)) as usize
    }

    /// The bits above it.
    fn above(self, key: u32) -> u32 {
        (u64::from(key) >> (self.shift + self.bits)) as u32
    }
}

/// Three digits: 2,048 bins a leaf are 16 KiB, and zeroing them costs little beside a small table.
const COARSE: [Digit; 3] = [Digit::new(21, 11), Digit::new(10, 11), Digit::new(0, 10)];
/// Four digits, for many leaves: 2 KiB a leaf.
const FINE: [Digit; 4] = [
    Digit::new(24, 8),
    Digit::new(16, 8),
    Digit::new(8, 8),
    Digit::new(0, 8),
];

/// The most leaves whose quantiles are found in three digits: 16 MiB a thread.
const COARSE_LEAVES_MAX: usize = 1_024;

fn digits_for(leaves: usize) -> &'static [Digit] {
    if leaves <= COARSE_LEAVES_MAX {
        &COARSE
    } else {
        &FINE
    }
}

/// One leaf's quantile, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct LeafQuantile {
    /// The quantile's key as far as it is known; the bits below are 0.
    key: u32,
    /// Weight up to which rows are counted, within the bin that is known.
    rank: u64,
    /// True if the quantile lies half way to the next residual.
    is_between: bool,
    /// The next residual's key, once all digits are known.
    next: u32,
    is_empty: bool,
}

/// The quantiles of all leaves, known to some digit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Quantiles {
    alpha: f64,
    units: WeightUnits,
    digits: &'static [Digit],
    /// Digits that are known.
    known: usize,
    leaves: Vec<LeafQuantile>,
}

/// One thread's sums for the next digit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QuantileHistogram {
    digit: Digit,
    /// Weight of each bin, leaf by leaf.
    bins: Vec<u64>,
    /// The least key of each leaf above the bin that is known.
    next: Vec<u32>,
}

impl Quantiles {
    /// The share-`alpha` quantiles of `leaves` leaves, before the first pass.
    pub(crate) fn new(alpha: f64, leaves: usize, units: WeightUnits) -> Self {
        assert!(alpha > 0.0 && alpha < 1.0);
        Self {
            alpha,
            units,
            digits: digits_for(leaves),
            known: 0,
            leaves: vec![LeafQuantile::default(); leaves],
        }
    }

    /// Bytes of one thread's histogram, and its share of the quantiles, for at most `leaves_max` leaves.
    pub(crate) fn bytes(leaves_max: usize) -> usize {
        let coarse = leaves_max.min(COARSE_LEAVES_MAX) << COARSE[0].bits;
        let fine = leaves_max << FINE[0].bits;
        coarse.max(fine) * size_of::<u64>()
            + leaves_max * (size_of::<u32>() + size_of::<LeafQuantile>())
    }

    /// True if every digit is known.
    pub(crate) fn is_done(&self) -> bool {
        self.known == self.digits.len()
    }

    /// An empty histogram for the next digit.
    pub(crate) fn histogram(&self) -> QuantileHistogram {
        let digit = self.digits[self.known];
        QuantileHistogram {
            digit,
            bins: vec![0; self.leaves.len() << digit.bits],
            next: vec![u32::MAX; self.leaves.len()],
        }
    }

    /// Adds a row to a thread's histogram. Rows of weight 0 are no rows.
    #[inline(always)]
    pub(crate) fn add(
        &self,
        histogram: &mut QuantileHistogram,
        leaf: usize,
        residual: f32,
        weight: f64,
    ) {
        let units = self.units.of(weight);
        let key = key_of(residual);
        let known = self.leaves[leaf].key;
        let (above, wanted) = (histogram.digit.above(key), histogram.digit.above(known));
        if above == wanted {
            // Only residuals that share every known digit with the quantile can still be it.
            histogram.bins[(leaf << histogram.digit.bits) + histogram.digit.of(key)] += units;
        } else if above > wanted && units > 0 {
            // The next residual may lie beyond the known bin, where the later digits do not look.
            histogram.next[leaf] = histogram.next[leaf].min(key);
        }
    }

    /// Learns the next digit from the histogram of all rows.
    pub(crate) fn narrow(&mut self, histogram: &QuantileHistogram) {
        let digit = self.digits[self.known];
        assert_eq!(histogram.digit, digit);
        let is_first = self.known == 0;
        self.known += 1;
        let is_last = self.is_done();
        let tables = histogram.bins.chunks_exact(1 << digit.bits);
        for ((leaf, bins), &next) in self.leaves.iter_mut().zip(tables).zip(&histogram.next) {
            if is_first {
                let total: u64 = bins.iter().sum();
                // The first digit is the only one that sees all rows of the leaf, so the rank is set
                // here; later digits count within the bin that holds it.
                let rank = self.alpha * total as f64;
                leaf.is_empty = total == 0;
                leaf.rank = (rank.ceil() as u64).clamp(1, total.max(1));
                leaf.is_between = leaf.rank as f64 == rank && leaf.rank < total;
            }
            if leaf.is_empty {
                continue;
            }
            let mut below = 0;
            let bin = bins.iter().position(|&weight| {
                below += weight;
                below >= leaf.rank
            });
            let bin = bin.expect("the leaf's weight reaches its rank");
            // The weight below the bin is behind the quantile: it counts no more.
            leaf.rank -= below - bins[bin];
            leaf.key |= (bin as u32) << digit.shift;
            if is_last {
                // Rows of the quantile's own residual may go on beyond the rank.
                leaf.is_between &= leaf.rank == bins[bin];
                let later = bins[bin + 1..].iter().position(|&weight| weight > 0);
                leaf.next = later.map_or(next, |ahead| leaf.key + 1 + ahead as u32);
            }
        }
    }

    /// The quantile of each leaf; 0 for one without weight.
    pub(crate) fn values(&self) -> Vec<f32> {
        assert!(self.is_done());
        self.leaves.iter().map(LeafQuantile::value).collect()
    }
}

impl LeafQuantile {
    fn value(&self) -> f32 {
        if self.is_empty {
            return 0.0;
        }
        let value = residual_of(self.key);
        if self.is_between {
            (0.5 * (f64::from(value) + f64::from(residual_of(self.next)))) as f32
        } else {
            value
        }
    }
}

impl QuantileHistogram {
    /// Adds another thread's rows. Exact in any order.
    pub(crate) fn merge(&mut self, other: &Self) {
        assert_eq!(self.digit, other.digit);
        for (bin, other) in self.bins.iter_mut().zip(&other.bins) {
            *bin += other;
        }
        for (next, other) in self.next.iter_mut().zip(&other.next) {
            *next = (*next).min(*other);
        }
    }
}

/// The label minus the margin; finite.
#[inline(always)]
pub(crate) fn residual(label: f32, margin: f32) -> f32 {
    (f64::from(label) - f64::from(margin)).clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32
}

/// The quantiles of rows that are in memory: residuals, weights and leaves of equal length.
///
/// Cost O(rows + leaves * 2,048), three times. Memory: [`Quantiles::histogram`].
pub(crate) fn quantiles_in_memory(
    mut quantiles: Quantiles,
    residuals: &[f32],
    weights: &[f64],
    leaf_of: &[u16],
) -> Vec<f32> {
    assert_eq!(residuals.len(), weights.len());
    assert_eq!(residuals.len(), leaf_of.len());
    while !quantiles.is_done() {
        let mut histogram = quantiles.histogram();
        for ((&residual, &weight), &leaf) in residuals.iter().zip(weights).zip(leaf_of) {
            quantiles.add(&mut histogram, usize::from(leaf), residual, weight);
        }
        quantiles.narrow(&histogram);
    }
    quantiles.values()
}

/// The bits of a number in the order of numbers: negative ones turned round, below the others.
#[inline(always)]
fn key_of(value: f32) -> u32 {
    let bits = value.to_bits();
    let sign = (bits as i32 >> 31) as u32;
    bits ^ (sign | 1 << 31)
}

/// The number of a key.
fn residual_of(key: u32) -> f32 {
    let is_negative = key >> 31 == 0;
    let bits = if is_negative { !key } else { key ^ 1 << 31 };
    f32::from_bits(bits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::hash::{Purpose, row_hash};

    /// The naive twin: sorts, and walks up.
    fn sorted_quantile(alpha: f64, rows: &[(f32, f64)]) -> f32 {
        let mut rows: Vec<(f32, f64)> = rows.iter().copied().filter(|row| row.1 > 0.0).collect();
        rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        let rank = alpha * rows.iter().map(|row| row.1).sum::<f64>();
        let mut below = 0.0;
        for (at, (value, weight)) in rows.iter().enumerate() {
            below += weight;
            if below > rank || (below == rank && at + 1 == rows.len()) {
                return *value;
            }
            if below == rank {
                return ((f64::from(*value) + f64::from(rows[at + 1].0)) * 0.5) as f32;
            }
        }
        0.0
    }

    struct Rows {
        residual: Vec<f32>,
        weight: Vec<f64>,
        leaf: Vec<u16>,
    }

    fn rows(count: usize, leaves: u64, few_values: bool, seed: u64) -> Rows {
        let random = |row: usize, stream| row_hash(seed, row as u64, stream, Purpose::Sample);
        let residual = |row: usize| {
            let hash = random(row, 0);
            if few_values {
                (hash % 7) as f32 - 3.0
            } else {
                let scale = [1e-30f32, 1.0, 3e7][(hash >> 60) as usize % 3];
                (hash as u32 as f32 / 4e9 - 0.4) * scale
            }
        };
        Rows {
            residual: (0..count).map(residual).collect(),
            weight: (0..count)
                .map(|row| (random(row, 1) % 5) as f64 * 0.25)
                .collect(),
            leaf: (0..count)
                .map(|row| (random(row, 2) % leaves) as u16)
                .collect(),
        }
    }

    fn check(rows: &Rows, leaves: usize, alpha: f64) {
        let units = WeightUnits::new(1.0, rows.residual.len() as u64);
        let expected: Vec<f32> = (0..leaves)
            .map(|leaf| {
                let of_leaf =
                    (0..rows.leaf.len()).filter(|&row| usize::from(rows.leaf[row]) == leaf);
                let of_leaf: Vec<(f32, f64)> = of_leaf
                    .map(|row| (rows.residual[row], rows.weight[row]))
                    .collect();
                sorted_quantile(alpha, &of_leaf)
            })
            .collect();
        for more_leaves in [0, COARSE_LEAVES_MAX] {
            let quantiles = Quantiles::new(alpha, leaves + more_leaves, units);
            let found = quantiles_in_memory(quantiles, &rows.residual, &rows.weight, &rows.leaf);
            assert_eq!(found[..leaves], expected, "{alpha} {more_leaves}");
        }
    }

    #[test]
    fn quantiles_agree_with_the_sorted_twin() {
        for alpha in [0.5, 0.25, 0.1, 0.9, 1e-6, 1.0 - 1e-6] {
            for seed in 0..4 {
                check(&rows(999, 6, false, seed), 6, alpha);
                check(&rows(64, 6, true, seed), 7, alpha);
                check(&rows(5, 3, true, seed), 3, alpha);
            }
        }
    }

    #[test]
    fn medians_are_the_usual_ones() {
        let median = |residuals: &[f32], weights: &[f64]| {
            let units = WeightUnits::new(4.0, residuals.len() as u64);
            let quantiles = Quantiles::new(0.5, 1, units);
            quantiles_in_memory(quantiles, residuals, weights, &vec![0; residuals.len()])[0]
        };
        assert_eq!(median(&[3.0, 1.0, 2.0], &[1.0; 3]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0], &[1.0; 4]), 2.5);
        assert_eq!(median(&[-1.0, 5.0], &[3.0, 1.0]), -1.0);
        assert_eq!(median(&[-1.0, 5.0, 7.0], &[2.0, 0.0, 2.0]), 3.0);
        assert_eq!(median(&[f32::MIN, f32::MAX], &[1.0, 1.0]), 0.0);
        assert_eq!(median(&[5.0], &[0.0]), 0.0);
        assert_eq!(median(&[], &[]), 0.0);
    }

    #[test]
    fn tallies_merge_in_any_order() {
        let rows = rows(500, 4, false, 9);
        let units = WeightUnits::new(1.0, 500);
        let mut quantiles = Quantiles::new(0.3, 4, units);
        let whole =
            quantiles_in_memory(quantiles.clone(), &rows.residual, &rows.weight, &rows.leaf);
        while !quantiles.is_done() {
            let mut parts: Vec<QuantileHistogram> = (0..3).map(|_| quantiles.histogram()).collect();
            for row in 0..500 {
                let leaf = usize::from(rows.leaf[row]);
                let part = &mut parts[row % 3];
                quantiles.add(part, leaf, rows.residual[row], rows.weight[row]);
            }
            let mut merged = quantiles.histogram();
            parts.iter().rev().for_each(|part| merged.merge(part));
            quantiles.narrow(&merged);
        }
        assert_eq!(quantiles.values(), whole);
    }

    #[test]
    fn tallies_hold_what_is_planned() {
        for leaves in [1, 64, COARSE_LEAVES_MAX, COARSE_LEAVES_MAX + 1, 65_535] {
            let quantiles = Quantiles::new(0.5, leaves, WeightUnits::new(1.0, 1));
            let histogram = quantiles.histogram();
            let held = histogram.bins.capacity() * 8
                + histogram.next.capacity() * 4
                + quantiles.leaves.capacity() * size_of::<LeafQuantile>();
            assert!(held <= Quantiles::bytes(leaves), "{leaves}");
        }
    }

    #[test]
    fn keys_are_in_the_order_of_numbers() {
        let numbers = [
            f32::MIN,
            -3.5,
            -1e-40,
            -0.0,
            0.0,
            1e-40,
            f32::MIN_POSITIVE,
            1.0,
            f32::MAX,
        ];
        for pair in numbers.windows(2) {
            assert!(key_of(pair[0]) < key_of(pair[1]), "{pair:?}");
        }
        for number in numbers {
            assert_eq!(residual_of(key_of(number)).to_bits(), number.to_bits());
        }
    }

    #[test]
    fn weights_are_whole_units_that_cannot_overflow() {
        assert_eq!(WeightUnits::new(1.0, 100).of(1.0), 1 << 32);
        assert_eq!(WeightUnits::new(3.0, 100).of(3.0), 3 << 30);
        assert_eq!(WeightUnits::new(1.0, 1 << 40).of(1.0), 1 << 21);
        assert_eq!(WeightUnits::new(1e30, 10).of(0.0), 0);
        assert_eq!(WeightUnits::new(0.0, 10).of(0.0), 0);
    }
}
