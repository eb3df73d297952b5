//! Trees from rows that are read once, a batch after the other.
//!
//! ```text
//!  reservoir   a weighted sample of the rows before --+
//!                                                     +--> store --> trees on its residuals
//!  batch       rows as they are ----------------------+
//!                 |
//!                 +--> refresh the leaf values of the trees there are, which never saw these rows
//! ```
//!
//! Trees grow from the store as they do from a sample ([`crate::learner::gbdt::sample`]). When a batch ends, the store
//! is thinned to the reservoir: rows are kept by the size of their derivatives and the hash of their
//! number, and stand for more rows then, so that sums over the store stay unbiased estimates of sums
//! over all rows seen.

mod booster;
mod leaves;
mod options;
mod reservoir;
mod state;

pub(crate) use booster::{StreamBooster, stream_bytes};
pub(crate) use options::{
    RESERVOIR_ROWS_DEFAULT, STREAM_BATCH_ROWS_DEFAULT, STREAM_BLOCK_ROWS, StreamOptions,
};
pub(crate) use state::StreamState;

#[cfg(test)]
mod tests;
