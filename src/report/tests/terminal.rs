use super::{features, metrics, run};
use crate::report::{
    DeltaSummary, DeltaTally, FeatureRow,
    terminal::{
        classes_table, delta_summary, importance_table, metrics_table, passes_table, splits_table,
    },
};

#[test]
fn splits_are_aligned() {
    let expected = "\
split  rows   share  groups  neither  splice
train    12  66.7 %       5        9       3
valid     2  11.1 %       1        2       0
test      4  22.2 %       2        2       2";
    assert_eq!(splits_table(&metrics::binary()), expected);
}

#[test]
fn metrics_stand_beside_the_base_scores_and_undefined_ones_are_a_dash() {
    let table = metrics_table(&metrics::binary());
    let lines: Vec<&str> = table.lines().collect();
    let words =
        |line: &str| -> Vec<String> { line.split_whitespace().map(str::to_owned).collect() };
    assert_eq!(words(lines[0]), ["metric", "valid", "test", "base", "test"]);
    assert_eq!(words(lines[1]), ["AUC-ROC", "-", "1.00000", "0.75000"]);
    assert!(table.contains("group mean F1 (with sites)"));
    let width = lines[1].chars().count();
    assert!(
        lines.iter().all(|line| line.chars().count() == width),
        "{table}"
    );
    assert!(metrics_table(&metrics::regression()).contains("RMSE"));
}

#[test]
fn classes_have_a_table_where_there_are_several() {
    let record = metrics::three_classes();
    let table = classes_table(&record, &record.splits[0]);
    assert_eq!(table.lines().count(), 4);
    assert!(table.contains("acceptor"), "{table}");
    let record = metrics::binary();
    assert_eq!(classes_table(&record, &record.splits[2]), "");
}

#[test]
fn a_comparison_is_a_line_or_two() {
    let mut summary = DeltaSummary {
        path: "base.tsv".to_owned(),
        per: "group",
        rows: 1_500,
        rows_without_baseline: 0,
        vs_baseline: DeltaTally::default(),
        vs_base_rows: None,
        sites_unmatched: Vec::new(),
    };
    summary.vs_baseline.improved = 1_200;
    summary.vs_baseline.mean_delta = Some(0.05);
    assert_eq!(
        delta_summary(&summary),
        "groups against the baseline table: 1,200 improved, 0 worse, 0 equal, mean delta F1 +0.0500"
    );
    summary.rows_without_baseline = 3;
    summary.vs_base_rows = Some(DeltaTally::default());
    summary.sites_unmatched.push("branch".to_owned());
    let text = delta_summary(&summary);
    assert_eq!(text.lines().count(), 3);
    assert!(
        text.contains("3 not in the baseline") && text.contains("undefined"),
        "{text}"
    );
}

#[test]
fn the_most_important_features_come_first_and_cannot_paint_the_terminal() {
    let mut rows = features::rows();
    rows.push(FeatureRow {
        name: "evil\u{1b}[2J\u{202e}".to_owned(),
        importance: Some(0.9),
        ..FeatureRow::default()
    });
    let table = importance_table(&rows, 2);
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[1].starts_with("evil\\u{1b}[2J\\u{202e}"), "{table}");
    assert!(lines[2].starts_with("donor_score"), "{table}");
}

#[test]
fn passes_end_with_memory_and_time() {
    let text = passes_table(&run::record());
    assert!(text.contains("2,469,134"), "{text}");
    assert!(
        text.ends_with("peak memory 300.0 MiB of 4.0 KiB planned and 1.0 GiB allowed"),
        "{text}"
    );
}
