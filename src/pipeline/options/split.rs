//! The assignment of groups to train, valid and test.

/// The rule that assigns groups to splits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SplitRule {
    /// Buckets go greedily to the split that is furthest below its share of rows and classes.
    Balanced,
    /// A threshold on the hash: a group never moves when data grow.
    Hash,
}

/// Shares of the splits, and the seed of every random choice.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct SplitOptions {
    /// Share of the rows held out for the test.
    pub test_size: f64,
    /// Share of the rows held out for early stopping.
    pub valid_size: f64,
    /// The rule that assigns groups to splits.
    #[serde(rename = "split")]
    pub split_rule: SplitRule,
    /// Seed of every random choice.
    pub seed: u64,
}

impl Default for SplitOptions {
    fn default() -> Self {
        Self {
            test_size: 0.2,
            valid_size: 0.1,
            split_rule: SplitRule::Balanced,
            seed: 42,
        }
    }
}
