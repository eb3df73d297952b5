//! Histograms of positive and negative rows over the margin, and what they say about ranking.
//!
//! The margin is cut into equal bins over [-[`MARGIN_MAX`], [`MARGIN_MAX`]); what lies outside falls
//! into the outermost bins. Bin borders are multiples of a power of two, so 0 (probability 0.5) is
//! one of them. Rows of one bin count as ties; the interval assumes the worst and the best order of
//! each bin's rows, so it holds the exact value whatever their order is (up to the rounding of the
//! sums, about 1e-15).

/// The margin's clip: probabilities within 1.1e-7 of 0 or 1 are ties.
pub(crate) const MARGIN_MAX: f64 = 16.0;

/// Bins of a table: each 2^-11 wide. At 2 M rows AUC is then known to about 4e-5, certified.
pub(crate) const BINS: usize = 65_536;

/// Counters over all classes of a table, so that many classes do not take much memory.
const BINS_TOTAL_MAX: usize = 1 << 20;

/// Above this many positives in one bin a sum over them is bounded by an integral.
const EXACT_SUM_MAX: u64 = 4_096;

/// A value and the interval that certainly holds the exact one.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Interval {
    /// The value with ties inside a bin counted as ties.
    pub value: f64,
    /// The value if every bin's rows were in the worst order.
    pub low: f64,
    /// The value if every bin's rows were in the best order.
    pub high: f64,
}

/// Rows by margin and label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScoreBins {
    /// Negative and positive rows of each bin, margins ascending.
    counts: Vec<[u64; 2]>,
}

/// Bins of each of `classes` tables: [`BINS`] up to 16 classes, fewer beyond.
pub(super) fn bins_for(classes: usize) -> usize {
    let share = (BINS_TOTAL_MAX / classes.max(1)).clamp(64, BINS);
    1 << share.ilog2()
}

impl Default for ScoreBins {
    fn default() -> Self {
        Self::new(BINS)
    }
}

impl ScoreBins {
    /// Empty histograms of `bins` bins, a power of two.
    pub(crate) fn new(bins: usize) -> Self {
        assert!(bins.is_power_of_two(), "bin borders are powers of two");
        Self {
            counts: vec![[0; 2]; bins],
        }
    }

    /// Adds a row. A NaN counts as the lowest margin; tables keep such rows out.
    #[inline]
    pub(crate) fn add(&mut self, margin: f64, is_positive: bool) {
        self.add_weighted(margin, is_positive, 1);
    }

    /// Adds a row that counts as many; all rows together at most 2^62.
    #[inline]
    pub(crate) fn add_weighted(&mut self, margin: f64, is_positive: bool, weight: u64) {
        let half = (self.counts.len() / 2) as f64;
        // Scaling by a power of two is exact, so a margin below a border never lands above it.
        let place = (margin * (half / MARGIN_MAX))
            .floor()
            .clamp(-half, half - 1.0);
        let bin = (place + half) as usize;
        self.counts[bin][usize::from(is_positive)] += weight;
    }

    /// Adds the rows of another table. Exact in any order.
    pub(crate) fn merge(&mut self, other: &Self) {
        assert_eq!(self.counts.len(), other.counts.len(), "same classes");
        for (mine, others) in self.counts.iter_mut().zip(&other.counts) {
            mine[0] += others[0];
            mine[1] += others[1];
        }
    }

    /// The histograms of `-margin` against the opposite label: those of "any class but this one".
    #[must_use]
    pub(crate) fn opposite(&self) -> Self {
        let counts = self.counts.iter().rev().map(|&[n, p]| [p, n]).collect();
        Self { counts }
    }

    /// Rows with the positive label.
    pub(crate) fn positives(&self) -> u64 {
        self.counts.iter().map(|bin| bin[1]).sum()
    }

    /// The area under the ROC curve: the share of (positive, negative) pairs ranked rightly, ties
    /// half. None unless both labels occur.
    pub(crate) fn auc_roc(&self) -> Option<Interval> {
        let (mut below, mut won, mut tied) = (0u128, 0u128, 0u128);
        for &[negatives, positives] in &self.counts {
            won += u128::from(positives) * below;
            tied += u128::from(positives) * u128::from(negatives);
            below += u128::from(negatives);
        }
        let pairs = below * u128::from(self.positives());
        (pairs > 0).then(|| Interval {
            value: (2 * won + tied) as f64 / (2 * pairs) as f64,
            low: won as f64 / pairs as f64,
            high: (won + tied) as f64 / pairs as f64,
        })
    }

    /// Average precision, the sum over thresholds of precision times the gain in recall. None
    /// without positives.
    ///
    /// The bounds hold for any order and any ties inside a bin: a positive's precision is highest
    /// with all of the bin's positives and none of its negatives above it, lowest with all of the
    /// negatives and none of the later positives.
    pub(crate) fn auc_pr(&self) -> Option<Interval> {
        let total = self.positives();
        if total == 0 {
            return None;
        }
        let (mut above_positives, mut above_negatives) = (0u64, 0u64);
        let (mut value, mut low, mut high) = (0.0, 0.0, 0.0);
        for &[negatives, positives] in self.counts.iter().rev() {
            if positives > 0 {
                let gained = positives as f64;
                let hits = (above_positives + positives) as f64;
                value += gained * hits / (hits + (above_negatives + negatives) as f64);
                high += gained * hits / (hits + above_negatives as f64);
                low += precisions_worst(above_positives, above_negatives + negatives, positives);
            }
            above_positives += positives;
            above_negatives += negatives;
        }
        let total = total as f64;
        Some(Interval {
            value: value / total,
            // Rounding of 65,536 sums must not turn the bounds around.
            low: (low / total).min(value / total),
            high: (high / total).max(value / total),
        })
    }

    /// The share of positives among the `positives()` rows with the highest margin; the bin that
    /// straddles the border gives its proportional share. None without positives.
    pub(crate) fn top_k_accuracy(&self) -> Option<f64> {
        let k = self.positives();
        if k == 0 {
            return None;
        }
        let (mut taken, mut hits) = (0u64, 0u64);
        for &[negatives, positives] in self.counts.iter().rev() {
            let rows = negatives + positives;
            if taken + rows >= k {
                let share = (k - taken) as f64 / rows.max(1) as f64;
                return Some((hits as f64 + positives as f64 * share) / k as f64);
            }
            taken += rows;
            hits += positives;
        }
        unreachable!("all rows together are at least the positives")
    }

    /// Bytes held, by capacity.
    #[cfg(test)]
    pub(crate) fn heap_bytes(&self) -> usize {
        self.counts.capacity() * size_of::<[u64; 2]>()
    }
}

/// A lower bound of the sum over `i` in `1..=positives` of `(a + i) / (a + i + b)`: exact for few
/// positives, else with `sum 1 / (a + b + i)` bounded by its integral.
fn precisions_worst(a: u64, b: u64, positives: u64) -> f64 {
    if b == 0 {
        return positives as f64;
    }
    if positives <= EXACT_SUM_MAX {
        let precision = |i: u64| (a + i) as f64 / (a + i + b) as f64;
        return (1..=positives).map(precision).sum();
    }
    let start = (a + b) as f64;
    positives as f64 - b as f64 * (positives as f64 / start).ln_1p()
}
