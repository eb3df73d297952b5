//! `exp` and `ln` with the same bits on every processor.
//!
//! The C library chooses its routine by processor and may fuse products and sums, so the last bit
//! differs between machines. These use only IEEE additions, products and divisions, in a fixed
//! order, without branches, so that the compiler may vectorise a loop over them. `exp` is accurate to about
//! 1e-11 relative, which is enough for the margins and gradients of trees: they are f32 and 14-bit.

/// 1.5 * 2^52: adding it rounds a small float to an integer in the low bits.
const ROUNDER: f64 = 6_755_399_441_055_744.0;
/// 2^52: the low bits of floats up to twice of it are integers.
const TWO_52: f64 = 4_503_599_627_370_496.0;
const LOG2_E: f64 = std::f64::consts::LOG2_E;
/// The high part of ln 2: products with integers up to 2^11 are exact (fdlibm's split).
const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// Taylor's series of e^x, the highest power first.
const EXP: [f64; 14] = [
    1.0 / 6_227_020_800.0,
    1.0 / 479_001_600.0,
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    0.5,
    1.0,
    1.0,
];

/// e^x, for x clipped to [-700, 700].
#[inline(always)]
pub(crate) fn exp(x: f64) -> f64 {
    // On [-ln 2 / 2, ln 2 / 2] the first term left out is below 7e-13.
    exp_by_series::<10>(x.clamp(-700.0, 700.0))
}

/// e^x for x <= 0, within 2 units in the last place; below -708 it returns e^-708.
#[inline(always)]
pub(crate) fn exp_nonpositive(x: f64) -> f64 {
    // On [-ln 2 / 2, ln 2 / 2] the first term left out is below 1e-17.
    exp_by_series::<14>(x.max(-708.0))
}

/// Reduction by ln 2 (Cody & Waite 1980), then the last terms of the series.
#[inline(always)]
fn exp_by_series<const TERMS: usize>(x: f64) -> f64 {
    let series = &EXP[EXP.len() - TERMS..];
    let shifted = x * LOG2_E + ROUNDER;
    let power = shifted - ROUNDER;
    let r = (x - power * LN_2_HIGH) - power * LN_2_LOW;
    let mut sum = series[0];
    for coefficient in &series[1..] {
        sum = sum * r + coefficient;
    }
    // The rounder leaves the power, as an integer, in the low bits of `shifted`.
    let exponent = shifted.to_bits().wrapping_add(1_023) << 52;
    sum * f64::from_bits(exponent)
}

/// The natural logarithm of a positive normal number.
#[inline(always)]
pub(crate) fn ln(x: f64) -> f64 {
    // x = 2^power * m with m in [sqrt(1/2), sqrt(2)).
    let offset = x
        .to_bits()
        .wrapping_sub(std::f64::consts::FRAC_1_SQRT_2.to_bits());
    // The power is biased into the low bits of 2^52, since few processors convert 64-bit integers.
    const BIAS: u64 = 2_048;
    let biased = offset.wrapping_add(BIAS << 52) >> 52;
    let power = f64::from_bits(TWO_52.to_bits() | biased) - (TWO_52 + BIAS as f64);
    let m = f64::from_bits(x.to_bits().wrapping_sub(offset & 0xfff0_0000_0000_0000));
    // ln m = 2 artanh s; |s| <= 0.1716, so the first term left out is below 1e-14.
    let s = (m - 1.0) / (m + 1.0);
    let s2 = s * s;
    let mut sum = 1.0 / 15.0;
    for coefficient in [
        1.0 / 13.0,
        1.0 / 11.0,
        1.0 / 9.0,
        1.0 / 7.0,
        1.0 / 5.0,
        1.0 / 3.0,
        1.0,
    ] {
        sum = sum * s2 + coefficient;
    }
    power * LN_2_HIGH + (power * LN_2_LOW + 2.0 * s * sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_agrees_with_the_library() {
        for i in -70_000..=70_000 {
            let x = f64::from(i) * 0.01;
            let expected = x.exp();
            assert!((exp(x) - expected).abs() <= 2e-11 * expected, "{x}");
        }
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(1e9), exp(700.0));
        assert_eq!(exp(f64::NEG_INFINITY), exp(-700.0));
    }

    #[test]
    fn the_exponential_is_within_two_units_in_the_last_place() {
        for step in 0..70_000 {
            let x = -f64::from(step) * 0.010_07;
            let (ours, exact) = (exp_nonpositive(x), x.exp());
            assert!(
                (ours - exact).abs() <= 2.0 * f64::EPSILON * exact,
                "{x}: {ours} {exact}"
            );
        }
        assert_eq!(exp_nonpositive(0.0), 1.0);
        assert!(exp_nonpositive(f64::NEG_INFINITY) < 1e-300);
    }

    #[test]
    fn ln_agrees_with_the_library() {
        for i in 1..200_000 {
            let x = f64::from(i) * 1.7e-5;
            assert!(
                (ln(x) - x.ln()).abs() <= 1e-12 * x.ln().abs().max(1.0),
                "{x}"
            );
        }
        for power in -1_000..1_000 {
            let x = 1.3 * 2f64.powi(power);
            assert!((ln(x) - x.ln()).abs() <= 1e-12 * x.ln().abs(), "{x}");
        }
        assert_eq!(ln(1.0), 0.0);
    }

    #[test]
    fn bits_are_pinned() {
        // Any change here changes every model: bump the format when it is meant.
        let digest = (0..1_000).fold(0u64, |digest, i| {
            let x = f64::from(i) * 0.031 - 15.5;
            digest.rotate_left(5) ^ exp(x).to_bits() ^ ln(f64::from(i + 1)).to_bits()
        });
        assert_eq!(digest, GOLDEN);
    }

    const GOLDEN: u64 = 2_160_284_379_456_362_462;
}
