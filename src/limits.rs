//! Bounds on queues, pools, caches and input sizes.

/// Rows of a scratch block. Integer histograms are exact inside a block because of this number.
pub const BLOCK_ROWS: usize = 65_536;

/// The most codes a byte column can have.
pub const CODES_MAX: usize = 256;

/// The largest weight of a row: sums of such weights times squares stay far from overflowing.
pub(crate) const ROW_WEIGHT_MAX: f64 = 1e12;

/// The largest number of threads.
pub(crate) const THREADS_MAX: usize = 1_024;

/// The default of `--memory`.
pub(crate) const MEMORY_DEFAULT_BYTES: u64 = 1 << 30;

/// Bounds on queues, pools, caches and input sizes. One value serves the whole run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Batches in flight from one lane to its sink.
    pub channel_batches_max: usize,
    /// Rows of a batch; bounds the batch and changes no result.
    pub batch_rows_max: usize,
    /// Columns of a dataset.
    pub columns_max: usize,
    /// Files of a dataset.
    pub files_max: usize,
    /// Row groups of a dataset (of each only rows and bytes are kept).
    pub row_groups_max: usize,
    /// Bytes of one file's Parquet footer.
    pub footer_bytes_max: u64,
    /// Bytes of one Parquet page, compressed or not.
    pub page_bytes_max: u64,
    /// Rows of the hash sample that yields cut points.
    pub cut_sample_rows: u64,
    /// Rows of the hash sample for the correlation screen and the logistic start.
    pub start_sample_rows: u64,
    /// Pairs of columns that pruning holds: those within a margin of the threshold on the sample,
    /// and those of interest in the end.
    pub prune_pairs_max: usize,
    /// Distinct categories a survey tracks per column before the column is refused.
    pub categories_tracked_max: usize,
    /// Categories a feature keeps; the others share the code `other`.
    pub categories_kept_max: usize,
    /// Bytes of one text value.
    pub text_value_bytes_max: usize,
    /// Groups kept in memory before their table spills to disk.
    pub groups_in_memory_max: usize,
    /// Bytes of memory for a baseline table: one or two rows a group.
    pub baseline_bytes_max: usize,
    /// Bytes of one row of a baseline table.
    pub baseline_row_bytes_max: usize,
    /// Bytes of a model file that is opened.
    pub model_bytes_max: u64,
    /// Bytes of one JSON section of a model file (metrics, split, options).
    pub model_json_bytes_max: u64,
    /// Passes of the logistic solver over the data.
    pub newton_passes_max: usize,
    /// Leaves of a tree.
    pub leaves_max: usize,
    /// Depth of a tree.
    pub depth_max: usize,
    /// Trees of an ensemble.
    pub trees_max: usize,
    /// Classes of a target.
    pub classes_max: usize,
}

impl Limits {
    /// The bounds of a run without options.
    pub const DEFAULT: Self = Self {
        channel_batches_max: 2,
        batch_rows_max: BLOCK_ROWS,
        columns_max: 100_000,
        files_max: 1_000_000,
        row_groups_max: 10_000_000,
        footer_bytes_max: 256 << 20,
        page_bytes_max: 256 << 20,
        cut_sample_rows: 1 << 18,
        start_sample_rows: 1 << 16,
        prune_pairs_max: 1 << 21,
        categories_tracked_max: 65_536,
        categories_kept_max: 254,
        text_value_bytes_max: 1 << 20,
        groups_in_memory_max: 200_000,
        baseline_bytes_max: 64 << 20,
        baseline_row_bytes_max: 1 << 16,
        model_bytes_max: 4 << 30,
        model_json_bytes_max: 64 << 20,
        newton_passes_max: 20,
        leaves_max: 65_535,
        depth_max: 64,
        trees_max: 1_000_000,
        classes_max: 1_000,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

// A code is a byte.
const _: () = assert!(CODES_MAX == u8::MAX as usize + 1);
// A row's place in its block is two bytes wide.
const _: () = assert!(BLOCK_ROWS <= u16::MAX as usize + 1);
// `other` and `missing` need a code beside the kept categories.
const _: () = assert!(Limits::DEFAULT.categories_kept_max + 2 <= CODES_MAX);
const _: () =
    assert!(Limits::DEFAULT.categories_kept_max <= Limits::DEFAULT.categories_tracked_max);
// The solver starts on rows that the sample for cut points holds.
const _: () = assert!(Limits::DEFAULT.start_sample_rows <= Limits::DEFAULT.cut_sample_rows);
// The state file keeps a row's node in two bytes.
const _: () = assert!(Limits::DEFAULT.leaves_max <= u16::MAX as usize);
const _: () = assert!(Limits::DEFAULT.baseline_row_bytes_max <= Limits::DEFAULT.baseline_bytes_max);
const _: () = assert!(Limits::DEFAULT.model_json_bytes_max < Limits::DEFAULT.model_bytes_max);
const _: () = assert!(Limits::DEFAULT.channel_batches_max > 0);
const _: () = assert!(Limits::DEFAULT.batch_rows_max > 0);
