//! `delta_vs_baseline.csv`: each held-out group beside what a baseline table says of it.
//!
//! A row is
//!
//! ```text
//!   the baseline's own columns | TP_meta .. f1_score_meta, delta | TP_base_rows .. f1_score_base_rows, delta_base_rows
//! ```
//!
//! * *own columns*: with two classes, the group's rows summed over kinds of site (`pooled.rs`); with
//!   more, the row of the group and the kind of site that has the class's name, word for word.
//! * `*_meta`: the model on the group's rows. `delta` is `f1_score_meta - f1_score`. The baseline
//!   counted other rows (every position of a gene, say), so this is the comparison people ask for,
//!   not a fair one.
//! * `*_base_rows`: the base scores' most likely class on the *same* rows; `delta_base_rows` is
//!   `f1_score_meta - f1_score_base_rows`: like for like.
//!
//! An undefined F1 of a group counts as 0 in both deltas. A group that the baseline does not know
//! has a row too: its name, then empty cells.

mod pooled;
mod summary;

use std::{borrow::Cow, path::Path};

use crate::report::{csv_file, text};
use crate::{
    baseline::{Baseline, BaselineRow},
    error::Result,
    stats::metrics::ClassCounts,
};

pub use summary::{DeltaSummary, DeltaTally};

/// The file's name.
pub const NAME: &str = "delta_vs_baseline.csv";

/// Counts and metrics of one side; `_meta` or `_base_rows` is appended.
const SIDE: [&str; 7] = ["TP", "FP", "FN", "TN", "precision", "recall", "f1_score"];

/// What the comparison is between.
#[derive(Debug, Clone, Copy)]
pub struct DeltaInput<'a> {
    /// The baseline.
    pub baseline: &'a Baseline,
    /// The class names in class order; class 0 is no site.
    pub classes: &'a [String],
    /// Whether groups carry the base scores' counts.
    pub has_base_scores: bool,
}

/// What the model, and the base scores, did on the rows of one held-out group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupOutcome {
    /// The group's name, as the baseline spells it.
    pub name: String,
    /// The model: each class against the rest, in class order.
    pub model: Vec<ClassCounts>,
    /// The base scores' most likely class on the same rows.
    pub base: Option<Vec<ClassCounts>>,
}

/// The baseline's side of a row.
struct Side<'a> {
    /// A cell for each of the baseline's columns, and for `f1_score` where it lacks that.
    cells: Vec<Cow<'a, str>>,
    /// Its F1; `None` without a row or without counts.
    f1: Option<f64>,
    /// Whether the baseline knows the group (and kind of site).
    is_known: bool,
}

/// Writes the table, a row a group (and kind of site), in the order given, and sums it up.
///
/// # Errors
/// The iterator's own, or [`crate::Error::Io`] naming the file.
///
/// # Panics
/// If a group's counts are not one a class.
pub fn write(
    directory: &Path,
    input: DeltaInput<'_>,
    groups: impl IntoIterator<Item = Result<GroupOutcome>>,
) -> Result<DeltaSummary> {
    assert!(input.classes.len() >= 2, "a comparison is of classes");
    let sites = input.sites();
    let mut summary = DeltaSummary::new(&input, &sites);
    csv_file::write(&directory.join(NAME), |csv| {
        csv.row(header(input.baseline))?;
        for group in groups {
            let group = group?;
            assert_eq!(group.model.len(), input.classes.len());
            for &(site, class) in &sites {
                let side = match site {
                    Some(site) => by_site(input.baseline, &group.name, site),
                    None => pooled::pool(input.baseline, &group.name),
                };
                let model = group.model[class];
                let base = group.base.as_ref().map(|base| base[class]);
                let deltas = Deltas::new(side.f1, model, base);
                summary.add(side.is_known, &deltas);
                csv.row(
                    cells(side, model, base, &deltas)
                        .iter()
                        .map(|cell| cell.as_bytes()),
                )?;
            }
        }
        Ok(())
    })?;
    Ok(summary)
}

