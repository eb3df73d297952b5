//! The plan of the data: options that were checked, and their bounds.

use crate::{
    error::{Error, Result},
    synth::options::SynthOptions,
};

/// Rows of the smallest gene.
pub(super) const GENE_ROWS_MIN: u64 = 8;

/// Rows of the largest gene.
pub(super) const GENE_ROWS_MAX: u64 = 17_629;

/// Rows a gene when the user gives no number of genes.
pub(super) const GENE_ROWS_MEAN: u64 = 400;

/// k-mer columns at least: those that carry signal.
pub(super) const KMERS_MIN: usize = 8;

/// k-mer columns at most: a quarter are rare, and 1,280 rare names can be told apart.
pub(super) const KMERS_MAX: usize = 5_120;

/// Rows a gene at most on average; above it the skewed sizes would all meet their upper bound.
const MEAN_ROWS_MAX: u64 = 4_000;

/// Shards at most: file names have five digits.
const SHARDS_MAX: usize = 99_999;

/// Threads at most.
const THREADS_MAX: usize = 256;

/// Checked options.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) rows: u64,
    pub(super) genes: u64,
    pub(super) kmers: usize,
    pub(super) shards: usize,
    pub(super) ragged: bool,
    pub(super) seed: u64,
    pub(super) threads: usize,
}

impl Plan {
    /// Checks the options that do not concern the file system.
    ///
    /// # Errors
    /// [`Error::Usage`] naming the option, its value and its bounds.
    pub(super) fn new(options: &SynthOptions) -> Result<Self> {
        let rows = options.rows;
        let genes = options.genes.unwrap_or((rows / GENE_ROWS_MEAN).max(1));
        check_range("--kmers", options.kmers, KMERS_MIN, KMERS_MAX)?;
        check_range("--shards", options.shards, 1, SHARDS_MAX)?;
        check_range("--threads", options.threads, 1, THREADS_MAX)?;
        if genes == 0 || rows / GENE_ROWS_MIN < genes || rows / MEAN_ROWS_MAX >= genes {
            return Err(Error::Usage(format!(
                "--rows {rows} cannot be spread over {genes} genes; use {GENE_ROWS_MIN} to {MEAN_ROWS_MAX} rows \
                 per gene on average, or leave --genes out"
            )));
        }
        if (options.shards as u64) > rows {
            return Err(Error::Usage(format!(
                "--shards {} is more than --rows {rows}; use fewer shards",
                options.shards
            )));
        }
        Ok(Self {
            rows,
            genes,
            kmers: options.kmers,
            shards: options.shards,
            ragged: options.ragged,
            seed: options.seed,
            threads: options.threads.min(options.shards),
        })
    }

    /// The rows of a shard, as a range of row numbers.
    pub(super) fn shard_rows(&self, shard: usize) -> std::ops::Range<u64> {
        let border =
            |shard: usize| (u128::from(self.rows) * shard as u128 / self.shards as u128) as u64;
        border(shard)..border(shard + 1)
    }
}

/// Refuses a count outside its bounds.
fn check_range(option: &str, value: usize, min: usize, max: usize) -> Result<()> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "{option} {value} is out of range; use {min} to {max}"
    )))
}
