//! The options of pruning.

use crate::{
    error::{Error, Result},
    pipeline::open::training_data::TrainingData,
    text::{column_pattern, nearest},
    transform::prune::PruneRules,
};

/// The options of pruning.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct Pruning {
    /// Thresholds and the keep rule.
    pub rules: PruneRules,
    /// Compare every pair on all rows, not the candidates of a sample alone.
    #[serde(rename = "exact_correlation")]
    pub exact: bool,
    /// Columns that are kept whatever is found: names or patterns.
    pub protect: Vec<String>,
    /// Pairs with |r| of this or more are reported; `None` reports none but the dropped columns'.
    #[serde(rename = "corr_report")]
    pub report: Option<f64>,
}

impl Pruning {
    /// Refuses thresholds that mean nothing.
    ///
    /// # Errors
    /// [`Error::Usage`] naming the flag and the value.
    pub fn check(&self) -> Result<()> {
        let threshold = |flag: &str, value: f64| {
            if value > 0.0 && value <= 1.0 {
                return Ok(());
            }
            Err(Error::Usage(format!(
                "{flag} {value} is no threshold of a correlation; use a number above 0 and at most 1, such as 0.99"
            )))
        };
        threshold("--corr-thr", self.rules.correlation)?;
        if let Some(report) = self.report {
            threshold("--corr-report", report)?;
        }
        let variance = self.rules.variance;
        if !(variance >= 0.0 && variance.is_finite()) {
            return Err(Error::Usage(format!(
                "--var-thr {variance} is no variance; use 0 or more"
            )));
        }
        Ok(())
    }

    /// The smallest |r| that is of interest.
    pub fn interest(&self) -> f64 {
        let report = self.report.unwrap_or(1.0);
        report.min(self.rules.correlation)
    }

    /// True for each feature that is kept in any case: those that the user names, and the base scores.
    ///
    /// # Errors
    /// [`Error::Dataset`] for a name or pattern that meets no column.
    pub fn protected(&self, data: &TrainingData) -> Result<Vec<bool>> {
        let schema = data.schema();
        let mut is_protected = vec![false; schema.fields.len()];
        for score in &data.roles.base_scores {
            is_protected[score.column] = true;
        }
        for wanted in &self.protect {
            for column in matching(data, "--protect", wanted)? {
                is_protected[column] = true;
            }
        }
        let features = data.roles.features.iter();
        Ok(features.map(|column| is_protected[*column]).collect())
    }
}

/// The columns that a name or pattern means. A name that is there is never a pattern.
pub(crate) fn matching(data: &TrainingData, flag: &str, wanted: &str) -> Result<Vec<usize>> {
    let schema = data.schema();
    if let Some(column) = schema.index_of(wanted) {
        return Ok(vec![column]);
    }
    let names = || schema.fields.iter().map(|field| field.name.as_str());
    let columns: Vec<usize> = if column_pattern::is_pattern(wanted) {
        let pattern = column_pattern::parse(wanted).map_err(Error::Usage)?;
        let matches = names()
            .enumerate()
            .filter(|(_, name)| pattern.matches(name));
        matches.map(|(column, _)| column).collect()
    } else {
        Vec::new()
    };
    if columns.is_empty() {
        return Err(Error::Dataset(format!(
            "{flag}: the data have no column `{wanted}`{}; `rowmill inspect` lists the columns",
            nearest::hint(wanted, names())
        )));
    }
    Ok(columns)
}
