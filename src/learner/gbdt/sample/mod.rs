//! Trees grown from a sample of the training rows that is kept in memory.
//!
//! ```text
//!  blocks --> trees grown since are applied, losses, gradients --> candidates --> store
//!                                                                                  |
//!             trees of one round or several, grown in memory  <--------------------+
//! ```
//!
//! One pass over scratch serves all the trees grown from a sample; only margins are kept there.
//! The choice of rows depends on their derivatives and on hashes of their numbers: not on threads,
//! blocks or what was kept before. Sums over a sample are unbiased estimates of the sums over all
//! training rows.

mod collect;
mod growth;
mod kernel;
mod memory;
mod options;
mod row_chunk;
mod sampler;
mod segments;
mod selection;
mod store;
mod sums;
mod work;

pub(crate) use kernel::TILE;
pub(crate) use memory::{rows_that_fit, sample_bytes, sample_worker_bytes};
pub use options::Sampling;
pub(crate) use options::{GOSS_OTHER, GOSS_TOP, SAMPLE_KEEP_MAX, SAMPLE_ROWS_DEFAULT, SampleSize};

pub(crate) use collect::SampleWorker;
pub(crate) use growth::SampleGrower;
pub(crate) use sampler::Sampler;
pub(crate) use selection::{Keys, Policy};
pub(crate) use store::{Collector, SampleRows, UNITS_OF_ROW, capacity};
pub(crate) use sums::SampleSums;
pub(crate) use work::{Draw, SampleWork};

#[cfg(test)]
mod tests;
