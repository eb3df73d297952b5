//! Gradients and hessians as 14-bit integers.
//!
//! A unit is a power of two chosen before the round from a priori bounds, so that every row of every
//! block has the same one. Rounding is stochastic, keyed by the row's number and the tree: sums are
//! unbiased, and nothing depends on order. A positive hessian is at least one unit, so that no row
//! vanishes from a node (XGBoost #12265).

use crate::{
    group::hash::{Purpose, row_hash},
    learner::gbdt::{
        kernel::{QUANTUM_MAX, pack},
        loss::Magnitudes,
    },
    stats::exact_sum::power_of_two,
};

/// Rows whose hashes are computed before they are used.
const STRETCH: usize = 64;

/// The units of gradients and hessians.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// Units of a gradient of 1, a power of two.
    pub gradient: f64,
    /// Units of a hessian of 1, a power of two.
    pub hessian: f64,
}

impl Scale {
    /// The finest scale at which nothing within the bounds exceeds `QUANTUM_MAX` when rounded up.
    pub fn new(bounds: Magnitudes) -> Self {
        Self {
            gradient: units_of_one(bounds.gradient),
            hessian: units_of_one(bounds.hessian),
        }
    }
}

/// The largest power of two whose product with `bound` is below [`QUANTUM_MAX`].
fn units_of_one(bound: f64) -> f64 {
    if bound == 0.0 {
        return 1.0;
    }
    assert!(bound.is_finite() && bound > 0.0);
    let mut exponent = 1_000;
    while exponent > -1_000 && power_of_two(exponent) * bound > f64::from(QUANTUM_MAX - 1) {
        exponent -= 1;
    }
    power_of_two(exponent)
}

/// The key of the rounding stream of a chunk of rows.
#[derive(Debug, Clone, Copy)]
pub struct RoundingKey {
    /// The run's seed.
    pub seed: u64,
    /// The tree: round * outputs + output.
    pub tree: u32,
    /// The dataset-wide number of the first row.
    pub first_row: u64,
}

/// Quantises and packs the derivatives of consecutive rows.
pub fn quantise_into(
    gradients: &[f64],
    hessians: &[f64],
    scale: Scale,
    key: RoundingKey,
    packed: &mut [u32],
) {
    assert_eq!(gradients.len(), packed.len());
    assert_eq!(hessians.len(), packed.len());
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the one precondition is that the processor has AVX2.
        #[allow(unsafe_code)]
        unsafe {
            quantise_avx2(gradients, hessians, scale, key, packed);
        }
        return;
    }
    quantise_portable(gradients, hessians, scale, key, packed);
}

/// The portable twin compiled for wider registers: the same operations, so the same bits.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn quantise_avx2(
    gradients: &[f64],
    hessians: &[f64],
    scale: Scale,
    key: RoundingKey,
    packed: &mut [u32],
) {
    quantise_portable(gradients, hessians, scale, key, packed);
}

#[inline(always)]
fn quantise_portable(
    gradients: &[f64],
    hessians: &[f64],
    scale: Scale,
    key: RoundingKey,
    packed: &mut [u32],
) {
    // No processor multiplies 64-bit integers side by side: hashes first, then what vectors can do.
    let mut hashes = [0; STRETCH];
    let derivatives = gradients.chunks(STRETCH).zip(hessians.chunks(STRETCH));
    let mut first_row = key.first_row;
    for ((gradients, hessians), packed) in derivatives.zip(packed.chunks_mut(STRETCH)) {
        for (hash, row) in hashes[..packed.len()].iter_mut().zip(first_row..) {
            *hash = row_hash(key.seed, row, key.tree, Purpose::Gradient);
        }
        first_row += packed.len() as u64;
        let rows = gradients.iter().zip(hessians).zip(&hashes);
        for (((&gradient, &hessian), &hash), packed) in rows.zip(packed) {
            *packed = quantise(gradient, hessian, scale, hash);
        }
    }
}

/// Quantises and packs the derivatives of one row; `hash` is the row's own in this round.
#[inline(always)]
pub(super) fn quantise(gradient: f64, hessian: f64, scale: Scale, hash: u64) -> u32 {
    let least = -f64::from(QUANTUM_MAX);
    let gradient = round(gradient * scale.gradient, hash & 0xffff_ffff, least);
    let rounded = round(hessian * scale.hessian, hash >> 32, 0.0);
    pack(gradient, rounded.max(i32::from(hessian > 0.0)))
}

