//! The correlation of a pair of columns from their sums.

/// A coefficient loses digits where the mean over common rows is far from the shift: at most six
/// of sixteen are given away before it is doubtful.
const SQUARES_LEFT_MIN: f64 = 1e-6;

/// The correlation of two columns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Coefficient {
    /// Pearson's r, from -1 to 1; NaN where it is not defined.
    pub r: f64,
    /// Rows in which both columns have a finite value.
    pub count: u64,
    /// True if the sums lost too many digits to trust `r`.
    pub doubtful: bool,
}

/// The sums of one pair over its common rows.
pub(super) struct PairSums {
    pub(super) count: u64,
    /// Sum and sum of squares of each column.
    pub(super) x: [f64; 2],
    pub(super) y: [f64; 2],
    pub(super) product: f64,
}

impl PairSums {
    pub(super) fn coefficient(&self) -> Coefficient {
        let count = self.count as f64;
        let [sum_x, square_x] = self.x;
        let [sum_y, square_y] = self.y;
        let m2_x = square_x - sum_x * (sum_x / count);
        let m2_y = square_y - sum_y * (sum_y / count);
        let doubtful = self.count >= 2
            && (m2_x < square_x * SQUARES_LEFT_MIN || m2_y < square_y * SQUARES_LEFT_MIN);
        let product = self.product - sum_x * (sum_y / count);
        Coefficient {
            r: pearson(self.count, product, m2_x, m2_y),
            count: self.count,
            doubtful,
        }
    }
}

/// Pearson's r from centred sums; NaN below two rows or where a column does not vary.
pub(super) fn pearson(count: u64, product: f64, m2_x: f64, m2_y: f64) -> f64 {
    let defined = count >= 2 && m2_x > 0.0 && m2_y > 0.0;
    if !defined {
        return f64::NAN;
    }
    (product / (m2_x.sqrt() * m2_y.sqrt())).clamp(-1.0, 1.0)
}
