//! The summary of a run as text in aligned tables. The command line prints it.

use crate::report::{
    DeltaSummary, DeltaTally, FeatureRow, FeatureStatus, MetricsRecord, RunRecord, SplitRecord,
    text::{grouped, printable},
};
use crate::{
    pipeline::evaluate::evaluation::Metrics, stats::metrics::Metric, text::size::format_bytes,
};

/// A table: the first column to the left, numbers to the right.
struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    fn new<const N: usize>(header: [&str; N]) -> Self {
        Self {
            rows: vec![header.iter().map(|&cell| cell.to_owned()).collect()],
        }
    }

    fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The lines, without an end of line after the last.
    fn render(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let lines: Vec<String> = self
            .rows
            .iter()
            .map(|row| {
                let mut line = String::new();
                for (index, cell) in row.iter().enumerate() {
                    let gap = " ".repeat(widths[index] - cell.chars().count());
                    match index {
                        0 => line.extend([cell.as_str(), &gap]),
                        _ => line.extend(["  ", &gap, cell.as_str()]),
                    }
                }
                line.trim_end().to_owned()
            })
            .collect();
        lines.join("\n")
    }
}

/// Rows, groups and classes of each split.
pub(crate) fn splits_table(record: &MetricsRecord) -> String {
    let mut table = Table::new(["split", "rows", "share", "groups"]);
    table.rows[0].extend(record.classes.iter().map(|class| printable(class)));
    let rows_total: u64 = record.splits.iter().map(|split| split.rows).sum();
    for split in &record.splits {
        let share = 100.0 * split.rows as f64 / rows_total.max(1) as f64;
        let mut cells = vec![
            split.split.name().to_owned(),
            grouped(split.rows),
            format!("{share:.1} %"),
            split.groups.map_or_else(|| "-".to_owned(), grouped),
        ];
        cells.extend(split.class_rows.iter().map(|&rows| grouped(rows)));
        table.row(cells);
    }
    table.render()
}

/// The headline metrics: a row a metric, a column a split, the base scores beside the model.
pub(crate) fn metrics_table(record: &MetricsRecord) -> String {
    let evaluated: Vec<&SplitRecord> = record
        .splits
        .iter()
        .filter(|split| split.model.is_some())
        .collect();
    let mut table = Table::new(["metric"]);
    let mut sides: Vec<Vec<(&str, Option<f64>)>> = Vec::new();
    for split in &evaluated {
        let name = split.split.name();
        for (prefix, metrics, group_f1) in [
            ("", &split.model, split.group_f1),
            ("base ", &split.base, split.base_group_f1),
        ] {
            let Some(metrics) = metrics else {
                continue;
            };
            table.rows[0].push(format!("{prefix}{name}"));
            let mut figures = metrics.headline();
            figures.extend(group_f1.into_iter().flat_map(|group_f1| {
                [
                    ("group mean F1", group_f1.mean_f1),
                    ("group mean F1 (with sites)", group_f1.mean_f1_with_sites),
                ]
            }));
            sides.push(figures);
        }
    }
    for (name, _) in sides
        .iter()
        .max_by_key(|side| side.len())
        .into_iter()
        .flatten()
    {
        let mut cells = vec![title(name)];
        cells.extend(sides.iter().map(|side| {
            let found = side.iter().find(|(other, _)| other == name);
            figure(found.and_then(|(_, value)| *value))
        }));
        table.row(cells);
    }
    table.render()
}

/// Each class against the rest, on one split; empty unless there are several classes.
pub(crate) fn classes_table(record: &MetricsRecord, split: &SplitRecord) -> String {
    let Some(Metrics::Multiclass(metrics)) = &split.model else {
        return String::new();
    };
    let header = [
        "class",
        "rows",
        "AUC-ROC",
        "AUC-PR",
        "precision",
        "recall",
        "F1",
    ];
    let mut table = Table::new(header);
    for (class, name) in metrics.classes.iter().zip(&record.classes) {
        table.row(vec![
            printable(name),
            grouped(class.rows),
            figure(class.auc_roc.map(|interval| interval.value)),
            figure(class.auc_pr.map(|interval| interval.value)),
            figure(class.precision),
            figure(class.recall),
            figure(class.f1),
        ]);
    }
    table.render()
}

