//! A sum of per-row losses in fixed point: the same bits in any order.

/// Units of one: 2^40.
const UNITS: f64 = (1u64 << 40) as f64;

/// The sum of values between 0 and 2^22, each rounded to 2^-40.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct FixedSum {
    units: u128,
}

impl FixedSum {
    /// Adds a value.
    #[inline]
    pub(super) fn add(&mut self, value: f64) {
        debug_assert!((0.0..4_194_304.0).contains(&value));
        self.units += u128::from((value * UNITS + 0.5) as u64);
    }

    /// Adds another sum.
    pub(super) fn merge(&mut self, other: &Self) {
        self.units += other.units;
    }

    /// The mean over some rows, if there are any.
    pub(super) fn mean(&self, rows: u64) -> Option<f64> {
        (rows > 0).then(|| self.units as f64 / UNITS / rows as f64)
    }
}
