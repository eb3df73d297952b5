//! One pair of columns around its own means: slow, and as exact as doubles are.

use crate::stats::comoments::{
    coefficient::{Coefficient, pearson},
    column::Shift,
};

/// Count, means and centred sums of two columns over the rows in which both are finite.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct PairMoments {
    count: u64,
    /// The first common values, and the means as differences from them: a mean alone has no digits
    /// left for what distinguishes it from another one where both are large.
    anchor: [f64; 2],
    offset: [f64; 2],
    m2: [f64; 2],
    product: f64,
}

impl PairMoments {
    /// Of two slices of the same rows: the means first, then the differences from them. Values are
    /// scaled as their shifts say, and not shifted. O(rows), thrice.
    pub(crate) fn of(x: &[f64], y: &[f64], shifts: [Shift; 2]) -> Self {
        assert_eq!(x.len(), y.len(), "columns of the same rows");
        let scaled = |(x, y): (&f64, &f64)| {
            let both = x.is_finite() && y.is_finite();
            both.then(|| [x * shifts[0].scale, y * shifts[1].scale])
        };
        let common = || x.iter().zip(y).filter_map(scaled);
        let Some(anchor) = common().next() else {
            return Self::default();
        };
        let (mut count, mut sums) = (0u64, [0.0; 2]);
        for pair in common() {
            count += 1;
            sums[0] += pair[0] - anchor[0];
            sums[1] += pair[1] - anchor[1];
        }
        let offset = sums.map(|sum| sum / count as f64);
        let mut moments = Self {
            count,
            anchor,
            offset,
            ..Self::default()
        };
        for pair in common() {
            let [x, y] = [0, 1].map(|side| (pair[side] - anchor[side]) - offset[side]);
            moments.m2[0] += x * x;
            moments.m2[1] += y * y;
            moments.product += x * y;
        }
        moments
    }

    /// Adds other rows (Chan, Golub & LeVeque 1983, eq. 1.5, and its like for products).
    pub(crate) fn merge(&mut self, other: &Self) {
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
        let delta = [0, 1].map(|side| {
            (other.anchor[side] - self.anchor[side]) + (other.offset[side] - self.offset[side])
        });
        for side in [0, 1] {
            self.offset[side] += delta[side] * share;
            self.m2[side] += other.m2[side] + delta[side] * delta[side] * weight;
        }
        self.product += other.product + delta[0] * delta[1] * weight;
        self.count = count;
    }

    /// The correlation.
    pub(crate) fn coefficient(&self) -> Coefficient {
        Coefficient {
            r: pearson(self.count, self.product, self.m2[0], self.m2[1]),
            count: self.count,
            doubtful: false,
        }
    }
}
