//! The binning of a feature: its values as codes of one byte.
//!
//! ```text
//!   numeric, cuts [c0, c1, c2]:   x <= c0 -> 0, x <= c1 -> 1, x <= c2 -> 2, above -> 3, NaN -> 4
//!   categorical, values [a, b]:   a -> 0, b -> 1, other -> 2, missing -> 3
//! ```
//!
//! The functions on single values here are the definition; [`crate::model::Coder`] is the fast way.

use crate::limits::CODES_MAX;

/// The most cut points of a numeric feature: one bin more, and one code for missing values.
pub(crate) const CUTS_MAX: usize = CODES_MAX - 2;

/// The most values a categorical feature keeps: beside them `other` and missing.
pub(crate) const VALUES_MAX: usize = CODES_MAX - 2;

/// The codes of one feature.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binning {
    /// Intervals between cut points.
    Numeric {
        /// Inclusive upper borders, strictly increasing; all finite but that the first may be
        /// negative infinity (a bin of its own for it).
        cuts: Vec<f64>,
    },
    /// One code per kept value.
    Categorical {
        /// The kept values, distinct, in the order of their codes.
        values: Vec<String>,
        /// True if training met more values than are kept and pooled the others as `other`. If not,
        /// a value that is not kept was never seen and counts as missing.
        pooled: bool,
    },
}

impl Binning {
    /// The number of codes, without the one for missing values.
    pub fn codes_without_missing(&self) -> u16 {
        let others = match self {
            Self::Numeric { cuts } => cuts.len(),
            Self::Categorical { values, .. } => values.len(),
        };
        assert!(
            others < CODES_MAX - 1,
            "a binning of more codes than a byte"
        );
        others as u16 + 1
    }

    /// The code of a missing value: the last one.
    pub fn missing_code(&self) -> u8 {
        self.codes_without_missing() as u8
    }

    /// The code of pooled values; `None` for numbers.
    pub fn other_code(&self) -> Option<u8> {
        match self {
            Self::Numeric { .. } => None,
            Self::Categorical { values, .. } => Some(values.len() as u8),
        }
    }

    /// The code of a number: the first bin whose upper border is not below it.
    ///
    /// # Panics
    /// If the binning is categorical.
    pub fn code_of_number(&self, value: f64) -> u8 {
        let Self::Numeric { cuts } = self else {
            panic!("a number for a categorical feature");
        };
        if value.is_nan() {
            return self.missing_code();
        }
        let bin = cuts.iter().position(|cut| value <= *cut);
        bin.unwrap_or(cuts.len()) as u8
    }

    /// The code of a text; `None` is a missing value.
    ///
    /// # Panics
    /// If the binning is numeric.
    pub fn code_of_text(&self, value: Option<&str>) -> u8 {
        let Self::Categorical { values, pooled } = self else {
            panic!("a text for a numeric feature");
        };
        let Some(value) = value else {
            return self.missing_code();
        };
        match values.iter().position(|kept| kept == value) {
            Some(index) => index as u8,
            None if *pooled => values.len() as u8,
            None => self.missing_code(),
        }
    }

    /// Checks a binning from an untrusted file.
    ///
    /// # Errors
    /// The fault, as a sentence.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Self::Numeric { cuts } => check_cuts(cuts),
            Self::Categorical { values, .. } => check_values(values),
        }
    }
}

fn check_cuts(cuts: &[f64]) -> Result<(), String> {
    if cuts.len() > CUTS_MAX {
        return Err(format!("{} cut points, at most {CUTS_MAX} fit", cuts.len()));
    }
    if let Some(cut) = cuts
        .iter()
        .find(|cut| cut.is_nan() || **cut == f64::INFINITY)
    {
        return Err(format!("a cut point is {cut}"));
    }
    match cuts.windows(2).find(|pair| pair[0] >= pair[1]) {
        Some(pair) => Err(format!(
            "cut point {} is not below the next, {}",
            pair[0], pair[1]
        )),
        None => Ok(()),
    }
}

fn check_values(values: &[String]) -> Result<(), String> {
    if values.len() > VALUES_MAX {
        return Err(format!(
            "{} categories, at most {VALUES_MAX} fit",
            values.len()
        ));
    }
    let mut sorted: Vec<&str> = values.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!(
            "category `{}` occurs twice",
            pair[0].escape_debug()
        )),
        None => Ok(()),
    }
}
