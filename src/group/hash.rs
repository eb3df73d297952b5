//! The hashes of groups and of random choices, fixed forever by golden vectors.
//!
//! All are XXH3-64. A group key is hashed in a written encoding, so that the same key has the same
//! hash whatever type a file stores it as:
//!
//! | key | bytes |
//! |---|---|
//! | missing | `00` |
//! | a number that is an integer within i64 | `01`, i64 little-endian |
//! | any other number | `02`, bits of the f64 little-endian |
//! | text | `03`, UTF-8 |
//!
//! A row's random number is `xxh3(seed; row u64, round u32, purpose u32)`, little-endian: no
//! generator state, so no dependence on batches, threads or row groups.

use twox_hash::XxHash3_64;

/// The use of a row's random number. Two purposes never share a stream: 2, 5 and 8 are taken by earlier versions
/// and by tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub(crate) enum Purpose {
    /// The hash sample of rows that yields the cut points.
    Sample = 1,
    /// The split of a row that is its own group.
    #[cfg(test)]
    Split = 2,
    /// The bucket of a group; the group's hash takes the row's place.
    Bucket = 3,
    /// Stochastic rounding of gradients. The round is the tree's index, so that classes differ.
    Gradient = 4,
    /// The hash sample for the correlation screen and the logistic start.
    #[cfg(test)]
    Start = 5,
    /// The importance sample of rows of a tree.
    TreeSample = 6,
    /// The replay reservoir of incremental learning.
    Replay = 7,
    /// Generated data.
    #[cfg(test)]
    Synth = 8,
}

const TAG_MISSING: u8 = 0;
const TAG_INTEGER: u8 = 1;
const TAG_FLOAT: u8 = 2;
const TAG_TEXT: u8 = 3;

/// Text up to this many bytes is hashed from the stack.
const TEXT_STACK_BYTES: usize = 127;

/// 2^63: integers below it in magnitude are hashed as integers.
const INTEGER_END: f64 = 9_223_372_036_854_775_808.0;

/// The stable hash of a numeric group key; NaN is missing, -0 is 0.
pub(crate) fn hash_number(key: f64) -> u64 {
    if key.is_nan() {
        return hash_missing();
    }
    let is_integer = key.trunc() == key && (-INTEGER_END..INTEGER_END).contains(&key);
    let mut bytes = [0u8; 9];
    if is_integer {
        bytes[0] = TAG_INTEGER;
        bytes[1..].copy_from_slice(&(key as i64).to_le_bytes());
    } else {
        bytes[0] = TAG_FLOAT;
        bytes[1..].copy_from_slice(&key.to_bits().to_le_bytes());
    }
    XxHash3_64::oneshot(&bytes)
}

/// The stable hash of a text group key.
pub(crate) fn hash_text(key: &str) -> u64 {
    if key.len() <= TEXT_STACK_BYTES {
        let mut bytes = [0u8; TEXT_STACK_BYTES + 1];
        bytes[0] = TAG_TEXT;
        bytes[1..=key.len()].copy_from_slice(key.as_bytes());
        return XxHash3_64::oneshot(&bytes[..=key.len()]);
    }
    let mut hasher = XxHash3_64::new();
    std::hash::Hasher::write(&mut hasher, &[TAG_TEXT]);
    std::hash::Hasher::write(&mut hasher, key.as_bytes());
    std::hash::Hasher::finish(&hasher)
}

/// The stable hash of a missing group key.
pub(crate) fn hash_missing() -> u64 {
    XxHash3_64::oneshot(&[TAG_MISSING])
}

// Words of XXH3's default secret that an input of 9 to 16 bytes is mixed with: the exclusive or of
// the words at bytes 24 and 32, and of those at 40 and 48.
const SECRET_LOW: u64 = 0x1f67_b3b7_a4a4_4072 ^ 0x78e5_c0cc_4ee6_79cb;
const SECRET_HIGH: u64 = 0x2172_ffcc_7dd0_5a82 ^ 0x8e24_43f7_7446_08b8;

/// A row's random number: all 64 bits are uniform and independent between rows, rounds, purposes
/// and seeds.
///
/// It is XXH3-64 under `seed` of the 16 bytes row, round, purpose, written out (Collet 2019,
/// `XXH3_len_9to16_64b`) since rounding calls it for each row and tree: 2.5 ns in a loop.
#[inline(always)]
pub(crate) fn row_hash(seed: u64, row: u64, round: u32, purpose: Purpose) -> u64 {
    let key = u64::from(round) | (u64::from(purpose as u32) << 32);
    let low = row ^ SECRET_LOW.wrapping_add(seed);
    let high = key ^ SECRET_HIGH.wrapping_sub(seed);
    let product = u128::from(low) * u128::from(high);
    let folded = (product as u64) ^ ((product >> 64) as u64);
    let mut hash = 16u64
        .wrapping_add(low.swap_bytes())
        .wrapping_add(high)
        .wrapping_add(folded);
    hash ^= hash >> 37;
    hash = hash.wrapping_mul(0x1656_6791_9E37_79F9);
    hash ^ (hash >> 32)
}

#[cfg(test)]
mod tests;
