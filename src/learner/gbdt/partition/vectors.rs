//! Rows moved by a set of bytes, 32 an instruction.
//!
//! To find out if a byte is in a set of 256 takes two look-ups by its nibbles, which is what a vector
//! shuffle does for 32 bytes at once:
//!
//! ```text
//!  byte = high nibble h | low nibble l      tables[l]       bit h      for h < 8
//!                                           tables[16 + l]  bit h - 8  for h >= 8
//! ```
//!
//! So thresholds, subsets of categories, missing directions and members of packs cost the same, and
//! every row of a chunk is asked every question: 63 node splits of all rows take less time than the
//! six that a row needs one after the other, each delayed by a cache miss.

use crate::{learner::gbdt::partition::rule::PartitionRule, limits::CODES_MAX};

/// Rows whose nodes are held as bytes at once: with a piece of a column they fit the first cache.
pub(crate) const CHUNK_ROWS: usize = 4_096;

/// The most leaves whose numbers fit a byte beside the one for rows that are in none.
pub(crate) const LEAVES_MAX: usize = CODES_MAX - 1;

/// The node of a row that no rule moves.
pub(crate) const NONE: u8 = u8::MAX;

/// The bytes that go right, as tables by nibble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RightBytes {
    tables: [u8; 32],
}

impl RightBytes {
    /// The bytes that a rule sends right.
    pub(crate) fn new(rule: &PartitionRule) -> Self {
        let mut tables = [0; 32];
        for byte in 0..=u8::MAX {
            let (high, low) = (usize::from(byte >> 4), usize::from(byte & 15));
            tables[high / 8 * 16 + low] |= u8::from(!rule.is_left(byte)) << (high % 8);
        }
        Self { tables }
    }

    /// True if a byte goes right.
    #[inline(always)]
    fn contains(&self, byte: u8) -> bool {
        let (high, low) = (usize::from(byte >> 4), usize::from(byte & 15));
        self.tables[high / 8 * 16 + low] >> (high % 8) & 1 == 1
    }
}

/// True if [`move_right`] is faster here than moving every row by itself.
pub(crate) fn are_fast() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("avx2");
    #[cfg(not(target_arch = "x86_64"))]
    return false;
}

/// Moves the rows of node `from` whose byte is in the set to node `to`.
///
/// `bytes` and `nodes` have an entry a row. Cost O(rows): about 0.05 ns a row.
pub(crate) fn move_right(right: &RightBytes, [from, to]: [u8; 2], bytes: &[u8], nodes: &mut [u8]) {
    assert_eq!(bytes.len(), nodes.len());
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the one precondition is that the processor has AVX2.
        #[allow(unsafe_code)]
        unsafe {
            avx2::move_right(right, [from, to], bytes, nodes);
        }
        return;
    }
    move_right_portable(right, [from, to], bytes, nodes);
}

