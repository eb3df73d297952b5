//! Splice-like Parquet data of any size, for the demo, the tests and the benchmarks.
//!
//! Goal: a directory with the difficulties of real data (ragged shards, skewed genes, infinite
//! ratios, nulls, duplicates, leaking columns, stray tables) and that a model can learn from: trees
//! beat logistic regression, which beats the base scores. Non-goal: biology.
//!
//! ```text
//! options -> plan -> shard lanes -> staging directory -> renames
//!                    genes -> rows -> row groups
//! ```
//!
//! A row is a function of the seed, the number of genes, its gene and its place in the gene: the
//! same rows come out whatever the shards and threads. Memory holds one row group and one footer a
//! thread: footers grow with a shard, so that longer data want more shards.

mod options;
mod plan;

mod genes;
mod kmers;
mod random;

mod features;
mod signal;

mod baseline;
mod buffers;
mod generate;
mod shard;

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use generate::SynthProgress;
pub use generate::{SynthSummary, generate};
pub use options::SynthOptions;
