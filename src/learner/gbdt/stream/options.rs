//! What a stream of batches is learned by.

/// Rows of the reservoir unless they are given.
pub const RESERVOIR_ROWS_DEFAULT: usize = 1 << 18;

/// The most rows that join the reservoir at once; longer batches are taken in parts.
pub const STREAM_BATCH_ROWS: usize = 1 << 18;

/// What a stream of batches is learned by, beside the trees' options.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamOptions {
    /// Rows that are expected in all, at least 1: when so many have come, all trees are grown.
    pub rows_expected: u64,
    /// Rows of the reservoir, at least 1.
    pub reservoir_rows: usize,
}

impl StreamOptions {
    /// Rounds that are to be grown when so many rows have come, of `rounds` in all: in proportion.
    pub(super) fn rounds_due(&self, rounds: u32, rows_seen: u64) -> u32 {
        let rows = rows_seen.min(self.rows_expected);
        let due = u128::from(rounds) * u128::from(rows) / u128::from(self.rows_expected);
        due as u32
    }

    /// Rows of the reservoir and of a batch.
    pub(super) fn store_rows(&self) -> usize {
        self.reservoir_rows + STREAM_BATCH_ROWS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_come_in_proportion_to_rows() {
        let stream = StreamOptions {
            rows_expected: 1_000,
            reservoir_rows: 1,
        };
        let check = |rows, expected| assert_eq!(stream.rounds_due(120, rows), expected, "{rows}");
        check(0, 0);
        check(8, 0);
        check(9, 1);
        check(500, 60);
        check(999, 119);
        check(1_000, 120);
        check(u64::MAX, 120);
    }
}
