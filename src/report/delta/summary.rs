//! Numbers of groups that are better and worse than the baseline, and their mean difference.

use crate::report::delta::{input::DeltaInput, side::Deltas};

/// Deltas no farther from 0 than this are equal: an F1 that was printed and read again may be off in
/// its last digits.
const EQUAL_MAX: f64 = 1e-9;

/// Deltas counted.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize)]
pub struct DeltaTally {
    /// Comparisons with a delta.
    pub compared: u64,
    /// The model's F1 is higher.
    pub improved: u64,
    /// The model's F1 is lower.
    pub worse: u64,
    /// Neither, to within 1e-9.
    pub equal: u64,
    /// The mean of the deltas; `None` without any.
    pub mean_delta: Option<f64>,
    #[serde(skip)]
    sum: f64,
}

impl DeltaTally {
    fn add(&mut self, delta: Option<f64>) {
        let Some(delta) = delta else {
            return;
        };
        self.compared += 1;
        self.sum += delta;
        if delta > EQUAL_MAX {
            self.improved += 1;
        } else if delta < -EQUAL_MAX {
            self.worse += 1;
        } else {
            self.equal += 1;
        }
        self.mean_delta = Some(self.sum / self.compared as f64);
    }
}

/// The comparison summed up; `baseline` in metrics.json.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct DeltaSummary {
    /// The baseline table.
    pub path: String,
    /// The unit of a row: `group`, or `group_and_site`.
    pub per: &'static str,
    /// Rows of the table.
    pub rows: u64,
    /// Rows without a baseline row.
    pub rows_without_baseline: u64,
    /// Against the baseline table.
    pub vs_baseline: DeltaTally,
    /// Against the base scores on the same rows; `None` where there are none.
    pub vs_base_rows: Option<DeltaTally>,
    /// Kinds of site in the baseline that no class of the model is named for.
    pub sites_unmatched: Vec<String>,
}

impl DeltaSummary {
    pub(super) fn new(input: &DeltaInput<'_>, sites: &[(Option<&str>, usize)]) -> Self {
        let is_pooled = sites.iter().any(|(site, _)| site.is_none());
        let is_matched = |site: &str| sites.iter().any(|(matched, _)| *matched == Some(site));
        let unmatched = input.baseline.sites().into_iter();
        Self {
            path: input.baseline.path().display().to_string(),
            per: if is_pooled { "group" } else { "group_and_site" },
            rows: 0,
            rows_without_baseline: 0,
            vs_baseline: DeltaTally::default(),
            vs_base_rows: input.has_base_scores.then(DeltaTally::default),
            sites_unmatched: unmatched
                .filter(|site| !is_pooled && !is_matched(site))
                .map(str::to_owned)
                .collect(),
        }
    }

    pub(super) fn add(&mut self, is_known: bool, deltas: &Deltas) {
        self.rows += 1;
        self.rows_without_baseline += u64::from(!is_known);
        self.vs_baseline.add(deltas.baseline);
        if let Some(tally) = &mut self.vs_base_rows {
            tally.add(deltas.base_rows);
        }
    }
}
