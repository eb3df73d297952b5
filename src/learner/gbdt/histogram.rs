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
            Column, GROUP, Histogram, PACKED_ROWS_MAX, accumulate_group, accumulate_rest, unpack,
        },
        lists::RowLists,
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
pub type NodeHistogram = Vec<Sums>;

/// Bytes of one byte column in a [`NodeHistogram`].
pub const WIDE_COLUMN_BYTES: usize = CODES_MAX * size_of::<Sums>();
/// Bytes of one byte column of one slot in [`PackedHistograms`].
pub const PACKED_COLUMN_BYTES: usize = size_of::<Histogram>();

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

    /// The histograms by slot, when every worker has spilled its last.
    pub fn into_slots(self) -> Vec<NodeHistogram> {
        let whole = |slot: Mutex<_>| slot.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.slots.into_iter().map(whole).collect()
    }
}

/// One worker's packed histograms: `units[group * slots + slot]` holds [`GROUP`] columns.
#[derive(Debug, Default)]
pub struct PackedHistograms {
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
            for list in 0..lists.len() {
                let unit = &mut self.units[group * slots + first_slot + list];
                let (rows, gradients) = (lists.rows(list), lists.gradients(list));
                if members.len() == GROUP {
                    accumulate_group(columns, rows, gradients, unit);
                } else {
                    accumulate_rest(&columns[..members.len()], rows, gradients, unit);
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
    }
}

/// One byte column of a block's codes, each of which is `BLOCK_ROWS` long.
fn column(codes: &[u8], byte_column: u32) -> &Column {
    codes[byte_column as usize * BLOCK_ROWS..]
        .first_chunk()
        .expect("every byte column of a block is BLOCK_ROWS long")
}

/// Turns a parent's histogram into the other child's: exact, since the sums are integers.
pub fn subtract(parent: &mut [Sums], child: &[Sums]) {
    assert_eq!(parent.len(), child.len());
    for (parent, child) in parent.iter_mut().zip(child) {
        *parent -= *child;
    }
}

/// The histogram of one member of a pack out of the pack's joint histogram.
///
/// `sums[code]` becomes the sum over the bytes whose digit is `code`. Cost O(256).
pub fn marginalise(joint: &[Sums], stride: usize, radix: usize, sums: &mut [Sums; CODES_MAX]) {
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
