//! The rows of a sample by leaf, while a tree grows.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{Mutex, PoisonError},
};

use crate::{
    error::Result,
    learner::gbdt::{
        partition::PartitionRule,
        sample::{
            kernel::{Entry, TILE, slot_of},
            store::{SampleRows, UNITS_OF_ROW},
        },
    },
    platform::parallel::Parallel,
};

/// Bytes of a row beside the store's: its entries, those it is scratch while nodes are split, and its
/// residual and leaf while leaves are renewed.
pub(crate) fn row_bytes(outputs: usize) -> usize {
    (outputs + 1) * size_of::<Entry>() + size_of::<f32>() + size_of::<u16>()
}

/// The entries of one output's tree, leaf by leaf.
#[derive(Debug, Default)]
pub(crate) struct Segments {
    /// One a row of the sample.
    pub(crate) entries: Vec<Entry>,
    /// The entries of each leaf.
    leaves: Vec<Range<usize>>,
    /// The training rows that each leaf stands for, in the units of [`SampleRows::units`].
    units: Vec<u64>,
}

/// A leaf that is split: its entries, and room for those that go right.
struct Piece<'a> {
    leaf: usize,
    entries: &'a mut [Entry],
    scratch: &'a mut [Entry],
    lefts: usize,
    right_units: u64,
}

impl Segments {
    /// No rows, with memory for `rows_max`.
    pub(crate) fn new(rows_max: usize) -> Self {
        Self {
            entries: Vec::with_capacity(rows_max),
            ..Self::default()
        }
    }

    /// All rows are in the root; the entries are there.
    pub(crate) fn plant(&mut self, rows: &SampleRows) {
        self.leaves.clear();
        self.leaves.push(0..self.entries.len());
        let units = rows.units[..rows.len].iter();
        self.units.clear();
        self.units.push(units.map(|&units| u64::from(units)).sum());
    }

    /// The entries of a leaf.
    pub(crate) fn leaf(&self, leaf: usize) -> &[Entry] {
        &self.entries[self.leaves[leaf].clone()]
    }

    /// The number of leaves.
    pub(crate) fn leaves(&self) -> usize {
        self.leaves.len()
    }

    /// An estimate of each leaf's training rows.
    pub(crate) fn rows(&self) -> Vec<u64> {
        let rows = |units: &u64| (units + UNITS_OF_ROW / 2) / UNITS_OF_ROW;
        self.units.iter().map(rows).collect()
    }

    /// Moves the rows of the leaves that were split to their children. `scratch` is as long as the
    /// sample; its contents are undefined.
    ///
    /// # Errors
    /// As [`Parallel::for_each`].
    pub(crate) fn follow(
        &mut self,
        rules: &[PartitionRule],
        rows: &SampleRows,
        scratch: &mut [Entry],
        parallel: &dyn Parallel,
    ) -> Result<()> {
        // The rows of a leaf that was cut off stay where they are: beside those they join.
        let is_split = |leaf: &usize| {
            let rule = &rules[*leaf];
            usize::from(rule.right) != *leaf && rule.left != [0; 4]
        };
        let mut split: Vec<usize> = (0..self.leaves.len()).filter(is_split).collect();
        split.sort_by_key(|&leaf| (self.leaves[leaf].start, self.leaves[leaf].end));
        let mut pieces = Vec::with_capacity(split.len());
        let (mut entries, mut scratch) = (&mut self.entries[..], scratch);
        let mut at = 0;
        for leaf in split {
            let Range { start, end } = self.leaves[leaf];
            let (_, rest) = entries.split_at_mut(start - at);
            let (own, rest) = rest.split_at_mut(end - start);
            let (room, scratch_rest) = scratch.split_at_mut(end - start);
            (entries, scratch, at) = (rest, scratch_rest, end);
            pieces.push(Mutex::new(Piece {
                leaf,
                entries: own,
                scratch: room,
                lefts: 0,
                right_units: 0,
            }));
        }
        // The longest first, so that no thread is left with it at the end.
        pieces.sort_by_key(|piece| std::cmp::Reverse(piece_len(piece)));
        parallel.for_each(pieces.len(), &|index| {
            let mut piece = pieces[index].lock().unwrap_or_else(PoisonError::into_inner);
            partition(&mut piece, rules, rows);
        })?;
        let mut found = BTreeMap::new();
        for piece in pieces {
            let piece = piece.into_inner().unwrap_or_else(PoisonError::into_inner);
            found.insert(piece.leaf, (piece.lefts, piece.right_units));
        }
        self.number(rules, &found);
        Ok(())
    }

    /// Gives leaves the rows that moved to them; `found` are the rows that stay in a leaf that
    /// was split, and the units that left it.
    fn number(&mut self, rules: &[PartitionRule], found: &BTreeMap<usize, (usize, u64)>) {
        let before = std::mem::take(&mut self.leaves);
        let units = std::mem::take(&mut self.units);
        self.leaves.resize(rules.len(), 0..0);
        self.units.resize(rules.len(), 0);
        for (leaf, (Range { start, end }, units)) in before.into_iter().zip(units).enumerate() {
            let right = usize::from(rules[leaf].right);
            match found.get(&leaf) {
                Some(&(lefts, right_units)) => {
                    self.join(leaf, start..start + lefts, units - right_units);
                    self.join(right, start + lefts..end, right_units);
                }
                None => self.join(right, start..end, units),
            }
        }
    }

    /// Adds rows to a leaf; they lie beside those that it has.
    fn join(&mut self, leaf: usize, rows: Range<usize>, units: u64) {
        if rows.is_empty() {
            return;
        }
        self.units[leaf] += units;
        let own = &mut self.leaves[leaf];
        *own = if own.start == own.end {
            rows
        } else {
            // The leaves below a node lie side by side, but are not numbered in that order.
            own.start.min(rows.start)..own.end.max(rows.end)
        };
    }
}

fn piece_len(piece: &Mutex<Piece<'_>>) -> usize {
    let piece = piece.lock().unwrap_or_else(PoisonError::into_inner);
    piece.entries.len()
}

/// Puts the entries that go left before the others. No branch depends on a row.
fn partition(piece: &mut Piece<'_>, rules: &[PartitionRule], rows: &SampleRows) {
    let rule = &rules[piece.leaf];
    let left: [u8; 256] = std::array::from_fn(|byte| u8::from(rule.is_left(byte as u8)));
    let byte_column = rule.byte_column as usize;
    let (tile, column) = (byte_column / TILE, byte_column % TILE);
    let units = &rows.units[..];
    let (mut lefts, mut right_units) = (0, 0);
    for place in 0..piece.entries.len() {
        let entry = piece.entries[place];
        let slot = slot_of(entry);
        let is_left = usize::from(left[usize::from(rows.codes[slot * rows.tiles + tile][column])]);
        piece.entries[lefts] = entry;
        piece.scratch[place - lefts] = entry;
        right_units += u64::from(units[slot]) & (is_left as u64).wrapping_sub(1);
        lefts += is_left;
    }
    let rights = piece.entries.len() - lefts;
    piece.entries[lefts..].copy_from_slice(&piece.scratch[..rights]);
    (piece.lefts, piece.right_units) = (lefts, right_units);
}
