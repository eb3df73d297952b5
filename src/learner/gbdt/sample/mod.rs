//! Trees grown from a sample of the training rows that is kept in memory.
//!
//! ```text
//!  blocks --> trees grown since are applied, losses, gradients --> candidates --> store
//!                                                                                  |
//!             trees of one round or several, grown in memory  <--------------------+
//! ```
//!
//! One pass over scratch serves all the trees grown from a sample; only margins are kept there.
//! Which rows are kept depends on their derivatives and on hashes of their numbers: not on threads,
//! blocks or what was kept before. Sums over a sample are unbiased estimates of the sums over all
//! training rows.

mod collect;
mod growth;
mod kernel;
mod options;
mod rounds;
mod segments;
mod selection;
mod store;

pub use kernel::{TILE, TileCodes, TileHistograms, accumulate_tile};
pub use options::{
    GOSS_OTHER, GOSS_TOP, SAMPLE_KEEP_MAX, SAMPLE_ROWS_DEFAULT, SampleSize, Sampling,
};
pub use selection::ThresholdForecast;

pub(super) use collect::{SampleSums, SampleWork, SampleWorker};
pub(super) use growth::SampleGrower;
pub(super) use rounds::Sampler;
pub(super) use selection::{Keys, Policy};
pub(super) use store::{SampleRows, UNITS_OF_ROW};

/// Bytes that a sample of so many rows takes with everything its trees are grown from, histograms
/// apart.
pub fn sample_bytes(rows: u64, byte_columns: usize, outputs: usize) -> u64 {
    let rows = store::capacity(rows as usize) as u64;
    rows * (store::row_bytes(byte_columns, outputs) + segments::row_bytes(outputs)) as u64
}

/// The rows that fit a budget of [`sample_bytes`], at least 1.
pub fn rows_that_fit(budget_bytes: u64, byte_columns: usize, outputs: usize) -> u64 {
    // A sample's bytes grow by at least a row's with each row.
    let row = sample_bytes(1_000_000, byte_columns, outputs) / 1_000_000;
    let mut rows = (budget_bytes / row.max(1)).max(1);
    while rows > 1 && sample_bytes(rows, byte_columns, outputs) > budget_bytes {
        rows -= rows.div_ceil(64);
    }
    rows.max(1)
}

/// Bytes that one worker of a sample pass takes beside its block.
pub fn sample_worker_bytes(byte_columns: usize, outputs: usize) -> u64 {
    let chunk = collect::CHOSEN_MAX * store::row_bytes(byte_columns, outputs);
    let valid = collect::valid_bytes(outputs);
    (chunk + valid + growth::task_buffer_bytes(byte_columns)) as u64
}

#[cfg(test)]
mod tests;
