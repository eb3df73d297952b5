//! The sampled rows in memory, and the candidates of the next sample.

use crate::learner::gbdt::sample::{
    kernel::{TILE, TileCodes},
    selection::{Keys, Policy, Selection, Thresholds},
};

/// Room for candidates beside the rows of a sample, at the least.
const CANDIDATES_MIN: usize = 1 << 14;

/// The units of a whole row in [`SampleRows::units`].
pub(crate) const UNITS_OF_ROW: u64 = 1 << 10;

/// Slots of the store of a sample: its rows, the one that sets the threshold, and candidates.
pub(crate) fn capacity(rows: usize) -> usize {
    rows + 1 + (rows / 4).max(CANDIDATES_MIN)
}

/// Bytes of a slot.
pub(crate) fn row_bytes(byte_columns: usize, outputs: usize) -> usize {
    let keys = size_of::<u64>() + 2 * size_of::<f64>() + size_of::<u32>();
    let row = size_of::<f32>() + size_of::<f64>() + outputs * size_of::<f32>();
    byte_columns.div_ceil(TILE) * TILE + keys + row + size_of::<u32>()
}

/// Rows with their codes and all that derivatives are computed from, a slot each.
#[derive(Debug)]
pub(crate) struct SampleRows {
    pub(crate) len: usize,
    pub(crate) capacity: usize,
    pub(crate) tiles: usize,
    /// The codes of slot `i` in tile `t` are at `i * tiles + t`.
    pub(crate) codes: Vec<TileCodes>,
    /// Numbers of the rows in the dataset.
    pub(crate) row: Vec<u64>,
    pub(crate) label: Vec<f32>,
    /// Weights; times the rows that a row stands for, once the sample is finished.
    pub(crate) weight: Vec<f64>,
    pub(crate) importance: Vec<f64>,
    pub(crate) priority: Vec<f64>,
    /// The margin of output `k` of slot `i` is at `k * capacity + i`.
    pub(crate) margin: Vec<f32>,
    /// The rows that a row stands for, in units of 1 / [`UNITS_OF_ROW`].
    pub(crate) units: Vec<u32>,
}

impl SampleRows {
    /// No rows, with memory for `capacity`.
    pub(crate) fn new(capacity: usize, byte_columns: usize, outputs: usize) -> Self {
        assert!(
            u32::try_from(capacity).is_ok(),
            "a slot is numbered by 32 bits"
        );
        let tiles = byte_columns.div_ceil(TILE);
        Self {
            len: 0,
            capacity,
            tiles,
            codes: vec![[0; TILE]; tiles * capacity],
            row: vec![0; capacity],
            label: vec![0.0; capacity],
            weight: vec![0.0; capacity],
            importance: vec![0.0; capacity],
            priority: vec![0.0; capacity],
            margin: vec![0.0; outputs * capacity],
            units: vec![0; capacity],
        }
    }

    /// Bytes of the memory for `capacity` rows.
    pub(crate) fn bytes(capacity: usize, byte_columns: usize, outputs: usize) -> usize {
        capacity * row_bytes(byte_columns, outputs)
    }

    /// Adds the rows of another.
    ///
    /// # Panics
    /// If there is no room.
    fn append(&mut self, other: &Self) {
        let (start, len) = (self.len, other.len);
        let end = start + len;
        assert!(end <= self.capacity);
        let codes = &other.codes[..len * self.tiles];
        self.codes[start * self.tiles..end * self.tiles].copy_from_slice(codes);
        self.row[start..end].copy_from_slice(&other.row[..len]);
        self.label[start..end].copy_from_slice(&other.label[..len]);
        self.weight[start..end].copy_from_slice(&other.weight[..len]);
        self.importance[start..end].copy_from_slice(&other.importance[..len]);
        self.priority[start..end].copy_from_slice(&other.priority[..len]);
        let margins = self.margin.chunks_exact_mut(self.capacity);
        for (margin, other) in margins.zip(other.margin.chunks_exact(other.capacity)) {
            margin[start..end].copy_from_slice(&other[..len]);
        }
        self.len = end;
    }

    /// Bytes held, by capacity.
    pub(crate) fn heap_bytes(&self) -> usize {
        let wide = self.row.capacity()
            + self.weight.capacity()
            + self.importance.capacity()
            + self.priority.capacity();
        let narrow = self.label.capacity() + self.margin.capacity() + self.units.capacity();
        self.codes.capacity() * TILE + wide * 8 + narrow * 4
    }

