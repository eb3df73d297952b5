//! The rows of a hash sample: those whose random number is below a threshold.
//!
//! The number of rows is known from the footers before anything is read, so the threshold is too:
//! the sample is uniform, and depends on seed and row numbers only.

/// The threshold that takes about `rows_wanted` of `rows_total` rows: a row is taken if its
/// `row_hash` is below it. Wanting all or more takes every row.
pub fn threshold(rows_wanted: u64, rows_total: u64) -> u64 {
    if rows_wanted >= rows_total {
        return u64::MAX;
    }
    // floor(wanted / total * 2^64), exactly; below 2^64 since wanted < total.
    ((u128::from(rows_wanted) << 64) / u128::from(rows_total)) as u64
}

/// True if a row with this random number is taken. Use this rather than `<`, for a threshold that
/// takes every row also takes the hash `u64::MAX`.
#[inline(always)]
pub(crate) fn takes(threshold: u64, row_hash: u64) -> bool {
    row_hash < threshold || threshold == u64::MAX
}

/// Room for the sampled rows: exceeded with a probability below 1e-15 (the count is binomial; ten
/// standard deviations), and never more than there are rows.
pub(crate) fn rows_max(rows_wanted: u64, rows_total: u64) -> u64 {
    let slack = 10.0 * (rows_wanted as f64).sqrt() + 64.0;
    rows_wanted.saturating_add(slack as u64).min(rows_total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threshold_is_the_wanted_share_of_all_hashes() {
        assert_eq!(threshold(1, 2), 1 << 63);
        assert_eq!(threshold(1, 4), 1 << 62);
        assert_eq!(threshold(0, 10), 0);
        assert_eq!(threshold(10, 10), u64::MAX);
        assert_eq!(threshold(11, 10), u64::MAX);
        assert_eq!(threshold(0, 0), u64::MAX);
        assert_eq!(threshold(u64::MAX - 1, u64::MAX), u64::MAX - 1);
    }

    #[test]
    fn takes_everything_or_nothing_at_the_ends() {
        assert!(takes(threshold(5, 5), u64::MAX));
        assert!(!takes(threshold(0, 5), 0));
        assert!(takes(threshold(1, 2), (1 << 63) - 1));
        assert!(!takes(threshold(1, 2), 1 << 63));
    }

    #[test]
    fn room_is_above_the_mean_and_within_the_rows() {
        assert_eq!(rows_max(100, 50), 50);
        assert_eq!(rows_max(0, 50), 50);
        assert_eq!(rows_max(1 << 16, u64::MAX), (1 << 16) + 2560 + 64);
    }
}
