//! Rows by class of each of 65,536 buckets of groups.

use crate::group::hash::{Purpose, row_hash};

/// Buckets. Whole buckets go to a split, so one holds about 1/65,536 of many groups.
pub(crate) const BUCKETS: usize = 65_536;

/// Classes that are balanced apart; a target with more is balanced by rows alone.
pub(crate) const CLASSES_BALANCED_MAX: usize = 16;

/// The bucket of a group. It depends on the seed, so that another seed gives another split.
#[inline]
pub(crate) fn bucket_of(group: u64, seed: u64) -> usize {
    (row_hash(seed, group, 0, Purpose::Bucket) >> 48) as usize
}

/// Rows of each bucket by class: 0.5 MiB a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BucketCounts {
    seed: u64,
    classes: usize,
    /// Bucket `b`'s rows of class `c` are at `b * classes + c`.
    counts: Vec<u64>,
}

impl BucketCounts {
    /// Counts of nothing. `classes` is 1 for a numeric target; beyond
    /// [`CLASSES_BALANCED_MAX`] it is taken as 1.
    pub(crate) fn new(seed: u64, classes: usize) -> Self {
        let classes = if (1..=CLASSES_BALANCED_MAX).contains(&classes) {
            classes
        } else {
            1
        };
        Self {
            seed,
            classes,
            counts: vec![0; BUCKETS * classes],
        }
    }

    /// Adds rows: each one's group hash and class index. A NaN label is a row that will be in no
    /// split, and is not counted. The label is not looked at when classes are not balanced.
    pub(crate) fn update(&mut self, groups: &[u64], labels: &[f32]) {
        assert_eq!(groups.len(), labels.len(), "a label for each row");
        let mut last = (0, bucket_of(0, self.seed));
        for (&group, &label) in groups.iter().zip(labels) {
            if label.is_nan() {
                continue;
            }
            // Rows of a group mostly follow each other.
            if group != last.0 {
                last = (group, bucket_of(group, self.seed));
            }
            let class = if self.classes == 1 { 0 } else { label as usize };
            assert!(class < self.classes, "a label is a class index");
            self.counts[last.1 * self.classes + class] += 1;
        }
    }

    /// Adds the rows of another part with the same seed and classes. Exact in any order.
    pub(crate) fn merge(&mut self, other: &Self) {
        assert_eq!(
            (self.seed, self.classes),
            (other.seed, other.classes),
            "same options"
        );
        for (mine, others) in self.counts.iter_mut().zip(&other.counts) {
            *mine += others;
        }
    }

    /// The seed the buckets depend on.
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// The number of classes that are counted apart.
    pub(crate) fn classes(&self) -> usize {
        self.classes
    }

    /// A bucket's rows by class.
    pub(crate) fn bucket(&self, bucket: usize) -> &[u64] {
        &self.counts[bucket * self.classes..][..self.classes]
    }

    /// A bucket's rows.
    pub(crate) fn bucket_rows(&self, bucket: usize) -> u64 {
        self.bucket(bucket).iter().sum()
    }

    /// All rows.
    pub(crate) fn rows(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// All rows by class.
    pub(crate) fn class_rows(&self) -> Vec<u64> {
        let class = |class| self.counts.iter().skip(class).step_by(self.classes).sum();
        (0..self.classes).map(class).collect()
    }

    /// Bytes held, by capacity.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.counts.capacity() * size_of::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(seed: u64, groups: &[u64], labels: &[f32]) -> BucketCounts {
        let mut counts = BucketCounts::new(seed, 3);
        counts.update(groups, labels);
        counts
    }

    #[test]
    fn rows_are_counted_by_bucket_and_class() {
        let counts = counts(42, &[7, 7, 9, 7, 8], &[0.0, 2.0, 1.0, 0.0, f32::NAN]);
        assert_eq!(counts.bucket(bucket_of(7, 42)), [2, 0, 1]);
        assert_eq!(counts.bucket(bucket_of(9, 42)), [0, 1, 0]);
        assert_eq!(counts.bucket_rows(bucket_of(8, 42)), 0);
        assert_eq!((counts.rows(), counts.class_rows()), (4, vec![2, 1, 1]));
        assert_eq!(counts.heap_bytes(), BUCKETS * 3 * 8);
    }

    #[test]
    fn another_seed_is_another_bucket() {
        assert_ne!(bucket_of(7, 1), bucket_of(7, 2));
        // Pinned: a model's split must be found again by every later version.
        assert_eq!([bucket_of(0, 0), bucket_of(7, 42)], [35_586, 48_098]);
    }

    #[test]
    fn merging_is_commutative_and_has_an_identity() {
        let a = counts(1, &[1, 2, 3], &[0.0, 1.0, 2.0]);
        let b = counts(1, &[3, 4], &[2.0, 0.0]);
        let merged = |left: &BucketCounts, right: &BucketCounts| {
            let mut merged = left.clone();
            merged.merge(right);
            merged
        };
        assert_eq!(merged(&a, &b), merged(&b, &a));
        assert_eq!(merged(&a, &BucketCounts::new(1, 3)), a);
    }

    #[test]
    fn many_classes_are_counted_as_one() {
        let mut counts = BucketCounts::new(1, CLASSES_BALANCED_MAX + 1);
        counts.update(&[1, 1], &[16.0, 3.0]);
        assert_eq!(counts.class_rows(), [2]);
    }
}
