//! Redundant columns: constant ones, duplicates, and those that correlate with another one.
//!
//! ```text
//! survey --constants--> sample --screen--> suspicions --components--> exact sums --> decide
//! ```
//!
//! [`screen`] looks at a sample and says which pairs of columns could reach the threshold; their
//! connected [`components()`] are few and small, or all columns in one. Whoever reads the data takes
//! the exact co-moments of each component ([`crate::stats::CoMoments`]), and [`decide()`] walks down
//! the ranked columns and keeps those without a kept twin. Nothing here reads files.

mod components;
mod decide;
mod rules;
pub mod screen;

pub use components::components;
pub use decide::{ColumnFacts, Pair, Verdict, decide, is_reached};
pub use rules::{KeepRule, PruneRules};
