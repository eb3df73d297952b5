//! Options of logistic regression, checked once.

use crate::error::{Error, Result};

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
    /// What may be left to gain, as a share of the loss, for no further pass to be made. It is
    /// estimated by the Newton decrement, which the last step still gains.
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

impl LogisticOptions {
    /// The factors that `balanced` means: n / (classes * n of the class), 1 for a class without rows.
    pub fn balanced_weights(class_rows: &[u64]) -> Vec<f64> {
        let rows: u64 = class_rows.iter().sum();
        (class_rows.iter())
            .map(|of_class| match of_class {
                0 => 1.0,
                _ => rows as f64 / (class_rows.len() as f64 * *of_class as f64),
            })
            .collect()
    }

    /// Checks the ranges, and that the class weights fit the classes.
    ///
    /// # Errors
    /// [`Error::Usage`] naming the option, its value and its range; [`Error::Dataset`] for fewer than
    /// two classes.
    pub fn check(&self, classes: usize) -> Result<()> {
        let refuse = |name: &str, value: String, range: &str| {
            Err(Error::Usage(format!(
                "`{name}` is {value} and must be {range}"
            )))
        };
        if classes < 2 {
            return Err(Error::Dataset(
                "logistic regression needs a target with at least 2 classes; use --model gbdt for \
                 --task regression"
                    .to_owned(),
            ));
        }
        if !(self.l2 >= 0.0 && self.l2.is_finite()) {
            return refuse("l2", self.l2.to_string(), "a number from 0 up");
        }
        if self.passes_max == 0 {
            return refuse("passes_max", "0".to_owned(), "1 or more");
        }
        if !(self.tolerance > 0.0 && self.tolerance < 1.0) {
            return refuse("tolerance", self.tolerance.to_string(), "between 0 and 1");
        }
        if self.class_weights.is_empty() {
            return Ok(());
        }
        if self.class_weights.len() != classes {
            let value = format!("a list of {}", self.class_weights.len());
            return refuse(
                "class_weights",
                value,
                &format!("one number for each of {classes} classes"),
            );
        }
        match self
            .class_weights
            .iter()
            .find(|weight| !(**weight > 0.0 && weight.is_finite()))
        {
            Some(weight) => refuse("class_weights", weight.to_string(), "numbers above 0"),
            None => Ok(()),
        }
    }
}
