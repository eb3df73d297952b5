//! One pair of columns around its own means: slow, and as exact as doubles are.

use super::{Coefficient, Shift, pearson};

/// Count, means and centred sums of two columns over the rows in which both are finite.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PairMoments {
    count: u64,
    mean: [f64; 2],
    m2: [f64; 2],
    product: f64,
}

impl PairMoments {
    /// Of two slices of the same rows: the means first, then the differences from them. Values are
    /// taken in the units of their shifts. O(rows), twice.
    pub fn of(x: &[f64], y: &[f64], shifts: [Shift; 2]) -> Self {
        assert_eq!(x.len(), y.len(), "columns of the same rows");
        let centred = |(x, y): (&f64, &f64)| {
            let both = x.is_finite() && y.is_finite();
            both.then(|| {
                let [of_x, of_y] = shifts;
                [x * of_x.scale - of_x.mean, y * of_y.scale - of_y.mean]
            })
        };
        let common = || x.iter().zip(y).filter_map(centred);
        let count = common().count() as u64;
        if count == 0 {
            return Self::default();
        }
        // A first value is subtracted before the mean is taken, so that equal values leave zeros.
        let first = common().next().unwrap_or_default();
        let mut sums = [0.0; 2];
        for pair in common() {
            sums[0] += pair[0] - first[0];
            sums[1] += pair[1] - first[1];
        }
        let mean = [0, 1].map(|side| first[side] + sums[side] / count as f64);
        let mut moments = Self {
            count,
            mean,
            ..Self::default()
        };
        for pair in common() {
            let [x, y] = [pair[0] - mean[0], pair[1] - mean[1]];
            moments.m2[0] += x * x;
            moments.m2[1] += y * y;
            moments.product += x * y;
        }
        moments
    }

    /// Adds other rows (Chan, Golub & LeVeque 1983, eq. 1.5, and its like for products).
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = *other;
            return;
        }
        let count = self.count + other.count;
        let share = other.count as f64 / count as f64;
        let weight = self.count as f64 * share;
        let delta = [0, 1].map(|side| other.mean[side] - self.mean[side]);
        for side in [0, 1] {
            self.mean[side] += delta[side] * share;
            self.m2[side] += other.m2[side] + delta[side] * delta[side] * weight;
        }
        self.product += other.product + delta[0] * delta[1] * weight;
        self.count = count;
    }

    /// The correlation.
    pub fn coefficient(&self) -> Coefficient {
        Coefficient {
            r: pearson(self.count, self.product, self.m2[0], self.m2[1]),
            count: self.count,
            doubtful: false,
        }
    }
}
