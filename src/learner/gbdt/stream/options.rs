//! Options of a booster of batches.

/// Rows of the reservoir unless they are given.
pub(crate) const RESERVOIR_ROWS_DEFAULT: usize = 1 << 18;

/// The most rows that join the reservoir at once, unless they are given; longer batches are taken in
/// parts.
pub(crate) const STREAM_BATCH_ROWS_DEFAULT: usize = 1 << 18;

/// The most rows of a block. Of byte columns that lie 65,536 bytes apart only the beginnings are touched
/// then, so that blocks of 4,000 of them take 32 MiB.
pub(crate) const STREAM_BLOCK_ROWS: usize = 1 << 13;

/// Options of a booster of batches, beside those of the trees.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StreamOptions {
    /// Rows that are expected in all, at least 1: when so many have come, all trees are grown.
    pub rows_expected: u64,
    /// Rows of the reservoir, at least 1.
    pub reservoir_rows: usize,
    /// The most rows that join it at once, at least 1.
    pub batch_rows: usize,
    /// Rows and rounds of an earlier budget, which was spent; the rest of rounds is spread over the rest
    /// of rows.
    pub spent: (u64, u32),
}

impl StreamOptions {
    /// Rounds that are to be grown when so many rows have come, of `rounds` in all: in proportion.
    pub(super) fn rounds_due(&self, rounds: u32, rows_seen: u64) -> u32 {
        let (spent_rows, spent_rounds) = self.spent;
        let rows = rows_seen.min(self.rows_expected).saturating_sub(spent_rows);
        let all_rows = (self.rows_expected - spent_rows).max(1);
        let rounds = u128::from(rounds - spent_rounds);
        spent_rounds + (rounds * u128::from(rows) / u128::from(all_rows)) as u32
    }

    /// Rows of the reservoir and of a batch.
    pub(super) fn store_rows(&self) -> usize {
        self.reservoir_rows + self.batch_rows
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
            batch_rows: 1,
            spent: (0, 0),
        };
        let check = |rows, expected| assert_eq!(stream.rounds_due(120, rows), expected, "{rows}");
        check(0, 0);
        check(8, 0);
        check(9, 1);
        check(500, 60);
        check(999, 119);
        check(1_000, 120);
        check(u64::MAX, 120);
        let extended = StreamOptions {
            rows_expected: 1_400,
            spent: (1_000, 120),
            ..stream
        };
        let check = |rows, expected| assert_eq!(extended.rounds_due(140, rows), expected, "{rows}");
        check(1_000, 120);
        check(1_019, 120);
        check(1_020, 121);
        check(1_399, 139);
        check(1_400, 140);
        check(u64::MAX, 140);
    }
}
