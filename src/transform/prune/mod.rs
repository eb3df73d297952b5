//! Redundant columns: constant ones, duplicates, and those that correlate with another one.
//!
//! ```text
//! survey --constants--> sample --screen--> suspicions --components--> exact sums --> decide
//! ```
//!
//! [`screen`] finds, on a sample, the pairs of columns that could reach the threshold; their
//! connected [`components()`] are few and small, or all columns in one. The caller computes the exact
//! co-moments of each component ([`crate::stats::CoMoments`]) from the data, and [`decide()`] visits
//! the columns by rank and keeps those that are not redundant to a kept one. Nothing here reads files.

mod components;
mod decide;
mod rules;
pub(crate) mod screen;

pub(crate) use components::components;
pub(crate) use decide::{ColumnFacts, Pair, Verdict, decide, is_reached};
pub use rules::{KeepRule, PruneRules};
