//! The moments of a stream of values that arrives in batches.

use crate::stats::moments::{
    kernel::{CHUNK, Float, LANES, Sums, add_any, add_finite},
    summary::Moments,
};

/// Values a block sums before it is merged.
pub(crate) const BLOCK: usize = 1024;

/// Selected values copied at once if their indexes follow each other.
const RUN: usize = 32;

/// Accumulates the values of one column in one row group; [`Self::finish`] answers.
///
/// Holds no heap memory. Any cut of the same values into calls gives the same bits.
#[derive(Debug, Clone, Default)]
pub(crate) struct MomentsStream {
    /// The blocks that are full, and the range and counts of everything.
    done: Moments,
    /// The open block.
    sums: Sums,
    /// Values in the open block, and how many of them are finite.
    filled: usize,
    finite: u64,
    /// True once a finite value was seen and `sums.shift` is set.
    shifted: bool,
}

impl Moments {
    /// The moments of a slice at once.
    pub fn of(values: &[f64]) -> Self {
        let mut stream = MomentsStream::default();
        stream.update_f64(values);
        stream.finish()
    }
}

impl MomentsStream {
    /// Adds values; NaN is missing.
    pub(crate) fn update_f32(&mut self, values: &[f32]) {
        self.update(values);
    }

    /// Adds values; NaN is missing.
    pub(crate) fn update_f64(&mut self, values: &[f64]) {
        self.update(values);
    }

    /// Adds the values at some indexes, which ascend.
    pub(crate) fn update_f32_selected(&mut self, values: &[f32], indexes: &[u32]) {
        self.update_selected(values, indexes);
    }

    /// Adds the values at some indexes, which ascend.
    pub(crate) fn update_f64_selected(&mut self, values: &[f64], indexes: &[u32]) {
        self.update_selected(values, indexes);
    }

    /// Closes the open block.
    pub(crate) fn finish(mut self) -> Moments {
        self.close_block();
        // A range that ends at zero has one zero, whichever came first.
        self.done.min += 0.0;
        self.done.max += 0.0;
        self.done
    }

    fn update_selected<T: Float>(&mut self, values: &[T], indexes: &[u32]) {
        debug_assert!(indexes.is_sorted_by(|a, b| a < b), "indexes ascend");
        let mut chosen = [T::default(); CHUNK];
        for indexes in indexes.chunks(CHUNK) {
            for (slots, indexes) in chosen.chunks_mut(RUN).zip(indexes.chunks(RUN)) {
                gather(values, indexes, &mut slots[..indexes.len()]);
            }
            self.update(&chosen[..indexes.len()]);
        }
    }

    fn update<T: Float>(&mut self, mut values: &[T]) {
        while !values.is_empty() {
            let room = (BLOCK - self.filled).min(CHUNK);
            let (head, tail) = values.split_at(room.min(values.len()));
            self.add_chunk(head);
            self.filled += head.len();
            if self.filled == BLOCK {
                self.close_block();
            }
            values = tail;
        }
    }

    /// Adds at most [`CHUNK`] values that fit into the open block.
    fn add_chunk<T: Float>(&mut self, values: &[T]) {
        if !self.shifted
            && let Some(first) = values.iter().find(|value| value.finite())
        {
            self.sums.shift = first.wide();
            self.shifted = true;
        }
        // The fast kernel starts at lane 0; a batch that ended elsewhere is aligned first.
        let misaligned = (LANES - self.filled % LANES) % LANES;
        let (head, body) = values.split_at(misaligned.min(values.len()));
        self.add_some(head, self.filled % LANES);
        if body.is_empty() {
            return;
        }
        let before = self.sums;
        let range = add_finite(body, &mut self.sums);
        if self.sums.sum.iter().all(|sum| sum.is_finite()) {
            self.finite += body.len() as u64;
            self.widen(range.min.wide(), range.max.wide());
        } else {
            self.sums = before;
            self.add_some(body, 0);
        }
    }

    /// Adds values of any kind, the first one to `lane`.
    fn add_some<T: Float>(&mut self, values: &[T], lane: usize) {
        let range = add_any(values, lane, &mut self.sums);
        // Separate counts, so that each becomes one vectorised loop.
        let missing = count(values, f64::is_nan);
        let pos_inf = count(values, |value| value == f64::INFINITY);
        let neg_inf = count(values, |value| value == f64::NEG_INFINITY);
        self.finite += values.len() as u64 - missing - pos_inf - neg_inf;
        self.done.missing += missing;
        self.done.pos_inf += pos_inf;
        self.done.neg_inf += neg_inf;
        self.widen(range.min.wide(), range.max.wide());
    }

    fn widen(&mut self, min: f64, max: f64) {
        self.done.min = self.done.min.min(min);
        self.done.max = self.done.max.max(max);
    }

    /// Merges the open block into the closed ones and shifts the next by the mean so far.
    fn close_block(&mut self) {
        if self.finite > 0 {
            let count = self.finite as f64;
            let sum: f64 = pairwise(self.sums.sum);
            let square: f64 = pairwise(self.sums.square);
            let mut mean = self.sums.shift + sum / count;
            let mut m2 = square - sum * (sum / count);
            // Sums that overflow leave no number: the spread is then infinite.
            if mean.is_nan() {
                mean = self.done.min / 2.0 + self.done.max / 2.0;
            }
            if m2.is_nan() {
                m2 = f64::INFINITY;
            }
            mean = mean.clamp(self.done.min, self.done.max);
            self.done.merge_mean(self.finite, mean, m2.max(0.0));
            self.sums.shift = self.done.mean;
        }
        self.sums.sum = [0.0; LANES];
        self.sums.square = [0.0; LANES];
        self.filled = 0;
        self.finite = 0;
    }
}

/// Copies the values at ascending indexes; at once where the indexes follow each other, as the rows
/// of a group do.
#[inline]
fn gather<T: Float>(values: &[T], indexes: &[u32], slots: &mut [T]) {
    let (first, last) = (indexes[0] as usize, indexes[indexes.len() - 1] as usize);
    if last - first + 1 == slots.len() {
        slots.copy_from_slice(&values[first..=last]);
        return;
    }
    for (slot, &index) in slots.iter_mut().zip(indexes) {
        *slot = values[index as usize];
    }
}

/// The number of values that pass a test.
fn count<T: Float>(values: &[T], test: impl Fn(f64) -> bool) -> u64 {
    values.iter().map(|v| u64::from(test(v.wide()))).sum()
}

/// The lanes' sum, in a fixed order.
fn pairwise(lanes: [f64; LANES]) -> f64 {
    (lanes[0] + lanes[2]) + (lanes[1] + lanes[3])
}
