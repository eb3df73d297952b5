//! One column: its shift, and its sums around it.

use crate::stats::moments::Moments;

/// The centring of a column: `value * scale - mean`, with `mean` scaled too.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shift {
    pub(super) mean: f64,
    /// A power of two, so that scaling is exact.
    pub(super) scale: f64,
}

impl Shift {
    /// Centres by the mean of the finite values, and scales them to at most 2.
    pub(crate) fn of(moments: &Moments) -> Self {
        if moments.count == 0 {
            return Self {
                mean: 0.0,
                scale: 1.0,
            };
        }
        // Halves, for the range of doubles is twice the largest of them.
        let half_range = moments.max / 2.0 - moments.min / 2.0;
        let exponent = if half_range > 0.0 {
            // Exponents beyond these would make a scale that is zero or infinite.
            (half_range.log2().floor() as i32 + 1).clamp(-1020, 1020)
        } else {
            0
        };
        let scale = 2f64.powi(-exponent);
        Self {
            mean: moments.mean * scale,
            scale,
        }
    }
}

/// Sums over rows of one column around its shift.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct ColumnSums {
    pub(super) count: u64,
    pub(super) sum: f64,
    pub(super) square: f64,
}
