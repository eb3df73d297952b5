//! The exact sum of any f64 values: the same bits in any order, rounded once at the end.

/// Bits of a digit.
const DIGIT_BITS: usize = 32;

/// Digits from 2^-1074, the smallest float, past the largest one's 2^1024 and 2^63 of them.
const DIGITS: usize = (1074 + 1024 + 63) / DIGIT_BITS + 2;

/// Additions after which carries are propagated: a digit of an i64 takes 2^31 of them.
const ADDITIONS_MAX: u32 = 1 << 30;

/// A fixed-point number wide enough for every f64 (a superaccumulator; Kulisch 1971, in 32-bit
/// digits with delayed carries as Neal 2015). 0.6 kB; a few ns a value.
#[derive(Debug, Clone)]
pub(super) struct ExactSum {
    digits: [i64; DIGITS],
    additions: u32,
    /// Whether an infinite value was added (a square that overflowed).
    is_infinite: bool,
}

impl Default for ExactSum {
    fn default() -> Self {
        Self {
            digits: [0; DIGITS],
            additions: 0,
            is_infinite: false,
        }
    }
}

impl ExactSum {
    /// Adds a value that is not NaN; an infinite one makes the sum infinite.
    pub(super) fn add(&mut self, value: f64) {
        if value.is_infinite() {
            self.is_infinite = true;
            return;
        }
        debug_assert!(!value.is_nan());
        let bits = value.to_bits();
        let exponent = ((bits >> 52) & 0x7ff) as usize;
        let fraction = bits & ((1 << 52) - 1);
        let (mantissa, place) = if exponent == 0 {
            (fraction, 0)
        } else {
            (fraction | (1 << 52), exponent - 1)
        };
        let shifted = u128::from(mantissa) << (place % DIGIT_BITS);
        let digits = &mut self.digits[place / DIGIT_BITS..][..3];
        let parts = [
            (shifted & 0xffff_ffff) as i64,
            ((shifted >> 32) & 0xffff_ffff) as i64,
            (shifted >> 64) as i64,
        ];
        for (digit, part) in digits.iter_mut().zip(parts) {
            *digit += if value < 0.0 { -part } else { part };
        }
        self.additions += 1;
        if self.additions == ADDITIONS_MAX {
            self.carry();
        }
    }

    /// Adds another sum, exactly.
    pub(super) fn merge(&mut self, other: &Self) {
        self.carry();
        let mut other = other.clone();
        other.carry();
        for (mine, others) in self.digits.iter_mut().zip(&other.digits) {
            *mine += others;
        }
        self.additions = 2;
        self.is_infinite |= other.is_infinite;
    }

    /// The sum, rounded to the nearest f64.
    pub(super) fn value(&self) -> f64 {
        if self.is_infinite {
            return f64::INFINITY;
        }
        let mut sum = self.clone();
        sum.carry();
        let is_negative = sum.digits[DIGITS - 1] < 0;
        if is_negative {
            sum.digits.iter_mut().for_each(|digit| *digit = -*digit);
            sum.carry();
        }
        let Some(top) = sum.digits.iter().rposition(|&digit| digit != 0) else {
            return 0.0;
        };
        let low = top.saturating_sub(2);
        let head = sum.digits[low..=top].iter().rev();
        let mut head = head.fold(0u128, |head, &digit| (head << DIGIT_BITS) | digit as u128);
        // What lies below decides ties only.
        head |= u128::from(sum.digits[..low].iter().any(|&digit| digit != 0));
        let magnitude = scale(head as f64, (low * DIGIT_BITS) as i32 - 1074);
        if is_negative { -magnitude } else { magnitude }
    }

    /// Brings all digits but the last, which keeps the sign, into 0..2^32.
    fn carry(&mut self) {
        for i in 0..DIGITS - 1 {
            let carried = self.digits[i] >> DIGIT_BITS;
            self.digits[i] -= carried << DIGIT_BITS;
            self.digits[i + 1] += carried;
        }
        self.additions = 1;
    }
}

/// `value * 2^exponent`, in steps whose powers are floats.
fn scale(mut value: f64, mut exponent: i32) -> f64 {
    while exponent != 0 {
        let step = exponent.clamp(-1000, 1000);
        value *= f64::from_bits(((1023 + step) as u64) << 52);
        exponent -= step;
    }
    value
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sum(values: &[f64]) -> f64 {
        let mut sum = ExactSum::default();
        values.iter().for_each(|&value| sum.add(value));
        sum.value()
    }

    #[test]
    fn sums_are_exact() {
        let check = |values: &[f64], expected: f64| {
            assert_eq!(sum(values).to_bits(), expected.to_bits(), "{values:?}");
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
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn integers_sum_as_integers_do(values in prop::collection::vec(any::<i64>(), 0..200)) {
            let floats: Vec<f64> = values.iter().map(|&v| v as f64).collect();
            let expected: i128 = floats.iter().map(|&v| v as i128).sum();
            prop_assert_eq!(sum(&floats), expected as f64);
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
            let [mut left, mut right] = [ExactSum::default(), ExactSum::default()];
            head.iter().for_each(|&value| left.add(value));
            tail.iter().for_each(|&value| right.add(value));
            left.merge(&right);
            prop_assert_eq!(sum(&all).to_bits(), sum(&backwards).to_bits());
            prop_assert_eq!(sum(&all).to_bits(), left.value().to_bits());
        }
    }
}
