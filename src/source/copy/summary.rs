//! The result of a copy.

/// Files, rows and bytes of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct CopySummary {
    /// Files written.
    pub files: usize,
    /// Rows of all of them.
    pub rows: u64,
    /// Bytes of all of them.
    pub bytes: u64,
}
