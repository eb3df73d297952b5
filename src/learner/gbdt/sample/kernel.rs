//! The innermost loop over sampled rows.
//!
//! The codes of a sample lie in tiles of [`TILE`] byte columns, a row's codes together: a cache line
//! serves four rows, and a node's few rows cost a line each and not a line a column. The 16
//! histograms of a tile take 32 KiB; 16 additions to different bins hide the latency of a bin that
//! repeats.

use crate::learner::gbdt::kernel::{Histogram, lanes};

/// Byte columns of a tile.
pub const TILE: usize = 16;

/// One row's codes in one tile.
pub type TileCodes = [u8; TILE];

/// Packed sums of the byte columns of a tile.
pub type TileHistograms = [Histogram; TILE];

/// A row of a node: its slot in the store, and its packed gradient.
pub(super) type Entry = u64;

/// Makes an entry.
#[inline(always)]
pub(super) fn entry(slot: usize, packed: u32) -> Entry {
    (slot as u64) << 32 | u64::from(packed)
}

/// The slot of an entry.
#[inline(always)]
pub(super) fn slot_of(entry: Entry) -> usize {
    (entry >> 32) as usize
}

/// Adds listed rows into the histograms of one tile. Cost O(rows * [`TILE`]).
///
/// An entry is a row's place in `codes` in its upper, and its packed gradient
/// ([`crate::learner::gbdt::kernel::pack`]) in its lower 32 bits. At most
/// [`crate::learner::gbdt::kernel::PACKED_ROWS_MAX`] rows may be added before the bins are emptied.
///
/// # Panics
/// If an entry's place is not in `codes`.
#[inline(never)]
pub fn accumulate_tile(codes: &[TileCodes], entries: &[u64], histograms: &mut TileHistograms) {
    for &entry in entries {
        let sums = lanes(entry as u32);
        let codes = &codes[slot_of(entry)];
        for (histogram, &code) in histograms.iter_mut().zip(codes) {
            let bin = &mut histogram[usize::from(code)];
            *bin = bin.wrapping_add(sums);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        group::hash::{Purpose, row_hash},
        learner::gbdt::kernel::{QUANTUM_MAX, pack, unpack},
        limits::CODES_MAX,
    };

    #[test]
    fn the_kernel_agrees_with_its_naive_twin() {
        let rows = 5_000;
        let hash = |row: usize, purpose| row_hash(5, row as u64, 0, purpose);
        let codes: Vec<TileCodes> = (0..rows)
            .map(|row| {
                let (low, high) = (hash(row, Purpose::Synth), hash(row, Purpose::Sample));
                let mut codes = [0; TILE];
                codes[..8].copy_from_slice(&low.to_le_bytes());
                // Most codes of the other half are equal, as those of rare words are.
                codes[8..].copy_from_slice(&(high & 0x0101_0301_0101_01ff).to_le_bytes());
                codes
            })
            .collect();
        let pair = |row: usize| {
            let hash = hash(row, Purpose::Gradient);
            let gradient = (hash % 32_767) as i32 - QUANTUM_MAX;
            (gradient, (hash >> 32) as i32 & QUANTUM_MAX)
        };
        let listed: Vec<usize> = (0..rows).filter(|row| row % 3 > 0).collect();
        let entries: Vec<Entry> = listed
            .iter()
            .map(|&row| entry(row, pack(pair(row).0, pair(row).1)))
            .collect();
        let mut expected = vec![[(0, 0); CODES_MAX]; TILE];
        for &row in &listed {
            for (sums, &code) in expected.iter_mut().zip(&codes[row]) {
                let sums = &mut sums[usize::from(code)];
                sums.0 += i64::from(pair(row).0);
                sums.1 += i64::from(pair(row).1);
            }
        }
        let mut histograms: Box<TileHistograms> = Box::new([[0; CODES_MAX]; TILE]);
        accumulate_tile(&codes, &entries, &mut histograms);
        for (histogram, expected) in histograms.iter().zip(&expected) {
            for (&bin, &expected) in histogram.iter().zip(expected) {
                assert_eq!(unpack(bin), expected);
            }
        }
    }
}
