//! The rule by which the rows of one leaf are divided between its children.

use crate::limits::CODES_MAX;

/// The split of one leaf's rows: a byte of the set stays, any other goes to `right`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartitionRule {
    /// The byte column that decides.
    pub byte_column: u32,
    /// The right child's number.
    pub right: u16,
    /// Bytes that go left: bit `byte % 64` of word `byte / 64`.
    pub left: [u64; CODES_MAX / 64],
}

impl PartitionRule {
    /// The rule of a leaf that is not split.
    pub fn stay(leaf: u16) -> Self {
        Self {
            byte_column: 0,
            right: leaf,
            left: [u64::MAX; 4],
        }
    }

    /// The rule of a leaf all of whose rows go to another.
    pub fn to(leaf: u16, other: u16) -> Self {
        Self {
            left: [0; 4],
            right: other,
            ..Self::stay(leaf)
        }
    }

    /// True if a byte of the column goes left.
    #[inline(always)]
    pub fn is_left(&self, byte: u8) -> bool {
        self.left[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }
}
