//! Histograms: packed ones that each worker owns, wide ones that all of them spill into.
//!
//! ```text
//!  worker 0   packed, 2 KiB a column and slot --+
//!                                               +--> wide, 4 KiB a column and slot
//!  worker 1   packed ---------------------------+    (integers: any order gives the same sums)
//! ```
//!
//! A *slot* is a node whose rows are accumulated in a pass. A packed bin is exact for
//! [`PACKED_ROWS_MAX`] rows; a slot spills when its next block could exceed them, so that spilling
//! costs a bin for hundreds of rows.

use std::{
    ops::{Add, AddAssign, Sub, SubAssign},
    sync::{Mutex, PoisonError},
};

use crate::{
    learner::gbdt::{
        kernel::{
            Column, GROUP, Histogram, PACKED_ROWS_MAX, Quad, accumulate_group, accumulate_quads,
            accumulate_rest, gather, unpack,
        },
        partition::RowLists,
    },
    limits::{BLOCK_ROWS, CODES_MAX},
};

/// Exact sums of quantised gradients and hessians.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    /// Sum of gradients, in units of the round's scale.
    pub gradient: i64,
    /// Sum of hessians, likewise; not negative.
    pub hessian: i64,
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        self.gradient += other.gradient;
        self.hessian += other.hessian;
    }
}

impl SubAssign for Sums {
    fn sub_assign(&mut self, other: Self) {
        self.gradient -= other.gradient;
        self.hessian -= other.hessian;
    }
}

impl Add for Sums {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

impl Sub for Sums {
    type Output = Self;

    fn sub(mut self, other: Self) -> Self {
        self -= other;
        self
    }
}

/// The sums of one node over some byte columns: bin `code` of column `c` is `c * CODES_MAX + code`.
pub(crate) type NodeHistogram = Vec<Sums>;

/// Bytes of one byte column in a [`NodeHistogram`].
pub(crate) const WIDE_COLUMN_BYTES: usize = CODES_MAX * size_of::<Sums>();
/// Bytes of one byte column of one slot in [`PackedHistograms`].
pub(crate) const PACKED_COLUMN_BYTES: usize = size_of::<Histogram>();

/// The wide histograms of a pass, one a slot, shared by its workers.
#[derive(Debug, Default)]
pub struct WideHistograms {
    slots: Vec<Mutex<NodeHistogram>>,
}

impl WideHistograms {
    /// One histogram a slot, all zero.
    pub fn new(slots: usize, columns: usize) -> Self {
        let zeros = || Mutex::new(vec![Sums::default(); columns * CODES_MAX]);
        Self {
            slots: (0..slots).map(|_| zeros()).collect(),
        }
    }

    /// Adds packed histograms of some columns to a slot, each given with its column's place.
    pub fn add<'a>(&self, slot: usize, columns: impl Iterator<Item = (usize, &'a Histogram)>) {
        let mut sums = self.slots[slot]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for (column, packed) in columns {
            let sums = &mut sums[column * CODES_MAX..][..CODES_MAX];
            for (sums, &bin) in sums.iter_mut().zip(packed) {
                let (gradient, hessian) = unpack(bin);
                *sums += Sums { gradient, hessian };
            }
        }
    }

    /// The histograms by slot, when every worker has spilled its last.
    pub fn into_slots(self) -> Vec<NodeHistogram> {
        let whole = |slot: Mutex<_>| slot.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.slots.into_iter().map(whole).collect()
    }
}

/// Rows of a list, on average, from which on sweeping the columns is faster than gathered codes.
const SWEEP_ROWS_MIN: usize = 1_400;

/// One worker's packed histograms: `units[group * slots + slot]` holds `GROUP` columns.
#[derive(Debug, Default)]
pub struct PackedHistograms {
    /// The gathered codes of a group, in the order of the lists; empty until they are needed.
    quads: Vec<Quad>,
    units: Vec<[Histogram; GROUP]>,
    /// Rows in each slot's packed bins.
    rows: Vec<usize>,
    columns: usize,
}

impl PackedHistograms {
    /// Prepares for a pass over some byte columns and slots, all zero, keeping the memory.
    pub fn reset(&mut self, columns: usize, slots: usize) {
        self.units.clear();
        let zero = [[0; CODES_MAX]; GROUP];
        self.units.resize(columns.div_ceil(GROUP) * slots, zero);
        self.rows.clear();
        self.rows.resize(slots, 0);
        self.columns = columns;
    }

