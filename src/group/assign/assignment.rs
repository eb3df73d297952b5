//! A split for each bucket of groups.

use crate::{
    data::Split,
    group::{
        assign::{loads::Loads, shares::Shares, warning::Warning},
        buckets::{BUCKETS, BucketCounts, bucket_of},
    },
};

/// The method by which buckets are assigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Method {
    /// By the rows and classes they hold.
    Balanced,
    /// By their number alone.
    Hash,
}

/// The split of every group there can be.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "StoredAssignment", into = "StoredAssignment")]
pub(crate) struct Assignment {
    method: Method,
    seed: u64,
    shares: Shares,
    /// [`Split`] of each bucket, as a byte.
    table: Vec<u8>,
}

/// Assigns buckets by what they hold. Buckets without rows go by their number, so that a group seen
/// later has a split too. O(buckets * (log buckets + classes)).
pub(crate) fn balanced(counts: &BucketCounts, shares: Shares) -> Assignment {
    let mut assignment = by_hash(counts.seed(), shares);
    assignment.method = Method::Balanced;
    let mut order: Vec<(u64, usize)> = (0..BUCKETS)
        .map(|bucket| (counts.bucket_rows(bucket), bucket))
        .filter(|&(rows, _)| rows > 0)
        .collect();
    order.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));

    let mut loads = Loads::new(counts, shares);
    for (placed, &(rows, bucket)) in order.iter().enumerate() {
        let left = order.len() - placed;
        let split = loads.place(counts.bucket(bucket), rows, left);
        assignment.table[bucket] = split as u8;
    }
    assignment
}

/// Assigns buckets by their number: the first ones to test, the next to valid, the rest to train.
pub(crate) fn by_hash(seed: u64, shares: Shares) -> Assignment {
    let end = |share: f64| (share * BUCKETS as f64).round() as usize;
    let (test_end, valid_end) = (end(shares.test), end(shares.test + shares.valid));
    let split = |bucket| match bucket {
        bucket if bucket < test_end => Split::Test,
        bucket if bucket < valid_end => Split::Valid,
        _ => Split::Train,
    };
    Assignment {
        method: Method::Hash,
        seed,
        shares,
        table: (0..BUCKETS).map(|bucket| split(bucket) as u8).collect(),
    }
}

impl Assignment {
    /// The split of a group.
    #[inline]
    pub(crate) fn split_of(&self, group: u64) -> Split {
        Split::from_byte(self.table[bucket_of(group, self.seed)])
    }

    /// Writes the split of each row as a byte; a row with a NaN label is in none.
    pub(crate) fn splits_into(&self, groups: &[u64], labels: &[f32], splits: &mut [u8]) {
        assert_eq!(groups.len(), labels.len(), "a label for each row");
        assert_eq!(groups.len(), splits.len(), "a split for each row");
        for ((slot, &group), label) in splits.iter_mut().zip(groups).zip(labels) {
            *slot = if label.is_nan() {
                Split::None as u8
            } else {
                self.split_of(group) as u8
            };
        }
    }

    /// The method of assignment.
    #[cfg(test)]
    pub(crate) fn method(&self) -> Method {
        self.method
    }

    /// The seed the buckets depend on.
    #[cfg(test)]
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// The shares that were asked for.
    #[cfg(test)]
    pub(crate) fn shares(&self) -> Shares {
        self.shares
    }

    /// The rows of each split by class, in the order of [`Split::ALL`].
    pub(crate) fn rows(&self, counts: &BucketCounts) -> [Vec<u64>; 3] {
        let mut rows = std::array::from_fn(|_| vec![0; counts.classes()]);
        for (bucket, &split) in self.table.iter().enumerate() {
            let sums = &mut rows[split as usize];
            for (sum, count) in sums.iter_mut().zip(counts.bucket(bucket)) {
                *sum += count;
            }
        }
        rows
    }

    /// Warnings about the splits that these rows get.
    pub(crate) fn warnings(&self, counts: &BucketCounts) -> Vec<Warning> {
        let mut warnings = Vec::new();
        let wanted = |split: &Split| self.shares.of(*split) > 0.0;
        let share = |split: &Split| self.shares.of(*split);
        let smallest = Split::ALL
            .into_iter()
            .filter(wanted)
            .min_by(|a, b| share(a).total_cmp(&share(b)));
        let largest = (0..BUCKETS)
            .map(|bucket| (counts.bucket_rows(bucket), bucket))
            .max_by_key(|&(rows, bucket)| (rows, std::cmp::Reverse(bucket)));
        if let (Some(split), Some((rows, bucket))) = (smallest, largest) {
            let part = rows as f64 / counts.rows().max(1) as f64;
            if part > share(&split) {
                warnings.push(Warning::BucketExceedsSplit {
                    bucket,
                    part,
                    split,
                    share: share(&split),
                });
            }
        }
        let rows = self.rows(counts);
        for split in Split::ALL.into_iter().filter(wanted) {
            if rows[split as usize].iter().sum::<u64>() == 0 {
                let share = share(&split);
                warnings.push(Warning::EmptySplit { split, share });
            }
        }
        warnings
    }
}

/// An assignment as it is stored: the table as a text of one digit a bucket.
#[derive(serde::Serialize, serde::Deserialize)]
struct StoredAssignment {
    method: Method,
    seed: u64,
    shares: Shares,
    buckets: String,
}

impl From<Assignment> for StoredAssignment {
    fn from(assignment: Assignment) -> Self {
        let digit = |&split: &u8| char::from(b'0' + split);
        Self {
            method: assignment.method,
            seed: assignment.seed,
            shares: assignment.shares,
            buckets: assignment.table.iter().map(digit).collect(),
        }
    }
}

impl TryFrom<StoredAssignment> for Assignment {
    type Error = String;

    fn try_from(stored: StoredAssignment) -> std::result::Result<Self, String> {
        let table: Vec<u8> = stored
            .buckets
            .bytes()
            .map(|b| b.wrapping_sub(b'0'))
            .collect();
        if table.len() != BUCKETS || table.iter().any(|&split| split > Split::Test as u8) {
            return Err(format!(
                "a split assignment has {BUCKETS} digits from 0 to 2, and this one has {} characters",
                table.len()
            ));
        }
        Ok(Self {
            method: stored.method,
            seed: stored.seed,
            shares: stored.shares,
            table,
        })
    }
}
