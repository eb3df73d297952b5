use serde_json::{Value, json};

use super::check;
use crate::{
    data::Split,
    learner::gbdt::{RoundLoss, metric::RoundMetric},
    pipeline::evaluate::evaluation::Metrics,
    report::{
        DeltaSummary, DeltaTally,
        metrics::{self, MetricsRecord, SplitRecord},
    },
    stats::metrics::{
        BinaryMetrics, BinaryTable, Deviation, GroupF1, Metric, MulticlassTable, RegressionTable,
    },
};

/// A binary run with base scores, groups that are genes, and a valid split of one class.
pub(super) fn binary() -> MetricsRecord {
    let metrics = |margins: &[f32], labels: &[f32]| {
        let mut table = BinaryTable::new(0.5);
        table.update(margins, labels, None);
        // Pinned: the last digits of a logarithm are the platform's.
        Some(Metrics::Binary(BinaryMetrics {
            log_loss: Some(0.3125),
            brier: Some(0.125),
            ..table.finish()
        }))
    };
    let group_f1 = |mean_f1, mean_f1_with_sites| {
        Some(GroupF1 {
            groups: 2,
            mean_f1: Some(mean_f1),
            groups_with_sites: 1,
            mean_f1_with_sites,
        })
    };
    let empty = |split, rows, groups, class_rows| SplitRecord {
        split,
        rows,
        groups: Some(groups),
        class_rows,
        model: None,
        group_f1: None,
        base: None,
        base_group_f1: None,
    };
    MetricsRecord {
        task: "binary".to_owned(),
        classes: vec!["neither".to_owned(), "splice".to_owned()],
        group_column: Some("gene_id".to_owned()),
        curve: Vec::new(),
        splits: vec![
            empty(Split::Train, 12, 5, vec![9, 3]),
            SplitRecord {
                model: metrics(&[-1.0, 2.0], &[0.0, 0.0]),
                group_f1: group_f1(0.0, None),
                ..empty(Split::Valid, 2, 1, vec![2, 0])
            },
            SplitRecord {
                model: metrics(&[-2.0, -0.5, 3.0, 0.25], &[0.0, 0.0, 1.0, 1.0]),
                group_f1: group_f1(0.5, Some(1.0)),
                base: metrics(&[1.0, -0.5, 3.0, -0.25], &[0.0, 0.0, 1.0, 1.0]),
                base_group_f1: group_f1(0.25, Some(0.5)),
                ..empty(Split::Test, 4, 2, vec![2, 2])
            },
        ],
        has_base_scores: true,
        validation: None,
        baseline: Some(DeltaSummary {
            path: "base.tsv".to_owned(),
            per: "group",
            rows: 2,
            rows_without_baseline: 1,
            vs_baseline: DeltaTally::default(),
            vs_base_rows: None,
            sites_unmatched: Vec::new(),
        }),
    }
}

/// A run of three classes, rows their own groups.
pub(super) fn three_classes() -> MetricsRecord {
    let mut table = MulticlassTable::new(3);
    // Output-major: the margins of class 0 of all rows, then of class 1, then of class 2.
    table.update(
        &[3.0, 0.0, 0.0, 0.0, 2.0, 0.5, 0.0, 0.0, 1.0],
        &[0.0, 1.0, 2.0],
        None,
    );
    let mut record = binary();
    record.task = "multiclass".to_owned();
    record.classes = vec![
        "neither".to_owned(),
        "donor".to_owned(),
        "acceptor".to_owned(),
    ];
    record.group_column = None;
    record.has_base_scores = false;
    record.baseline = None;
    record.splits = vec![SplitRecord {
        split: Split::Test,
        rows: 3,
        groups: None,
        class_rows: vec![1, 1, 1],
        model: Some(Metrics::Multiclass(table.finish())),
        group_f1: None,
        base: None,
        base_group_f1: None,
    }];
    record
}

/// A regression run whose labels are all equal: R2 is undefined.
pub(super) fn regression() -> MetricsRecord {
    let mut table = RegressionTable::new(2.0, Deviation::None);
    table.update(&[1.0, 3.0], &[2.0, 2.0], None);
    let mut record = three_classes();
    record.task = "regression".to_owned();
    record.classes.clear();
    record.splits[0].rows = 2;
    record.splits[0].class_rows.clear();
    record.splits[0].model = Some(Metrics::Regression(table.finish()));
    record
}

