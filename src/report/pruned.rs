//! Reports of pruning: its part of `features.csv`, `correlations.csv`, and a summary.

use std::{fmt::Write as _, path::Path};

use crate::report::{
    FeatureRow, FeatureStatus, csv_file, features,
    text::{self, grouped, printable},
};
use crate::{
    error::Result,
    pipeline::{
        open::training_data::TrainingData, prepare::survey::FeatureSurvey,
        prune::findings::Findings,
    },
    transform::prune::Verdict,
};

/// The name of the file with all pairs of interest.
pub(crate) const CORRELATIONS: &str = "correlations.csv";

/// Dropped columns that the summary lists.
const DROPPED_LISTED: usize = 20;

/// The names of the columns that were looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names<'a> {
    data: &'a TrainingData,
    columns: &'a [usize],
}

impl<'a> Names<'a> {
    /// `columns` has the schema's index of each.
    pub(crate) fn new(data: &'a TrainingData, columns: &'a [usize]) -> Self {
        Self { data, columns }
    }

    fn of(self, feature: usize) -> &'a str {
        &self.data.schema().fields[self.columns[feature]].name
    }
}

/// Writes `features.csv`, and `correlations.csv` where it was asked for, into a directory.
///
/// # Errors
/// [`crate::error::Error::Io`] naming the file.
pub(crate) fn write(
    directory: &Path,
    data: &TrainingData,
    survey: &[FeatureSurvey],
    findings: &Findings,
) -> Result<Vec<FeatureRow>> {
    let rows = rows(data, survey, findings);
    features::write(directory, rows.iter().cloned())?;
    let names = Names::new(data, &data.roles.features);
    write_correlations(directory, names, findings)?;
    Ok(rows)
}

/// Writes all pairs of interest, where a reporting threshold was given: two columns, r, the rows in
/// which both have a finite value, and whether they are the same in every row.
///
/// # Errors
/// [`crate::error::Error::Io`] naming the file.
pub(crate) fn write_correlations(
    directory: &Path,
    names: Names<'_>,
    findings: &Findings,
) -> Result<()> {
    if findings.pruning.report.is_none() {
        return Ok(());
    }
    csv_file::write(&directory.join(CORRELATIONS), |csv| {
        csv.row(["first", "second", "correlation", "common_rows", "identical"])?;
        for pair in &findings.pairs {
            let [first, second] = pair.columns.map(|feature| names.of(feature as usize));
            csv.row([
                first.to_owned(),
                second.to_owned(),
                text::number(pair.r),
                // Texts are hashed, and have no rows in common with anything.
                if pair.r.is_nan() {
                    String::new()
                } else {
                    pair.count.to_string()
                },
                pair.identical.to_string(),
            ])?;
        }
        Ok(())
    })
}

/// All columns of a pruned dataset, with the reason for each that was dropped.
pub(crate) fn rows(
    data: &TrainingData,
    survey: &[FeatureSurvey],
    findings: &Findings,
) -> Vec<FeatureRow> {
    let names = Names::new(data, &data.roles.features);
    features::rows_of(data, |row, _, feature| {
        if let Some(feature) = feature {
            features::describe(row, &survey[feature]);
            explain(row, names, findings, feature);
        }
    })
}

/// Says in a feature's row why it was dropped, if it was.
pub(crate) fn explain(row: &mut FeatureRow, names: Names<'_>, findings: &Findings, feature: usize) {
    let verdict = findings.verdicts[feature];
    if verdict.is_kept() {
        return;
    }
    row.status = FeatureStatus::Pruned;
    row.reason = reason(names, findings, &verdict);
    if let Some(covered) = verdict.twin() {
        row.kept_twin = Some(names.of(covered.by).to_owned());
        row.correlation = Some(covered.r);
    }
}

fn reason(names: Names<'_>, findings: &Findings, verdict: &Verdict) -> String {
    match verdict {
        Verdict::Kept => "kept".to_owned(),
        Verdict::Constant => "constant".to_owned(),
        Verdict::LowVariance => format!("variance at most {}", findings.pruning.rules.variance),
        Verdict::Duplicate(covered) => format!("the same values as {}", names.of(covered.by)),
        Verdict::Correlated(covered) => format!(
            "correlated with {} over {} rows",
            names.of(covered.by),
            covered.count
        ),
    }
}

/// The number of columns by verdict, and the guarantee on those kept.
pub(crate) fn summary(names: Names<'_>, findings: &Findings) -> String {
    let count = |is: &dyn Fn(&Verdict) -> bool| grouped(findings.count(is) as u64);
    let mut text = String::new();
    let lines = [
        ("columns in", grouped(findings.verdicts.len() as u64)),
        ("constant", count(&|verdict| *verdict == Verdict::Constant)),
        (
            "low variance",
            count(&|verdict| *verdict == Verdict::LowVariance),
        ),
        (
            "duplicate",
            count(&|verdict| matches!(verdict, Verdict::Duplicate(_))),
        ),
        (
            "correlated",
            count(&|verdict| matches!(verdict, Verdict::Correlated(_))),
        ),
        ("kept", count(&Verdict::is_kept)),
    ];
    for (name, count) in lines {
        let _ = writeln!(text, "  {name:<14} {count:>7}");
    }
    let covered = (0..findings.verdicts.len())
        .filter_map(|feature| Some((feature, findings.verdicts[feature].twin()?)));
    let covered: Vec<_> = covered.collect();
    for (feature, covered) in covered.iter().take(DROPPED_LISTED) {
        let how = match findings.verdicts[*feature] {
            Verdict::Duplicate(_) => "same values".to_owned(),
            _ => format!("r {:.6}, {} rows", covered.r, grouped(covered.count)),
        };
        let _ = writeln!(
            text,
            "  {} -> {} ({how})",
            printable(names.of(*feature)),
            printable(names.of(covered.by))
        );
    }
    if covered.len() > DROPPED_LISTED {
        let more = covered.len() - DROPPED_LISTED;
        let _ = writeln!(text, "  and {more} more, see {}", features::NAME);
    }
    text.push_str(&findings.promise());
    text
}