/// The same on any processor.
fn move_right_portable(right: &RightBytes, [from, to]: [u8; 2], bytes: &[u8], nodes: &mut [u8]) {
    for (&byte, node) in bytes.iter().zip(nodes) {
        if *node == from && right.contains(byte) {
            *node = to;
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::{RightBytes, move_right_portable};
    use std::arch::x86_64::{
        __m128i, __m256i, _mm_loadu_si128, _mm256_and_si256, _mm256_blendv_epi8,
        _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_set1_epi8,
        _mm256_setr_epi8, _mm256_shuffle_epi8, _mm256_srli_epi16, _mm256_storeu_si256,
    };

    const LANES: usize = 32;

    #[target_feature(enable = "avx2")]
    pub(super) fn move_right(
        right: &RightBytes,
        [from, to]: [u8; 2],
        bytes: &[u8],
        nodes: &mut [u8],
    ) {
        let (low_half, high_half) = right.tables.split_at(16);
        let below = table(low_half.try_into().expect("16 of 32 bytes"));
        let above = table(high_half.try_into().expect("16 of 32 bytes"));
        let bits = _mm256_setr_epi8(
            1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64,
            -128, 1, 2, 4, 8, 16, 32, 64, -128,
        );
        let nibble = _mm256_set1_epi8(15);
        let (from_all, to_all) = (_mm256_set1_epi8(from as i8), _mm256_set1_epi8(to as i8));
        let (byte_lanes, bytes_left) = bytes.as_chunks::<LANES>();
        let (node_lanes, nodes_left) = nodes.as_chunks_mut::<LANES>();
        for (bytes, nodes) in byte_lanes.iter().zip(node_lanes) {
            let (byte, node) = (load(bytes), load(nodes));
            let low = _mm256_and_si256(byte, nibble);
            let high = _mm256_and_si256(_mm256_srli_epi16::<4>(byte), nibble);
            // The highest bit of the byte is that of its high nibble: it chooses the table.
            let set = _mm256_blendv_epi8(
                _mm256_shuffle_epi8(below, low),
                _mm256_shuffle_epi8(above, low),
                byte,
            );
            let bit = _mm256_shuffle_epi8(bits, high);
            let is_right = _mm256_cmpeq_epi8(_mm256_and_si256(set, bit), bit);
            let moves = _mm256_and_si256(is_right, _mm256_cmpeq_epi8(node, from_all));
            store(nodes, _mm256_blendv_epi8(node, to_all, moves));
        }
        move_right_portable(right, [from, to], bytes_left, nodes_left);
    }

    /// A table of 16 bytes, in both halves.
    #[target_feature(enable = "avx2")]
    fn table(bytes: &[u8; 16]) -> __m256i {
        // SAFETY: 16 bytes are read from an array of 16; the load needs no alignment.
        #[allow(unsafe_code)]
        let half = unsafe { _mm_loadu_si128(bytes.as_ptr().cast::<__m128i>()) };
        _mm256_broadcastsi128_si256(half)
    }

    #[target_feature(enable = "avx2")]
    fn load(bytes: &[u8; LANES]) -> __m256i {
        // SAFETY: 32 bytes are read from an array of 32; the load needs no alignment.
        #[allow(unsafe_code)]
        unsafe {
            _mm256_loadu_si256(bytes.as_ptr().cast())
        }
    }

    #[target_feature(enable = "avx2")]
    fn store(bytes: &mut [u8; LANES], lanes: __m256i) {
        // SAFETY: 32 bytes are written to an array of 32 that is borrowed mutably; the store needs no
        // alignment.
        #[allow(unsafe_code)]
        unsafe {
            _mm256_storeu_si256(bytes.as_mut_ptr().cast(), lanes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(is_left: impl Fn(u8) -> bool) -> PartitionRule {
        let mut rule = PartitionRule::stay(0);
        rule.left = [0; 4];
        for byte in (0..=u8::MAX).filter(|&byte| is_left(byte)) {
            rule.left[usize::from(byte / 64)] |= 1 << (byte % 64);
        }
        rule
    }

    #[test]
    fn tables_hold_the_set() {
        let check = |is_left: &dyn Fn(u8) -> bool| {
            let right = RightBytes::new(&rule(is_left));
            for byte in 0..=u8::MAX {
                assert_eq!(right.contains(byte), !is_left(byte), "{byte}");
            }
        };
        check(&|_| true);
        check(&|_| false);
        check(&|byte| byte <= 99);
        check(&|byte| byte / 5 % 7 <= 2 || byte == 200);
        check(&|byte| byte.count_ones() % 2 == 0);
    }

    #[test]
    fn vectors_agree_with_the_portable_twin() {
        let right = RightBytes::new(&rule(|byte| byte.count_ones() % 2 == 0 || byte < 40));
        for rows in [0, 1, 31, 32, 33, 256, 1_000, CHUNK_ROWS] {
            let bytes: Vec<u8> = (0..rows).map(|row| ((row * 7_919) >> 3) as u8).collect();
            let before: Vec<u8> = (0..rows).map(|row| [0, 3, 250, NONE][row % 4]).collect();
            for (from, to) in [(3, 4), (250, 251), (0, 200), (7, 8)] {
                let (mut fast, mut portable) = (before.clone(), before.clone());
                move_right(&right, [from, to], &bytes, &mut fast);
                move_right_portable(&right, [from, to], &bytes, &mut portable);
                assert_eq!(fast, portable, "{rows} rows of {from}");
                let moved = portable.iter().filter(|&&node| node == to).count();
                assert!(rows < 200 || from == 7 || moved > rows / 16);
            }
        }
    }
}
