//! Every bound in one place, and the memory plan computed from them before any work.

use std::fmt;

use crate::{
    error::{Error, Result},
    text::size::format_bytes,
};

/// Rows of a scratch block. Integer histograms are exact inside a block because of this number.
pub const BLOCK_ROWS: usize = 65_536;

/// The most codes a byte column can have.
pub const CODES_MAX: usize = 256;

/// The largest weight of a row: sums of such weights times squares stay far from overflowing.
pub const ROW_WEIGHT_MAX: f64 = 1e12;

/// The default of `--memory`.
pub const MEMORY_DEFAULT_BYTES: u64 = 1 << 30;

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
    /// What holds unless an option says otherwise.
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

/// One line of a memory plan.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PlanLine {
    /// The step of the run that holds it: `survey`, `trees`.
    pub phase: String,
    /// What holds it.
    pub what: String,
    /// Bytes at the peak.
    pub bytes: u64,
    /// How the figure comes about.
    pub why: String,
}

/// What a run will hold in memory, by phase; lines of the phase `always` are held in all of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct MemoryPlan {
    /// The lines, in the order of the run.
    pub lines: Vec<PlanLine>,
    /// The user's limit.
    pub limit_bytes: u64,
}

/// The phase of lines that are held from start to end.
pub const ALWAYS: &str = "always";

impl MemoryPlan {
    /// An empty plan under a limit.
    pub fn new(limit_bytes: u64) -> Self {
        Self {
            lines: Vec::new(),
            limit_bytes,
        }
    }

    /// Adds a line.
    pub fn add(&mut self, phase: &str, what: &str, bytes: u64, why: impl Into<String>) {
        self.lines.push(PlanLine {
            phase: phase.to_owned(),
            what: what.to_owned(),
            bytes,
            why: why.into(),
        });
    }

    /// Bytes of a phase, the lines held always included.
    pub fn phase_bytes(&self, phase: &str) -> u64 {
        self.lines
            .iter()
            .filter(|line| line.phase == phase || line.phase == ALWAYS)
            .map(|line| line.bytes)
            .sum()
    }

    /// Whether it needs no more than is allowed.
    pub fn fits(&self) -> bool {
        self.peak_bytes() <= self.limit_bytes
    }

    /// The phases in order, [`ALWAYS`] apart.
    pub fn phases(&self) -> Vec<&str> {
        let mut phases: Vec<&str> = Vec::new();
        for line in &self.lines {
            if line.phase != ALWAYS && !phases.contains(&line.phase.as_str()) {
                phases.push(&line.phase);
            }
        }
        phases
    }

    /// Bytes of the largest phase.
    pub fn peak_bytes(&self) -> u64 {
        self.phases()
            .iter()
            .map(|phase| self.phase_bytes(phase))
            .max()
            .unwrap_or_else(|| self.phase_bytes(ALWAYS))
    }

    /// Refuses a plan that exceeds its limit, or the memory that is free.
    ///
    /// # Errors
    /// [`Error::Memory`] with the figure that would do.
    pub fn check(&self, free_bytes: Option<u64>) -> Result<()> {
        let needed_bytes = self.peak_bytes();
        if !self.fits() {
            return Err(Error::Memory {
                what: "this run".to_owned(),
                needed_bytes,
                available_bytes: self.limit_bytes,
                of: "allowed by --memory",
                next_step: format!(
                    "use --memory {}MiB or more, fewer --threads, or fewer columns",
                    needed_bytes.div_ceil(1 << 20)
                ),
            });
        }
        match free_bytes {
            Some(free_bytes) if needed_bytes > free_bytes => Err(Error::Memory {
                what: "this run".to_owned(),
                needed_bytes,
                available_bytes: free_bytes,
                of: "free on this machine (or allowed by its control group)",
                next_step: "free some memory, ask the batch system for more, or lower --memory or --threads"
                    .to_owned(),
            }),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for MemoryPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<10} {:<34} {:>12}  why", "phase", "what", "bytes")?;
        for line in &self.lines {
            writeln!(
                f,
                "{:<10} {:<34} {:>12}  {}",
                line.phase,
                line.what,
                format_bytes(line.bytes),
                line.why
            )?;
        }
        for phase in self.phases() {
            writeln!(
                f,
                "{:<45} {:>12}",
                format!("sum while {phase}"),
                format_bytes(self.phase_bytes(phase))
            )?;
        }
        write!(
            f,
            "{:<45} {:>12}  of {} allowed by --memory",
            "peak",
            format_bytes(self.peak_bytes()),
            format_bytes(self.limit_bytes)
        )
    }
}
