//! Which columns add nothing: constant ones, repeated ones, and those that another one tells.
//!
//! ```text
//! survey --constants--> sample --screen--> suspicions --components--> exact sums --> decide
//! ```
//!
//! [`screen`] looks at a sample and says which pairs of columns could reach the threshold; their
//! connected [`components()`] are few and small, or all columns in one. Whoever reads the data takes
//! the exact co-moments of each component ([`crate::stats::CoMoments`]), and [`decide()`] walks down
//! the ranked columns and keeps what no kept one tells. Nothing here reads files.

mod components;
mod decide;
pub mod screen;

pub use components::components;
pub use decide::{ColumnFacts, Covered, Decision, Pair, Verdict, decide, is_reached};

/// Which of two columns that tell the same is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeepRule {
    /// Fewer missing values, then the higher correlation with the target, then more rows off the value that
    /// most have, then the name.
    #[default]
    Ranked,
    /// The earlier one.
    First,
}

/// What is pruned.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct PruneRules {
    /// Two columns with |r| of this or more tell the same.
    #[serde(rename = "corr_thr")]
    pub correlation: f64,
    /// Columns whose variance is this or less tell nothing. 0 is about constants.
    #[serde(rename = "var_thr")]
    pub variance: f64,
    /// Which one is kept.
    pub keep: KeepRule,
}

impl Default for PruneRules {
    fn default() -> Self {
        Self {
            correlation: 0.99,
            variance: 0.0,
            keep: KeepRule::default(),
        }
    }
}
