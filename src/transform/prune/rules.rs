//! The rules of pruning.

/// The choice between two redundant columns.
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

/// The rules by which columns are dropped.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct PruneRules {
    /// Drop one of two columns whose absolute Pearson correlation is at least this.
    #[serde(rename = "corr_thr")]
    pub correlation: f64,
    /// Drop columns whose variance is at most this; 0 drops constants only.
    #[serde(rename = "var_thr")]
    pub variance: f64,
    /// The choice of the column that is kept.
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