    /// Adds a block's listed rows, over the byte columns this was reset for; list `i` goes to slot
    /// `first_slot + i`. Cost O(rows listed * columns).
    pub fn accumulate(
        &mut self,
        codes: &[u8],
        byte_columns: &[u32],
        lists: &RowLists,
        first_slot: usize,
        wide: &WideHistograms,
    ) {
        assert_eq!(byte_columns.len(), self.columns);
        let slots = self.rows.len();
        assert!(first_slot + lists.len() <= slots);
        for list in 0..lists.len() {
            let (slot, rows) = (first_slot + list, lists.rows(list).len());
            if self.rows[slot] + rows > PACKED_ROWS_MAX {
                self.spill(slot, wide);
            }
            self.rows[slot] += rows;
        }
        for (group, members) in byte_columns.chunks(GROUP).enumerate() {
            // A group that is not full repeats its last column, and does not use the repeats.
            let column = |k: usize| column(codes, members[k.min(members.len() - 1)]);
            let columns: [&Column; GROUP] = std::array::from_fn(column);
            let (rows, places) = lists.order();
            let is_short = rows.len() < lists.len() * SWEEP_ROWS_MIN;
            let is_gathered = is_short && members.len() == GROUP;
            if is_gathered {
                self.quads.resize(BLOCK_ROWS, 0);
                gather(columns, rows, places, &mut self.quads);
            }
            for list in 0..lists.len() {
                let unit = &mut self.units[group * slots + first_slot + list];
                let (rows, sums) = (lists.rows(list), lists.sums(list));
                if is_gathered {
                    accumulate_quads(&self.quads[lists.range(list)], sums, unit);
                } else if members.len() == GROUP {
                    accumulate_group(columns, rows, sums, unit);
                } else {
                    accumulate_rest(&columns[..members.len()], rows, sums, unit);
                }
            }
        }
    }

    /// Adds every slot to the wide histograms and empties it.
    pub fn spill_all(&mut self, wide: &WideHistograms) {
        for slot in 0..self.rows.len() {
            if self.rows[slot] > 0 {
                self.spill(slot, wide);
            }
        }
    }

    fn spill(&mut self, slot: usize, wide: &WideHistograms) {
        let slots = self.rows.len();
        let mut sums = wide.slots[slot]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let units = self.units.iter_mut().skip(slot).step_by(slots);
        let histograms = units.flat_map(|unit| unit.iter_mut());
        for (sums, packed) in sums.chunks_exact_mut(CODES_MAX).zip(histograms) {
            for (sums, bin) in sums.iter_mut().zip(packed) {
                let (gradient, hessian) = unpack(*bin);
                *sums += Sums { gradient, hessian };
                *bin = 0;
            }
        }
        self.rows[slot] = 0;
    }

    /// Bytes held, by capacity.
    pub fn heap_bytes(&self) -> usize {
        self.units.capacity() * size_of::<[Histogram; GROUP]>()
            + self.rows.capacity() * size_of::<usize>()
            + self.quads.capacity() * size_of::<Quad>()
    }
}

/// One byte column of a block's codes, each of which is `BLOCK_ROWS` long.
pub(super) fn column(codes: &[u8], byte_column: u32) -> &Column {
    codes[byte_column as usize * BLOCK_ROWS..]
        .first_chunk()
        .expect("every byte column of a block is BLOCK_ROWS long")
}

/// Turns a parent's histogram into the other child's: exact, since the sums are integers.
pub(crate) fn subtract(parent: &mut [Sums], child: &[Sums]) {
    assert_eq!(parent.len(), child.len());
    for (parent, child) in parent.iter_mut().zip(child) {
        *parent -= *child;
    }
}

