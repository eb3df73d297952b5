//! Options of logistic regression, checked once.

/// What the user asked of logistic regression.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct LogisticOptions {
    /// L2 penalty on standardised coefficients, as a share of a row's loss (the penalty is
    /// `l2 / 2 * |w|^2` beside the *mean* loss); not negative.
    pub l2: f64,
    /// scikit-learn's `C`, where the user gave that: the penalty is `|w|^2 / 2` beside `C` times the
    /// *sum* of losses. [`crate::learner::ModelSpec::resolve`] turns it into `l2 = 1 / (C * rows)`.
    #[serde(default)]
    pub inverse_l2: Option<f64>,
    /// Most passes over the data, at least 1.
    pub passes_max: u32,
    /// The Newton decrement, as a share of the loss, below which no further pass is made.
    pub tolerance: f64,
    /// Factor on the weight of each class; empty for 1 everywhere. Filled by the recipe for `balanced`.
    pub class_weights: Vec<f64>,
    /// Whether `class_weights` is to be filled as n / (classes * n of the class).
    pub balanced: bool,
    /// Weights by class name as the user gave them; [`crate::learner::ModelSpec::resolve`] turns them
    /// into `class_weights`.
    #[serde(default)]
    pub named_class_weights: Vec<(String, f64)>,
    /// Categories a text feature keeps as indicator columns.
    pub categories_max: u32,
    /// Seed of every random choice.
    pub seed: u64,
}

impl Default for LogisticOptions {
    fn default() -> Self {
        Self {
            l2: 1e-6,
            inverse_l2: None,
            passes_max: 10,
            tolerance: 1e-5,
            class_weights: Vec::new(),
            balanced: false,
            named_class_weights: Vec::new(),
            categories_max: 64,
            seed: 42,
        }
    }
}
