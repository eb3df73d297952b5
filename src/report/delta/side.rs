//! The baseline's side of a comparison, and the difference to the model's.

use std::borrow::Cow;

use crate::{
    baseline::{Baseline, BaselineRow},
    report::text,
    stats::metrics::ClassCounts,
};

/// The baseline's side of a row.
pub(super) struct Side<'a> {
    /// A cell for each of the baseline's columns, and for `f1_score` where it lacks that.
    pub(super) cells: Vec<Cow<'a, str>>,
    /// Its F1; `None` without a row or without counts.
    pub(super) f1: Option<f64>,
    /// True if the baseline knows the group (and kind of site).
    pub(super) is_known: bool,
}

impl<'a> Side<'a> {
    /// The baseline's row of a group and kind of site, word for word.
    pub(super) fn of_site(baseline: &'a Baseline, group: &str, site: &str) -> Self {
        let Some(row) = baseline.row_of(group, site) else {
            return Self::unknown(baseline, group, Some(site));
        };
        let f1 = row.f1().or_else(|| counted_f1(row));
        Self::known(baseline, row.cells().map(Cow::Borrowed).collect(), f1)
    }

    pub(super) fn known(
        baseline: &Baseline,
        mut cells: Vec<Cow<'a, str>>,
        f1: Option<f64>,
    ) -> Self {
        if baseline.f1_column().is_none() {
            cells.push(Cow::Owned(text::optional(f1)));
        }
        Self {
            cells,
            f1,
            is_known: true,
        }
    }

    pub(super) fn unknown(baseline: &Baseline, group: &str, site: Option<&str>) -> Self {
        let width = baseline.columns().len() + usize::from(baseline.f1_column().is_none());
        let mut cells = vec![Cow::Borrowed(""); width];
        cells[baseline.group_column()] = Cow::Owned(group.to_owned());
        cells[baseline.site_column()] = Cow::Owned(site.unwrap_or_default().to_owned());
        Self {
            cells,
            f1: None,
            is_known: false,
        }
    }
}

/// A group's F1, 0 where it is undefined.
pub(super) fn f1_or_zero(counts: ClassCounts) -> f64 {
    counts.f1().unwrap_or(0.0)
}

/// The model's F1 less the others'.
pub(super) struct Deltas {
    /// Against the baseline table.
    pub(super) baseline: Option<f64>,
    /// Against the base scores on the same rows.
    pub(super) base_rows: Option<f64>,
}

impl Deltas {
    pub(super) fn new(
        baseline_f1: Option<f64>,
        model: ClassCounts,
        base: Option<ClassCounts>,
    ) -> Self {
        let model_f1 = f1_or_zero(model);
        Self {
            baseline: baseline_f1.map(|f1| model_f1 - f1),
            base_rows: base.map(|base| model_f1 - f1_or_zero(base)),
        }
    }
}

/// F1 from the counts of a row, 0 where undefined.
fn counted_f1(row: BaselineRow<'_>) -> Option<f64> {
    let counts = row.counts()?;
    Some(f1_or_zero(ClassCounts {
        tp: counts.true_positives,
        fp: counts.false_positives,
        fn_: counts.false_negatives,
        tn: 0,
    }))
}
