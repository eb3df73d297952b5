//! The greedy choice of the split that a bucket unbalances least.

use crate::{
    data::Split,
    group::{assign::shares::Shares, buckets::BucketCounts},
};

/// The rows of each split while buckets are dealt out.
pub(super) struct Loads {
    shares: Shares,
    /// Rows of all buckets by class, then of all classes.
    totals: Vec<f64>,
    /// The same for each split.
    loads: [Vec<f64>; 3],
}

impl Loads {
    pub(super) fn new(counts: &BucketCounts, shares: Shares) -> Self {
        let mut totals: Vec<f64> = counts
            .class_rows()
            .iter()
            .map(|&rows| rows as f64)
            .collect();
        totals.push(counts.rows() as f64);
        let loads = std::array::from_fn(|_| vec![0.0; totals.len()]);
        Self {
            shares,
            totals,
            loads,
        }
    }

    /// Gives a bucket to the split whose load it raises least. If no more buckets are left than
    /// there are splits without rows, one of those gets it.
    pub(super) fn place(&mut self, classes: &[u64], rows: u64, buckets_left: usize) -> Split {
        let wanted = |split: &Split| self.shares.of(*split) > 0.0;
        let is_empty = |split: &Split| self.loads[*split as usize].last() == Some(&0.0);
        let empty = Split::ALL
            .into_iter()
            .filter(wanted)
            .filter(is_empty)
            .count();
        let must_fill = buckets_left <= empty;

        let bucket = || classes.iter().chain([&rows]).map(|&rows| rows as f64);
        let mut best = (f64::INFINITY, Split::Train);
        for split in Split::ALL.into_iter().filter(wanted) {
            if must_fill && !is_empty(&split) {
                continue;
            }
            // The sum over classes of load^2 / (share * total^2) is least where every load is its
            // share of the total; this is what the bucket adds to it.
            let parts = bucket().zip(&self.loads[split as usize]).zip(&self.totals);
            let raised: f64 = parts
                .filter(|(_, total)| **total > 0.0)
                .map(|((rows, load), total)| rows * (2.0 * load + rows) / (total * total))
                .sum();
            let raised = raised / self.shares.of(split);
            if raised < best.0 {
                best = (raised, split);
            }
        }
        let loads = &mut self.loads[best.1 as usize];
        for (load, &rows) in loads.iter_mut().zip(classes.iter().chain([&rows])) {
            *load += rows as f64;
        }
        best.1
    }
}
