//! The rows of `delta_vs_baseline.csv`.

use std::{borrow::Cow, path::Path};

use crate::{
    baseline::Baseline,
    error::Result,
    report::{
        csv_file,
        delta::{
            input::{DeltaInput, GroupOutcome},
            pooled,
            side::{Deltas, Side, f1_or_zero},
            summary::DeltaSummary,
        },
        text,
    },
    stats::metrics::ClassCounts,
};

/// The file's name.
pub(crate) const NAME: &str = "delta_vs_baseline.csv";

/// Counts and metrics of one side; `_meta` or `_base_rows` is appended.
const SIDE: [&str; 7] = ["TP", "FP", "FN", "TN", "precision", "recall", "f1_score"];

/// Writes the table, a row a group (and kind of site), in the order given, and sums it up.
///
/// # Errors
/// The iterator's own, or [`crate::error::Error::Io`] naming the file.
///
/// # Panics
/// If a group's counts are not one a class.
pub(crate) fn write(
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
                    Some(site) => Side::of_site(input.baseline, &group.name, site),
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