    fn move_row(&mut self, from: usize, to: usize) {
        let codes = from * self.tiles..(from + 1) * self.tiles;
        self.codes.copy_within(codes, to * self.tiles);
        self.row[to] = self.row[from];
        self.label[to] = self.label[from];
        self.weight[to] = self.weight[from];
        self.importance[to] = self.importance[from];
        self.priority[to] = self.priority[from];
        self.units[to] = self.units[from];
        for margin in self.margin.chunks_exact_mut(self.capacity) {
            margin[to] = margin[from];
        }
    }

    /// Keeps the first `kept` of `order`, which has every slot once, in the first slots.
    pub(crate) fn keep(&mut self, order: &[u32], kept: usize) {
        let (stay, go) = order.split_at(kept);
        let holes = go.iter().filter(|&&slot| (slot as usize) < kept);
        let moved = stay.iter().filter(|&&slot| slot as usize >= kept);
        for (&hole, &from) in holes.zip(moved) {
            self.move_row(from as usize, hole as usize);
        }
        self.len = kept;
    }
}

/// Takes candidates in any order and ends with the sample, whichever that order was.
#[derive(Debug)]
pub(crate) struct Collector {
    pub(crate) rows: SampleRows,
    policy: Policy,
    prefilter: Thresholds,
    thresholds: Thresholds,
    rejected: bool,
    /// Working memory of selections.
    order: Vec<u32>,
}

impl Collector {
    /// Empties `rows` and takes candidates that reach `prefilter`.
    pub(crate) fn new(mut rows: SampleRows, policy: Policy, prefilter: Thresholds) -> Self {
        rows.len = 0;
        Self {
            order: Vec::with_capacity(rows.capacity),
            rows,
            policy,
            prefilter,
            thresholds: prefilter,
            rejected: false,
        }
    }

    /// The thresholds that candidates must reach by now.
    pub(crate) fn thresholds(&self) -> Thresholds {
        self.thresholds
    }

    /// Adds candidates and empties them; `rejected` says that rows were passed over before.
    ///
    /// # Panics
    /// If they are more than the store holds beside a sample.
    pub(crate) fn take(&mut self, candidates: &mut SampleRows, rejected: bool) {
        self.rejected |= rejected;
        if self.rows.len + candidates.len > self.rows.capacity {
            let selection = self.select();
            self.rows.keep(&self.order, selection.retained);
            self.rejected |= selection.retained < self.order.len();
            self.thresholds = selection.thresholds;
        }
        self.rows.append(candidates);
        candidates.len = 0;
    }

    /// The sample with its weights, and what rows had to reach; `None` if rows were passed over that
    /// might belong to it. `train_rows` are all that were seen.
    pub(crate) fn finish(&mut self, train_rows: u64) -> Option<Thresholds> {
        let selection = self.select();
        if self.rejected && !selection.is_sure(&self.prefilter) {
            return None;
        }
        let rows = &mut self.rows;
        for (place, &slot) in self.order[..selection.kept].iter().enumerate() {
            let slot = slot as usize;
            let factor = match self.policy {
                _ if place < selection.top => 1.0,
                Policy::Goss { .. } => {
                    let others = (selection.kept - selection.top) as f64;
                    (train_rows as f64 - selection.top as f64) / others
                }
                Policy::Mvs { .. } | Policy::Uniform { .. } => {
                    (selection.thresholds.priority / rows.importance[slot]).max(1.0)
                }
            };
            rows.weight[slot] *= factor;
            rows.units[slot] = (factor * UNITS_OF_ROW as f64) as u32;
        }
        rows.keep(&self.order, selection.kept);
        Some(selection.thresholds)
    }

    /// The rows, to be filled again.
    pub(crate) fn into_rows(self) -> SampleRows {
        self.rows
    }

    fn select(&mut self) -> Selection {
        self.order.clear();
        self.order.extend(0..self.rows.len as u32);
        let keys = Keys {
            row: &self.rows.row,
            importance: &self.rows.importance,
            priority: &self.rows.priority,
        };
        self.policy.select(keys, &mut self.order)
    }
}
