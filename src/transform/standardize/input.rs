//! The features that may enter a design.

/// Statistics of a feature in the training rows.
#[derive(Debug, Clone, PartialEq)]
pub enum FeatureSummary {
    /// Of the finite values; of none of them, whatever `mean` and `sd` are, if `min > max`.
    Numeric {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        sd: f64,
        /// Smallest.
        min: f64,
        /// Largest.
        max: f64,
    },
    /// The categories in the order of their codes, most frequent first.
    Categorical {
        /// At most [`crate::limits::Limits::categories_kept_max`] of them.
        values: Vec<String>,
    },
}

/// A feature that may enter the design.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// Index into the model's features.
    pub feature: u32,
    /// Index into the schema: where batches have the values.
    pub schema_column: usize,
    /// Its statistics.
    pub summary: FeatureSummary,
    /// Add a column that is 1 where it is missing.
    pub missing_indicator: bool,
}

/// A feature that is not in the design.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DroppedFeature {
    /// Index into the model's features.
    pub feature: u32,
    /// The reason, for `features.csv`.
    pub reason: &'static str,
}
