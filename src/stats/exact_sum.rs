//! Sums of floats that do not depend on the order of the terms.
//!
//! Every term's significand is added as an integer to the bin of its exponent, as the small
//! superaccumulator of Neal 2015 ("Fast exact summation using small and large superaccumulators") does.

/// Exponents that share a bin: a significand is shifted by less than this many bits.
const EXPONENTS_PER_BIN: usize = 32;

/// Bins for the 2,046 exponents of finite f64.
const BINS: usize = 64;

/// Digits of a bin's width: those of the bins, and those that 128-bit carries reach above the last.
const DIGITS: usize = BINS + 4;

/// The exponent of the unit of the first bin: that of the smallest subnormal.
const UNIT_EXPONENT: i32 = -1_074;

const _: () = assert!(BINS * EXPONENTS_PER_BIN >= 2_046);

/// A sum of f64 kept exactly: terms may come, and sums be merged, in any order and any grouping.
///
/// Holds 1 KiB; exact for 2^42 terms; adding costs about 2 ns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExactSum {
    bins: [i128; BINS],
    has_nan: bool,
    has_infinity: bool,
}

impl Default for ExactSum {
    fn default() -> Self {
        Self {
            bins: [0; BINS],
            has_nan: false,
            has_infinity: false,
        }
    }
}

impl ExactSum {
    /// Adds a term.
    pub(crate) fn add(&mut self, term: f64) {
        if !term.is_finite() {
            self.has_nan |= term.is_nan();
            self.has_infinity |= term.is_infinite();
            return;
        }
        let bits = term.to_bits();
        let exponent = (bits >> 52 & 0x7ff) as usize;
        let implied = u64::from(exponent > 0) << 52;
        let significand = i128::from(bits & ((1 << 52) - 1) | implied);
        let signed = if term.is_sign_negative() {
            -significand
        } else {
            significand
        };
        // Subnormals have the scale of exponent 1.
        let scale = exponent.max(1) - 1;
        self.bins[scale / EXPONENTS_PER_BIN] += signed << (scale % EXPONENTS_PER_BIN);
    }

    /// Adds another sum's terms.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (bin, other) in self.bins.iter_mut().zip(&other.bins) {
            *bin += other;
        }
        self.has_nan |= other.has_nan;
        self.has_infinity |= other.has_infinity;
    }

    /// The f64 nearest to the sum, ties to even; infinite if a term was, NaN if a term was NaN.
    pub(crate) fn nearest(&self) -> f64 {
        if self.has_nan {
            return f64::NAN;
        }
        if self.has_infinity {
            return f64::INFINITY;
        }
        let mut digits = carried(self.bins.iter().copied());
        let is_negative = digits[DIGITS - 1] < 0;
        if is_negative {
            digits = carried(digits.iter().map(|digit| -digit));
        }
        let magnitude = nearest_of_digits(&digits);
        if is_negative { -magnitude } else { magnitude }
    }

    /// The sum, rounded once a bin from the largest down; NaN if a term was not finite.
    ///
    /// It may differ from [`Self::nearest`] in the last bit. Base margins and learning curves are
    /// rounded so, and change with it: another rounding would make other trees.
    pub(crate) fn rounded_by_bin(&self) -> f64 {
        if self.has_nan || self.has_infinity {
            return f64::NAN;
        }
        let bins = self.bins.iter().enumerate().rev();
        bins.filter(|&(_, &bin)| bin != 0)
            .map(|(index, &bin)| {
                let exponent = (index * EXPONENTS_PER_BIN) as i32 + UNIT_EXPONENT;
                bin as f64 * power_of_two(exponent)
            })
            .fold(0.0, |sum, part| sum + part)
    }
}

/// Digits in 0..2^32 of the same number, but the last, which keeps the sign.
fn carried(bins: impl Iterator<Item = i128>) -> [i128; DIGITS] {
    let mut digits = [0; DIGITS];
    for (digit, bin) in digits.iter_mut().zip(bins) {
        *digit = bin;
    }
    for index in 0..DIGITS - 1 {
        let carry = digits[index] >> EXPONENTS_PER_BIN;
        digits[index] -= carry << EXPONENTS_PER_BIN;
        digits[index + 1] += carry;
    }
    digits
}

/// The f64 nearest to a number that is not negative.
fn nearest_of_digits(digits: &[i128; DIGITS]) -> f64 {
    let Some(top) = digits.iter().rposition(|&digit| digit != 0) else {
        return 0.0;
    };
    let low = top.saturating_sub(2);
    let head = digits[low..=top].iter().rev();
    let mut head = head.fold(0u128, |head, &digit| {
        (head << EXPONENTS_PER_BIN) | digit as u128
    });
    // What lies below decides ties only.
    head |= u128::from(digits[..low].iter().any(|&digit| digit != 0));
    scaled(
        head as f64,
        (low * EXPONENTS_PER_BIN) as i32 + UNIT_EXPONENT,
    )
}

/// `value * 2^exponent`, in steps whose powers are floats.
fn scaled(mut value: f64, mut exponent: i32) -> f64 {
    while exponent != 0 {
        let step = exponent.clamp(-1_000, 1_000);
        value *= power_of_two(step);
        exponent -= step;
    }
    value
}

