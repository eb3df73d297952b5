//! Options of logistic regression, checked once.

use crate::{
    error::{Error, Result},
    learner::{ClassWeight, logistic::descent::Penalty},
};

/// The method that finds the optimum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Solver {
    /// Newton passes after a start on a sample.
    #[default]
    Newton,
    /// Averaged stochastic gradient descent, each row in turn.
    Sgd,
}

/// Options of logistic regression.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct LogisticOptions {
    /// L2 penalty on standardised coefficients, as a share of a row's loss (the penalty is
    /// `l2 / 2 * |w|^2` beside the *mean* loss); not negative.
    pub l2: f64,
    /// L1 penalty on standardised coefficients, likewise (`l1 * |w|`); not negative. It sets
    /// coefficients to 0.
    #[serde(default)]
    pub l1: f64,
    /// scikit-learn's `C`, where the user gave that: the penalty is
    /// `l1_ratio * |w| + (1 - l1_ratio) * |w|^2 / 2` beside `C` times the *sum* of losses.
    /// [`crate::learner::ModelSpec::resolve`] turns it into `l1` and `l2`.
    #[serde(default, rename = "C", alias = "inverse_strength")]
    pub c: Option<f64>,
    /// The share of L1 in the penalty that `c` means, 0 to 1.
    #[serde(default)]
    pub l1_ratio: f64,
    /// The method that finds the optimum.
    #[serde(default)]
    pub solver: Solver,
    /// First step size of gradient descent; `None` for one from the curvature that the rows show.
    #[serde(default)]
    pub step_size: Option<f64>,
    /// True if gradient descent has a step size a coefficient (AdaGrad).
    #[serde(default)]
    pub adaptive: bool,
    /// Most passes over the data, at least 1; for gradient descent their number.
    #[serde(alias = "passes_max")]
    pub max_iter: u32,
    /// The gain still possible, as a share of the loss, below which no further pass is made. It is
    /// estimated by the Newton decrement, which the last step still gains.
    #[serde(alias = "tolerance")]
    pub tol: f64,
    /// Factor on the weight of each class; empty for 1 everywhere.
    pub class_weights: Vec<f64>,
    /// The weights of classes as the user gave them; [`crate::learner::ModelSpec::resolve`] turns them
    /// into `class_weights`.
    #[serde(flatten)]
    pub class_weight: ClassWeight,
    /// Categories a text feature keeps as indicator columns.
    #[serde(alias = "categories_max")]
    pub max_categories: u32,
    /// True if a feature with missing or infinite values gets a column that marks them.
    #[serde(default)]
    pub missing_indicator: bool,
    /// Seed of every random choice.
    pub seed: u64,
}

impl Default for LogisticOptions {
    fn default() -> Self {
        Self {
            l2: 1e-6,
            l1: 0.0,
            c: None,
            l1_ratio: 0.0,
            solver: Solver::Newton,
            step_size: None,
            adaptive: false,
            max_iter: 10,
            tol: 1e-5,
            class_weights: Vec::new(),
            class_weight: ClassWeight::Equal,
            max_categories: 64,
            missing_indicator: false,
            seed: 42,
        }
    }
}

impl LogisticOptions {
    /// The penalty of scikit-learn's `LogisticRegression`.
    pub fn log_reg() -> Self {
        Self {
            c: Some(1.0),
            ..Self::default()
        }
    }

    /// The penalty of scikit-learn's `SGDClassifier`.
    pub fn sgd_logistic() -> Self {
        Self {
            l2: 1e-4,
            ..Self::default()
        }
    }

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

    /// Turns `c` into `l1` and `l2`, given the sum of the training rows' weights.
    pub fn resolve_strength(&mut self, weight: f64) {
        if let Some(inverse) = self.c {
            let strength = 1.0 / (inverse * weight);
            self.l1 = self.l1_ratio * strength;
            self.l2 = (1.0 - self.l1_ratio) * strength;
        }
    }

    pub(super) fn penalty(&self) -> Penalty {
        Penalty {
            l1: self.l1,
            l2: self.l2,
        }
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
        for (name, value) in [("l2", self.l2), ("l1", self.l1)] {
            if !(value >= 0.0 && value.is_finite()) {
                return refuse(name, value.to_string(), "a number from 0 up");
            }
        }
        if !(0.0..=1.0).contains(&self.l1_ratio) {
            return refuse("l1_ratio", self.l1_ratio.to_string(), "from 0 to 1");
        }
        if self.solver == Solver::Sgd && self.l1 > 0.0 {
            return Err(Error::Usage(format!(
                "`l1` is {} and averaged gradient descent sets no coefficient to 0; use the solver \
                 newton, or an L2 penalty",
                self.l1
            )));
        }
        if let Some(step) = self
            .step_size
            .filter(|step| !(*step > 0.0 && step.is_finite()))
        {
            return refuse("step_size", step.to_string(), "a number above 0");
        }
        if self.max_iter == 0 {
            return refuse("max_iter", "0".to_owned(), "1 or more");
        }
        if !(self.tol > 0.0 && self.tol < 1.0) {
            return refuse("tol", self.tol.to_string(), "between 0 and 1");
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
