//! Count, range, mean and sum of squares of values.

/// The moments of a column's values. Missing values are NaN; infinities are counted apart and
/// enter neither the range nor the mean.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Moments {
    /// Finite values.
    pub count: u64,
    /// Missing values.
    pub missing: u64,
    /// Values that are +inf.
    pub pos_inf: u64,
    /// Values that are -inf.
    pub neg_inf: u64,
    /// The smallest finite value, exactly; `f64::INFINITY` if there is none.
    pub min: f64,
    /// The largest finite value, exactly; `f64::NEG_INFINITY` if there is none.
    pub max: f64,
    /// The mean of the finite values; 0 if there is none.
    pub mean: f64,
    /// The sum of squared differences from the mean.
    pub m2: f64,
}

impl Default for Moments {
    fn default() -> Self {
        Self {
            count: 0,
            missing: 0,
            pos_inf: 0,
            neg_inf: 0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            mean: 0.0,
            m2: 0.0,
        }
    }
}

impl Moments {
    /// Adds the rows of another part. The empty value is the identity; counts and range are exact
    /// in any order, mean and m2 to rounding, so parts are merged in row-group order.
    pub fn merge(&mut self, other: &Self) {
        self.missing += other.missing;
        self.pos_inf += other.pos_inf;
        self.neg_inf += other.neg_inf;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.merge_mean(other.count, other.mean, other.m2);
    }

    /// Merges count, mean and m2 (Chan, Golub & LeVeque 1983, eq. 1.5).
    pub(super) fn merge_mean(&mut self, count: u64, mean: f64, m2: f64) {
        if count == 0 {
            return;
        }
        if self.count == 0 {
            (self.count, self.mean, self.m2) = (count, mean, m2);
            return;
        }
        let total = self.count + count;
        let share = count as f64 / total as f64;
        let delta = mean - self.mean;
        // A difference of two finite means may overflow; their weighted sum does not.
        self.mean = if delta.is_finite() {
            self.mean + delta * share
        } else {
            self.mean * (1.0 - share) + mean * share
        };
        self.m2 += m2 + delta * delta * (self.count as f64 * share);
        self.count = total;
    }

    /// All rows seen.
    pub fn rows(&self) -> u64 {
        self.count + self.missing + self.pos_inf + self.neg_inf
    }

    /// The variance over n - 1, as pandas has it; none below two finite values, infinite where the
    /// squares overflow.
    pub fn variance(&self) -> Option<f64> {
        (self.count >= 2).then(|| self.m2 / (self.count - 1) as f64)
    }

    /// The variance over n, as a standardizer wants it; none without finite values.
    pub fn population_variance(&self) -> Option<f64> {
        (self.count >= 1).then(|| self.m2 / self.count as f64)
    }

    /// The square root of [`Self::variance`].
    pub fn standard_deviation(&self) -> Option<f64> {
        self.variance().map(f64::sqrt)
    }

    /// True if every row has the same value, every row is missing, or there are no rows.
    pub fn is_constant(&self) -> bool {
        let kinds = [self.count, self.missing, self.pos_inf, self.neg_inf];
        let kinds_seen = kinds.iter().filter(|&&rows| rows > 0).count();
        kinds_seen == 0 || (kinds_seen == 1 && (self.count == 0 || self.min == self.max))
    }
}
