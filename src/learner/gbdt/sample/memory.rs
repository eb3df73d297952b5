//! Bytes of a sample and of the workers of a sample pass, for the memory plan.

use crate::learner::gbdt::sample::{collect, growth, segments, store};

/// Bytes of a sample of `rows` rows and of the data that its trees are grown from, without histograms.
pub(crate) fn sample_bytes(rows: u64, byte_columns: usize, outputs: usize) -> u64 {
    let rows = store::capacity(rows as usize) as u64;
    rows * (store::row_bytes(byte_columns, outputs) + segments::row_bytes(outputs)) as u64
}

/// The rows that fit a budget of [`sample_bytes`], at least 1.
pub(crate) fn rows_that_fit(budget_bytes: u64, byte_columns: usize, outputs: usize) -> u64 {
    // A sample's bytes grow by at least a row's with each row.
    let row = sample_bytes(1_000_000, byte_columns, outputs) / 1_000_000;
    let mut rows = (budget_bytes / row.max(1)).max(1);
    while rows > 1 && sample_bytes(rows, byte_columns, outputs) > budget_bytes {
        rows -= rows.div_ceil(64);
    }
    rows.max(1)
}

/// Bytes that one worker of a sample pass takes beside its block.
pub(crate) fn sample_worker_bytes(byte_columns: usize, outputs: usize) -> u64 {
    let chunk = collect::CHOSEN_MAX * store::row_bytes(byte_columns, outputs);
    let valid = collect::valid_bytes(outputs);
    (chunk + valid + growth::task_buffer_bytes(byte_columns)) as u64
}