/// 2^`exponent`: 0 below the smallest subnormal, infinite above the largest float.
pub(crate) fn power_of_two(exponent: i32) -> f64 {
    match exponent {
        -1_022..=1_023 => f64::from_bits(((exponent + 1_023) as u64) << 52),
        -1_074..=-1_023 => f64::from_bits(1 << (exponent + 1_074)),
        ..-1_074 => 0.0,
        _ => f64::INFINITY,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn summed(terms: &[f64]) -> ExactSum {
        let mut sum = ExactSum::default();
        terms.iter().for_each(|&term| sum.add(term));
        sum
    }

    #[test]
    fn sums_are_exact() {
        let check = |terms: &[f64], expected: f64| {
            let nearest = summed(terms).nearest();
            assert_eq!(nearest.to_bits(), expected.to_bits(), "{terms:?}");
        };
        check(&[], 0.0);
        check(&[0.0, -0.0], 0.0);
        check(&[1.5], 1.5);
        check(&[-1.5], -1.5);
        check(&[1e300, 1.0, -1e300], 1.0);
        check(&[1.0, 1e-300, -1.0], 1e-300);
        check(&[f64::MAX, f64::MAX], f64::INFINITY);
        check(&[f64::MAX, f64::MAX, -f64::MAX], f64::MAX);
        check(&[5e-324, 5e-324], 1e-323);
        check(&[5e-324, -1e-323], -5e-324);
        check(&[f64::INFINITY, 1.0], f64::INFINITY);
        check(&[0.1; 10], 1.0);
        // A tie is broken by what lies far below.
        check(
            &[9_007_199_254_740_992.0, 1.0, 1e-100],
            9_007_199_254_740_994.0,
        );
        check(&[9_007_199_254_740_992.0, 1.0], 9_007_199_254_740_992.0);
        assert!(summed(&[1.0, f64::NAN]).nearest().is_nan());
    }

    #[test]
    fn rounding_by_bin_loses_less_than_a_float_would() {
        let check = |terms: &[f64], expected: f64| {
            assert_eq!(summed(terms).rounded_by_bin(), expected, "{terms:?}");
        };
        let tiny = f64::from_bits(1);
        check(&[], 0.0);
        check(&[1.5], 1.5);
        check(&[-0.0, 0.0], 0.0);
        check(&[1e300, 1.0, -1e300], 1.0);
        check(&[1e16, 1.0, 1.0], 1e16 + 2.0);
        check(&[tiny, tiny], f64::from_bits(2));
        check(&[f64::MIN_POSITIVE, -tiny], f64::MIN_POSITIVE - tiny);
        check(&[f64::MAX, f64::MAX, -f64::MAX], f64::MAX);
        assert!(summed(&[1.0, f64::NAN]).rounded_by_bin().is_nan());
        assert!(summed(&[f64::INFINITY]).rounded_by_bin().is_nan());
    }

    #[test]
    fn order_and_grouping_change_no_bit() {
        let terms: Vec<f64> = (1..2_000)
            .map(|i| f64::from(i).sin() * power_of_two(i % 90 - 45))
            .collect();
        let expected = summed(&terms);
        let reversed: Vec<f64> = terms.iter().rev().copied().collect();
        assert_eq!(summed(&reversed), expected);
        for parts in [2, 3, 7] {
            let mut merged = ExactSum::default();
            for chunk in terms.chunks(terms.len().div_ceil(parts)).rev() {
                merged.merge(&summed(chunk));
            }
            assert_eq!(merged, expected, "{parts}");
        }
    }

    /// The same in 32-bit digits that carry at once.
    fn naive(terms: &[f64]) -> f64 {
        let mut digits = [0i128; DIGITS];
        for &term in terms {
            let bits = term.to_bits();
            let exponent = (bits >> 52 & 0x7ff) as usize;
            let significand = bits & ((1 << 52) - 1) | u64::from(exponent > 0) << 52;
            let place = exponent.max(1) - 1;
            let shifted = u128::from(significand) << (place % 32);
            for (index, digit) in digits[place / 32..][..3].iter_mut().enumerate() {
                let part = (shifted >> (32 * index) & 0xffff_ffff) as i128;
                *digit += if term < 0.0 { -part } else { part };
            }
            digits = carried(digits.into_iter());
        }
        let is_negative = digits[DIGITS - 1] < 0;
        if is_negative {
            digits = carried(digits.into_iter().map(|digit| -digit));
        }
        let magnitude = nearest_of_digits(&digits);
        if is_negative { -magnitude } else { magnitude }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn integers_sum_as_integers_do(values in prop::collection::vec(any::<i64>(), 0..200)) {
            let floats: Vec<f64> = values.iter().map(|&v| v as f64).collect();
            let expected: i128 = floats.iter().map(|&v| v as i128).sum();
            prop_assert_eq!(summed(&floats).nearest(), expected as f64);
        }

        #[test]
        fn any_order_and_any_merge_give_the_same_bits(
            values in prop::collection::vec(-1e200..1e200f64, 0..60),
            small in prop::collection::vec(-1e-200..1e-200f64, 0..60),
            cut in 0usize..60,
        ) {
            let all: Vec<f64> = values.iter().chain(&small).copied().collect();
            let backwards: Vec<f64> = all.iter().rev().copied().collect();
            let (head, tail) = all.split_at(cut.min(all.len()));
            let mut merged = summed(head);
            merged.merge(&summed(tail));
            prop_assert_eq!(summed(&all), summed(&backwards));
            prop_assert_eq!(summed(&all), merged.clone());
            prop_assert_eq!(merged.nearest().to_bits(), naive(&all).to_bits());
        }

        #[test]
        fn bins_and_digits_agree_on_any_floats(bits in prop::collection::vec(any::<u64>(), 0..60)) {
            let floats = bits.into_iter().map(f64::from_bits);
            let terms: Vec<f64> = floats.filter(|term| term.is_finite()).collect();
            prop_assert_eq!(summed(&terms).nearest().to_bits(), naive(&terms).to_bits());
        }
    }
}