/// Rounds down with a random addend in [0, 1): up with the probability of the fraction. `random` has
/// 32 bits; the result lies within `least` and [`QUANTUM_MAX`], and is `least` for NaN.
#[inline(always)]
fn round(value: f64, random: u64, least: f64) -> i32 {
    const SHIFT: f64 = 65_536.0;
    const TWO_52: f64 = 4_503_599_627_370_496.0;
    let addend = (f64::from_bits(TWO_52.to_bits() | random) - TWO_52) * (1.0 / 4_294_967_296.0);
    let shifted = value + (addend + SHIFT);
    let shifted = shifted
        .max(SHIFT + least)
        .min(SHIFT + f64::from(QUANTUM_MAX));
    // The nearest integer stands in the low bits after adding 2^52; the one below is wanted. A cast
    // would have to look for what does not fit.
    let nearest = shifted + TWO_52;
    let is_above = nearest - TWO_52 > shifted;
    nearest.to_bits() as i32 - i32::from(is_above) - SHIFT as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learner::gbdt::kernel::{lanes, unpack};

    fn scale(gradient: f64, hessian: f64) -> Scale {
        Scale::new(Magnitudes { gradient, hessian })
    }

    #[test]
    fn scale_is_the_finest_power_of_two() {
        assert_eq!(scale(1.0, 0.25).gradient, 8_192.0);
        assert_eq!(scale(1.0, 0.25).hessian, 32_768.0);
        assert_eq!(scale(0.0, 16_382.0).gradient, 1.0);
        assert_eq!(scale(0.0, 16_382.0).hessian, 1.0);
        assert_eq!(scale(0.0, 16_382.5).hessian, 0.5);
        for bound in [1e-200, 3e-7, 12.0, 1e38] {
            let units = scale(bound, bound).gradient * bound;
            assert!(
                units <= 16_382.0 && units > 8_191.0 || bound < 1e-100,
                "{bound}"
            );
        }
    }

    fn quantise(gradient: f64, hessian: f64, seed: u64) -> (i64, i64) {
        let rows = 20_000;
        let mut packed = vec![0; rows];
        let key = RoundingKey {
            seed,
            tree: 3,
            first_row: 65_536,
        };
        let (gradients, hessians) = (vec![gradient; rows], vec![hessian; rows]);
        quantise_into(&gradients, &hessians, scale(1.0, 0.25), key, &mut packed);
        packed.iter().fold((0, 0), |sums, &packed| {
            let (gradient, hessian) = unpack(lanes(packed));
            (sums.0 + gradient, sums.1 + hessian)
        })
    }

    #[test]
    fn rounding_is_unbiased() {
        for (gradient, hessian) in [(0.3, 0.2), (-0.77, 0.001), (1e-5, 0.25), (-1.0, 0.1)] {
            let (gradients, hessians) = quantise(gradient, hessian, 11);
            // The sum of 20,000 roundings has a standard deviation below 71.
            assert!((gradients as f64 - gradient * 8_192.0 * 2e4).abs() < 290.0);
            assert!((hessians as f64 - hessian * 32_768.0 * 2e4).abs() < 290.0);
        }
    }

    #[test]
    fn whole_units_are_kept_and_positive_hessians_do_not_vanish() {
        let unit = 1.0 / 8_192.0;
        assert_eq!(quantise(-5.0 * unit, 0.0, 1), (-5 * 20_000, 0));
        assert_eq!(quantise(0.0, 1e-30, 1), (0, 20_000));
        assert_eq!(quantise(1e9, 1e9, 1), (16_383 * 20_000, 16_383 * 20_000));
    }

    #[test]
    fn the_key_decides() {
        assert_ne!(quantise(0.3, 0.2, 1), quantise(0.3, 0.2, 2));
        assert_eq!(quantise(0.3, 0.2, 1), quantise(0.3, 0.2, 1));
    }

    #[test]
    fn rounding_agrees_with_the_naive_twin() {
        let naive = |value: f64, random: u64, least: f64| {
            let addend = random as f64 / 4_294_967_296.0;
            let rounded = (value + (addend + 65_536.0)).floor() - 65_536.0;
            rounded.clamp(least, f64::from(QUANTUM_MAX)) as i32
        };
        for i in 0..200_000u64 {
            let random = i.wrapping_mul(0x9E37_79F9_7F4A_7C15) >> 32;
            let random = [random, 0, u32::MAX.into()][i as usize % 3];
            let value = (i as f64 - 1e5) * 0.171_3;
            let value = if i % 5 == 0 { value.round() } else { value };
            for least in [0.0, -f64::from(QUANTUM_MAX)] {
                let expected = naive(value, random, least);
                assert_eq!(round(value, random, least), expected, "{value} {random}");
            }
        }
        assert_eq!(round(f64::NAN, 1, 0.0), 0);
        assert_eq!(round(f64::INFINITY, 1, 0.0), QUANTUM_MAX);
    }

    #[test]
    fn wide_registers_change_no_bit() {
        let rows = 3 * STRETCH + 5;
        let gradients: Vec<f64> = (0..rows).map(|row| (row as f64).sin()).collect();
        let hessians: Vec<f64> = (0..rows).map(|row| row as f64 / 1e3).collect();
        let key = RoundingKey {
            seed: 5,
            tree: 2,
            first_row: 11,
        };
        let (mut fast, mut portable) = (vec![0; rows], vec![1; rows]);
        let scale = scale(1.0, 0.25);
        quantise_into(&gradients, &hessians, scale, key, &mut fast);
        quantise_portable(&gradients, &hessians, scale, key, &mut portable);
        assert_eq!(fast, portable);
    }
}
