//! A baseline's rows of one group as one row, for models that do not tell kinds of site apart.
//!
//! Counts are summed, and known metrics are computed from the sums: a mean of two F1s is not the F1
//! of the two together. Of the other columns, a value that all rows agree on is kept; what differs
//! and cannot be summed (`top_k_accuracy`) is left empty.

use std::borrow::Cow;

use crate::{
    baseline::{Baseline, BaselineRow},
    report::{
        delta::side::{Side, f1_or_zero},
        text,
    },
    stats::metrics::ClassCounts,
};

/// Columns other than the counts that add up over kinds of site.
const SUMMED: [&str; 2] = ["n_splice_sites", "n_sites"];

/// The row of a group; its site cell names all kinds: `acceptor+donor`.
pub(super) fn pool<'a>(baseline: &'a Baseline, group: &str) -> Side<'a> {
    let rows: Vec<BaselineRow<'a>> = baseline.rows_of(group).collect();
    if rows.is_empty() {
        return Side::unknown(baseline, group, None);
    }
    let sums = Sums::of(&rows);
    let f1 = match sums {
        Some(sums) => Some(f1_or_zero(sums.counts)),
        // Nothing to compute from: the baseline's own, if there is no doubt which.
        None if rows.len() == 1 => rows[0].f1(),
        None => None,
    };
    let cells = (0..baseline.columns().len())
        .map(|column| cell(baseline, &rows, sums, f1, column))
        .collect();
    Side::known(baseline, cells, f1)
}

/// Counts of a group's rows together.
#[derive(Debug, Clone, Copy)]
struct Sums {
    /// `tn` is 0 where it is not known.
    counts: ClassCounts,
    has_true_negatives: bool,
}

impl Sums {
    /// The sums over the rows that have counts; none if no row has.
    fn of(rows: &[BaselineRow<'_>]) -> Option<Self> {
        let mut sums: Option<Self> = None;
        for counts in rows.iter().filter_map(|row| row.counts()) {
            let sums = sums.get_or_insert(Self {
                counts: ClassCounts::default(),
                has_true_negatives: true,
            });
            sums.counts.tp += counts.true_positives;
            sums.counts.fp += counts.false_positives;
            sums.counts.fn_ += counts.false_negatives;
            sums.counts.tn += counts.true_negatives.unwrap_or(0);
            sums.has_true_negatives &= counts.true_negatives.is_some();
        }
        sums
    }

    /// A known metric by the name of its column: `None` if the name is not known, `Some(None)` if
    /// the metric is undefined.
    fn metric(self, name: &str) -> Option<Option<f64>> {
        let counts = self.counts;
        let negative = Some(counts.opposite()).filter(|_| self.has_true_negatives);
        let specificity = negative.and_then(|negative| negative.recall());
        let value = match name {
            "precision" => counts.precision(),
            "recall" | "sensitivity" | "tpr" => counts.recall(),
            "specificity" | "tnr" => specificity,
            "fpr" => specificity.map(|specificity| 1.0 - specificity),
            "fnr" => counts.recall().map(|recall| 1.0 - recall),
            "accuracy" => self.accuracy(),
            "balanced_accuracy" => match (counts.recall(), specificity) {
                (Some(recall), Some(specificity)) => Some((recall + specificity) / 2.0),
                _ => None,
            },
            "mcc" => self.mcc(),
            _ => return None,
        };
        Some(value)
    }

    fn accuracy(self) -> Option<f64> {
        let counts = self.counts;
        let rows = counts.tp + counts.fp + counts.fn_ + counts.tn;
        (self.has_true_negatives && rows > 0).then(|| (counts.tp + counts.tn) as f64 / rows as f64)
    }

    /// Matthews' correlation coefficient (Matthews 1975).
    fn mcc(self) -> Option<f64> {
        let [tp, fp, fn_, tn] = [
            self.counts.tp,
            self.counts.fp,
            self.counts.fn_,
            self.counts.tn,
        ]
        .map(|count| count as f64);
        let spread = (tp + fp).sqrt() * (tp + fn_).sqrt() * (tn + fp).sqrt() * (tn + fn_).sqrt();
        (self.has_true_negatives && spread > 0.0).then(|| (tp * tn - fp * fn_) / spread)
    }
}

fn cell<'a>(
    baseline: &'a Baseline,
    rows: &[BaselineRow<'a>],
    sums: Option<Sums>,
    f1: Option<f64>,
    column: usize,
) -> Cow<'a, str> {
    if column == baseline.site_column() {
        let sites: Vec<&str> = rows.iter().map(|row| row.site()).collect();
        return Cow::Owned(sites.join("+"));
    }
    if baseline.f1_column() == Some(column) {
        return Cow::Owned(text::optional(f1));
    }
    let name = baseline.columns()[column].as_str();
    let Some(sums) = sums else {
        return agreed(rows, column);
    };
    let count = match name {
        "TP" => Some(sums.counts.tp),
        "FP" => Some(sums.counts.fp),
        "FN" => Some(sums.counts.fn_),
        "TN" if sums.has_true_negatives => Some(sums.counts.tn),
        "TN" => return Cow::Borrowed(""),
        name if SUMMED.contains(&name) => summed(rows, column),
        _ => None,
    };
    match (count, sums.metric(name)) {
        (Some(count), _) => Cow::Owned(count.to_string()),
        (None, Some(metric)) => Cow::Owned(text::optional(metric)),
        (None, None) => agreed(rows, column),
    }
}

/// The sum of whole numbers; none if a row has something else.
fn summed(rows: &[BaselineRow<'_>], column: usize) -> Option<u64> {
    rows.iter()
        .map(|row| row.cell(column).trim().parse::<u64>().ok())
        .try_fold(0u64, |sum, value| sum.checked_add(value?))
}

/// The value that all rows share, or nothing.
fn agreed<'a>(rows: &[BaselineRow<'a>], column: usize) -> Cow<'a, str> {
    let first = rows[0].cell(column);
    let is_agreed = rows.iter().all(|row| row.cell(column) == first);
    Cow::Borrowed(if is_agreed { first } else { "" })
}