/// A group's F1, 0 where it is undefined.
pub(super) fn f1_or_zero(counts: ClassCounts) -> f64 {
    counts.f1().unwrap_or(0.0)
}

/// The model's F1 less the others'.
pub(super) struct Deltas {
    /// Against the baseline table.
    baseline: Option<f64>,
    /// Against the base scores on the same rows.
    base_rows: Option<f64>,
}

impl Deltas {
    fn new(baseline_f1: Option<f64>, model: ClassCounts, base: Option<ClassCounts>) -> Self {
        let model_f1 = f1_or_zero(model);
        Self {
            baseline: baseline_f1.map(|f1| model_f1 - f1),
            base_rows: base.map(|base| model_f1 - f1_or_zero(base)),
        }
    }
}

impl<'a> DeltaInput<'a> {
    /// The comparisons of a group: (kind of site in the baseline, class of the model). With two
    /// classes one, of all kinds together.
    fn sites(&self) -> Vec<(Option<&'a str>, usize)> {
        if self.classes.len() == 2 {
            return vec![(None, 1)];
        }
        let sites = self.baseline.sites();
        (0..self.classes.len())
            .filter_map(|class| {
                let site = sites.iter().find(|site| **site == self.classes[class])?;
                Some((Some(*site), class))
            })
            .collect()
    }
}

fn header(baseline: &Baseline) -> Vec<String> {
    let mut header = baseline.columns().to_vec();
    if baseline.f1_column().is_none() {
        header.push("f1_score".to_owned());
    }
    header.extend(SIDE.iter().map(|name| format!("{name}_meta")));
    header.push("delta".to_owned());
    header.extend(SIDE.iter().map(|name| format!("{name}_base_rows")));
    header.push("delta_base_rows".to_owned());
    header
}

/// The baseline's row of a group and kind of site, word for word.
fn by_site<'a>(baseline: &'a Baseline, group: &str, site: &str) -> Side<'a> {
    let Some(row) = baseline.row_of(group, site) else {
        return Side::unknown(baseline, group, Some(site));
    };
    let f1 = row.f1().or_else(|| counted_f1(row));
    Side::known(baseline, row.cells().map(Cow::Borrowed).collect(), f1)
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

impl<'a> Side<'a> {
    fn known(baseline: &Baseline, mut cells: Vec<Cow<'a, str>>, f1: Option<f64>) -> Self {
        if baseline.f1_column().is_none() {
            cells.push(Cow::Owned(text::optional(f1)));
        }
        Self {
            cells,
            f1,
            is_known: true,
        }
    }

    fn unknown(baseline: &Baseline, group: &str, site: Option<&str>) -> Self {
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

fn cells<'a>(
    side: Side<'a>,
    model: ClassCounts,
    base: Option<ClassCounts>,
    deltas: &Deltas,
) -> Vec<Cow<'a, str>> {
    let mut cells = side.cells;
    push_counts(&mut cells, Some(model));
    cells.push(Cow::Owned(text::optional(deltas.baseline)));
    push_counts(&mut cells, base);
    cells.push(Cow::Owned(text::optional(deltas.base_rows)));
    cells
}

fn push_counts(cells: &mut Vec<Cow<'_, str>>, counts: Option<ClassCounts>) {
    let Some(counts) = counts else {
        cells.extend(SIDE.iter().map(|_| Cow::Borrowed("")));
        return;
    };
    let numbers = [counts.tp, counts.fp, counts.fn_, counts.tn];
    cells.extend(numbers.iter().map(|number| Cow::Owned(number.to_string())));
    let metrics = [
        counts.precision(),
        counts.recall(),
        Some(f1_or_zero(counts)),
    ];
    cells.extend(
        metrics
            .iter()
            .map(|metric| Cow::Owned(text::optional(*metric))),
    );
}