/// The comparison with a baseline, in a line or two.
pub(crate) fn delta_summary(summary: &DeltaSummary) -> String {
    let what = if summary.per == "group" {
        "groups"
    } else {
        "groups and sites"
    };
    let mut text = format!(
        "{what} against the baseline table: {}",
        tally(&summary.vs_baseline)
    );
    if summary.rows_without_baseline > 0 {
        text.push_str(&format!(
            "; {} not in the baseline",
            grouped(summary.rows_without_baseline)
        ));
    }
    if let Some(same_rows) = &summary.vs_base_rows {
        text.push_str(&format!(
            "\n{what} against the base scores on the same rows: {}",
            tally(same_rows)
        ));
    }
    if !summary.sites_unmatched.is_empty() {
        let sites: Vec<String> = summary
            .sites_unmatched
            .iter()
            .map(|site| printable(site))
            .collect();
        text.push_str(&format!(
            "\nno class is named for the baseline's {}",
            sites.join(", ")
        ));
    }
    text
}

fn tally(tally: &DeltaTally) -> String {
    let mean = match tally.mean_delta {
        Some(mean) => format!("{mean:+.4}"),
        None => "undefined".to_owned(),
    };
    format!(
        "{} improved, {} worse, {} equal, mean delta F1 {mean}",
        grouped(tally.improved),
        grouped(tally.worse),
        grouped(tally.equal)
    )
}

/// The most important features; `rows_max` of them at most.
pub(crate) fn importance_table(features: &[FeatureRow], rows_max: usize) -> String {
    let mut ranked: Vec<(&FeatureRow, f64)> = features
        .iter()
        .filter(|feature| feature.status == FeatureStatus::Used)
        .filter_map(|feature| Some((feature, feature.importance?)))
        .filter(|(_, importance)| *importance > 0.0)
        .collect();
    ranked.sort_by(|(left, left_importance), (right, right_importance)| {
        let by_importance = right_importance.total_cmp(left_importance);
        by_importance.then_with(|| left.name.cmp(&right.name))
    });
    let mut table = Table::new(["feature", "importance", "node splits"]);
    for (feature, importance) in ranked.into_iter().take(rows_max) {
        table.row(vec![
            printable(&feature.name),
            format!("{importance:.4}"),
            feature.node_splits.map_or_else(|| "-".to_owned(), grouped),
        ]);
    }
    table.render()
}

/// Time, rows and bytes of each pass, and of the run in all.
pub(crate) fn passes_table(run: &RunRecord) -> String {
    let mut table = Table::new(["pass", "seconds", "rows", "rows/s", "read"]);
    for pass in &run.passes {
        let speed = pass.rows_per_second.map(|speed| grouped(speed as u64));
        table.row(vec![
            printable(&pass.name),
            format!("{:.2}", pass.seconds),
            grouped(pass.rows),
            speed.unwrap_or_else(|| "-".to_owned()),
            format_bytes(pass.bytes_read),
        ]);
    }
    let peak = run
        .peak_rss_bytes
        .map_or_else(|| "unknown".to_owned(), format_bytes);
    format!(
        "{}\n{:.1} s to the model, {:.1} s in all; peak memory {peak} of {} planned and {} allowed",
        table.render(),
        run.seconds_to_model,
        run.seconds_total,
        format_bytes(run.memory_plan_bytes),
        format_bytes(run.memory_limit_bytes),
    )
}

/// A metric for a person; a dash where it is undefined.
fn figure(value: Option<f64>) -> String {
    match value {
        Some(value) if value.abs() < 1e4 => format!("{value:.5}"),
        Some(value) => format!("{value:.5e}"),
        None => "-".to_owned(),
    }
}

/// A metric's name for a person.
fn title(name: &str) -> String {
    Metric::title_of_key(name).unwrap_or(name).to_owned()
}