fn written(record: &MetricsRecord) -> Value {
    let directory = tempfile::tempdir().unwrap();
    metrics::write(directory.path(), record, &[]).unwrap();
    let text = std::fs::read_to_string(directory.path().join(metrics::NAME)).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn the_learning_curve_has_the_metrics_that_were_asked_for() {
    let mut record = binary();
    let of_round = |rounds, metrics| RoundLoss {
        rounds,
        train: Some(0.5),
        valid: None,
        metrics,
    };
    let auc = RoundMetric {
        metric: Metric::Auc,
        train: Some(0.75),
        valid: None,
    };
    record.curve = vec![of_round(0, Vec::new()), of_round(1, vec![auc])];
    assert_eq!(
        record.to_value()["learning_curve"],
        json!([
            {"rounds": 0, "train": 0.5, "valid": null},
            {"rounds": 1, "train": 0.5, "valid": null, "train_auc": 0.75, "valid_auc": null},
        ])
    );
}

#[test]
fn a_binary_run_is_what_it_was() {
    let directory = tempfile::tempdir().unwrap();
    metrics::write(directory.path(), &binary(), &[]).unwrap();
    check(
        directory.path(),
        metrics::NAME,
        include_str!("../golden/metrics_binary.json"),
    );
}

#[test]
fn scripts_find_the_keys_they_rely_on() {
    let value = written(&binary());
    for split in ["test", "valid", "base_test"] {
        for metric in ["auc_roc", "auc_pr", "log_loss", "accuracy", "f1"] {
            assert!(
                value.get(format!("{split}_{metric}")).is_some(),
                "{split}_{metric}"
            );
        }
    }
    assert_eq!(value["test_auc_roc"], json!(1.0));
    assert_eq!(value["base_test_accuracy"], json!(0.5));
    assert_eq!(value["gene_avg_f1"], json!(0.5));
    assert_eq!(value["gene_avg_f1_with_sites"], json!(1.0));
    assert_eq!(value["group_avg_f1"], json!(0.5));
    assert_eq!(value["base_gene_avg_f1"], json!(0.25));
    for key in ["value", "low", "high"] {
        assert!(value["splits"]["test"]["auc_roc"][key].is_number(), "{key}");
    }
    assert_eq!(value["splits"]["test"]["base"]["gene_avg_f1"], json!(0.25));
    assert_eq!(
        value["splits"]["train"]["class_counts"],
        json!({"neither": 9, "splice": 3})
    );
}

#[test]
fn undefined_metrics_are_null_and_not_a_number() {
    let value = written(&binary());
    // No positive row in the valid split.
    assert_eq!(value["valid_auc_roc"], Value::Null);
    assert_eq!(value["splits"]["valid"]["recall"], Value::Null);
    assert_eq!(
        value["splits"]["valid"]["gene_avg_f1_with_sites"],
        Value::Null
    );
    assert_eq!(written(&regression())["test_r2"], Value::Null);
}

#[test]
fn several_classes_are_named_and_groups_that_are_none_are_left_out() {
    let value = written(&three_classes());
    let classes = value["splits"]["test"]["classes"].as_array().unwrap();
    let names: Vec<&str> = classes
        .iter()
        .map(|class| class["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["neither", "donor", "acceptor"]);
    assert_eq!(value["test_accuracy"], json!(1.0));
    assert_eq!(value["splits"]["test"]["groups"], Value::Null);
    assert_eq!(value["threshold"], Value::Null);
    assert!(value.get("group_avg_f1").is_none());
    assert!(value.get("gene_avg_f1").is_none());
}

#[test]
fn a_regression_has_its_own_headline() {
    let value = written(&regression());
    assert_eq!(value["test_rmse"], json!(1.0));
    assert_eq!(value["test_mae"], json!(1.0));
    assert!(value.get("test_auc_roc").is_none());
    assert!(value["splits"]["test"].get("class_counts").is_none());
}

#[test]
fn groups_that_are_not_genes_have_the_general_names_alone() {
    let mut record = binary();
    record.group_column = Some("patient".to_owned());
    let value = written(&record);
    assert_eq!(value["group_avg_f1"], json!(0.5));
    assert!(value.get("gene_avg_f1").is_none());
}

#[test]
fn a_split_without_rows_has_its_keys_all_the_same() {
    let check = |mut record: MetricsRecord, splits: &[Split], names: [&str; 2]| {
        record
            .splits
            .retain(|record| splits.contains(&record.split));
        let value = written(&record);
        for split in Split::ALL {
            for name in names {
                let key = format!("{}_{name}", split.name());
                let found = value
                    .get(&key)
                    .unwrap_or_else(|| panic!("no {key}: {value}"));
                assert!(splits.contains(&split) || found.is_null(), "{key}: {found}");
            }
            let key = format!("base_{}_{}", split.name(), names[0]);
            let has_base = value.get(&key).is_some();
            assert_eq!(has_base, record.has_base_scores, "{key}: {value}");
        }
        let has_groups = !record.classes.is_empty() && record.group_column.is_some();
        assert_eq!(value.get("gene_avg_f1").is_some(), has_groups, "{value}");
        let has_base = has_groups && record.has_base_scores;
        let base = value.get("base_gene_avg_f1");
        assert_eq!(base.is_some(), has_base, "{value}");
    };
    let of_classes = ["log_loss", "auc_roc"];
    check(binary(), &[Split::Train, Split::Test], of_classes);
    check(binary(), &[Split::Train, Split::Valid], of_classes);
    check(three_classes(), &[Split::Test], of_classes);
    check(three_classes(), &[], of_classes);
    check(regression(), &[Split::Test], ["rmse", "r2"]);
    check(regression(), &[], ["rmse", "r2"]);
}