/// The histogram of one member of a pack out of the pack's joint histogram.
///
/// `sums[code]` becomes the sum over the bytes whose digit is `code`. Cost O(256).
pub(crate) fn marginalise(
    joint: &[Sums],
    stride: usize,
    radix: usize,
    sums: &mut [Sums; CODES_MAX],
) {
    assert_eq!(joint.len(), CODES_MAX);
    assert!(radix <= CODES_MAX);
    sums[..radix].fill(Sums::default());
    let mut code = 0;
    for bytes in joint.chunks(stride) {
        for joint in bytes {
            sums[code] += *joint;
        }
        code += 1;
        if code == radix {
            code = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        data::PackMember,
        learner::gbdt::{
            kernel::{QUANTUM_MAX, lanes, pack},
            partition::NO_SLOT,
        },
    };

    #[test]
    fn marginals_agree_with_the_naive_twin() {
        for (stride, radix) in [(1u16, 256u16), (1, 5), (5, 3), (15, 17), (128, 2), (64, 3)] {
            let member = PackMember {
                feature: 0,
                radix,
                stride,
            };
            let joint: Vec<Sums> = (0..256i64)
                .map(|byte| Sums {
                    gradient: byte * byte - 900,
                    hessian: byte * 3 + 1,
                })
                .collect();
            let mut expected = [Sums::default(); CODES_MAX];
            for byte in 0..=u8::MAX {
                expected[usize::from(member.code(byte))] += joint[usize::from(byte)];
            }
            let mut sums = [Sums::default(); CODES_MAX];
            let (stride, radix) = (usize::from(stride), usize::from(radix));
            marginalise(&joint, stride, radix, &mut sums);
            assert_eq!(sums[..radix], expected[..radix], "{stride} {radix}");
        }
    }

    /// Blocks of rows that are all in one leaf, with the largest gradients, so that only spilling
    /// keeps the sums right.
    #[test]
    fn sums_are_exact_beyond_what_packed_bins_hold() {
        let (columns, blocks) = (6, 5);
        let codes: Vec<u8> = (0..columns * BLOCK_ROWS).map(|i| (i % 3) as u8).collect();
        let nodes: Vec<u16> = (0..BLOCK_ROWS).map(|row| (row % 100 == 0).into()).collect();
        let split = vec![0; BLOCK_ROWS];
        let gradients = vec![pack(-QUANTUM_MAX, QUANTUM_MAX); BLOCK_ROWS];
        let mut lists = RowLists::default();
        lists.build(&nodes, &split, &gradients, &[0, 1], 2);
        let wide = WideHistograms::new(2, columns);
        let mut workers = [PackedHistograms::default(), PackedHistograms::default()];
        let byte_columns: Vec<u32> = (0..columns as u32).collect();
        for worker in &mut workers {
            worker.reset(columns, 2);
            for _ in 0..blocks {
                worker.accumulate(&codes, &byte_columns, &lists, 0, &wide);
            }
            worker.spill_all(&wide);
        }
        let slots = wide.into_slots();
        let total = 2 * blocks as i64 * i64::from(QUANTUM_MAX);
        for (slot, leaf) in slots.iter().zip(0u16..) {
            for column in slot.chunks_exact(CODES_MAX) {
                let rows = nodes.iter().filter(|&&node| node == leaf).count() as i64;
                let sums = column.iter().fold(Sums::default(), |sums, &bin| sums + bin);
                assert_eq!(sums.hessian, rows * total);
                assert_eq!(sums.gradient, -rows * total);
            }
        }
        // What is left of a parent when a child is taken away is the other child.
        let mut parent: Vec<Sums> = slots[0]
            .iter()
            .zip(&slots[1])
            .map(|(&a, &b)| a + b)
            .collect();
        subtract(&mut parent, &slots[1]);
        assert_eq!(parent, slots[0]);
    }

    #[test]
    fn long_and_short_lists_agree_with_the_naive_twin() {
        let columns = GROUP + 2;
        let codes: Vec<u8> = (0..columns * BLOCK_ROWS)
            .map(|i| ((i * 2_654_435_761) >> 13) as u8)
            .collect();
        let gradients: Vec<u32> = (0..BLOCK_ROWS as i32)
            .map(|row| pack(row % 1_000 - 500, row % 77))
            .collect();
        let split = vec![0; BLOCK_ROWS];
        for slots in [1, 9, 40, 100] {
            let is_short = BLOCK_ROWS * slots / (slots + 1) < slots * SWEEP_ROWS_MIN;
            assert_eq!(is_short, slots == 100);
            let node_of = |row: usize| (row * 31 % (slots + 1)) as u16;
            let nodes: Vec<u16> = (0..BLOCK_ROWS).map(node_of).collect();
            let mut slot_of: Vec<u16> = (0..slots as u16).rev().collect();
            slot_of.push(NO_SLOT);
            let mut lists = RowLists::default();
            lists.build(&nodes, &split, &gradients, &slot_of, slots);
            let wide = WideHistograms::new(slots, columns);
            let mut packed = PackedHistograms::default();
            packed.reset(columns, slots);
            let byte_columns: Vec<u32> = (0..columns as u32).collect();
            packed.accumulate(&codes, &byte_columns, &lists, 0, &wide);
            packed.spill_all(&wide);
            let mut expected = vec![vec![Sums::default(); columns * CODES_MAX]; slots];
            for (row, &node) in nodes
                .iter()
                .enumerate()
                .filter(|&(_, &node)| node < slots as u16)
            {
                let (gradient, hessian) = unpack(lanes(gradients[row]));
                for column in 0..columns {
                    let code = usize::from(codes[column * BLOCK_ROWS + row]);
                    let slot = usize::from(slot_of[usize::from(node)]);
                    expected[slot][column * CODES_MAX + code] += Sums { gradient, hessian };
                }
            }
            assert!(wide.into_slots() == expected, "{slots} lists");
        }
    }
}
