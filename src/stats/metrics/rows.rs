//! The rows that an update takes.

/// The rows of a slice of `len`, or those at the indexes given.
pub(super) fn rows_at(len: usize, at: Option<&[u32]>) -> impl Iterator<Item = usize> + '_ {
    let (all, chosen) = match at {
        Some(indexes) => (0..0, indexes),
        None => (0..len, &[][..]),
    };
    all.chain(chosen.iter().map(|&index| index as usize))
}
