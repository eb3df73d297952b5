use super::check;
use crate::report::features::{self, FeatureRow, FeatureStatus};

/// Features of every kind, with names that need care.
pub(super) fn rows() -> Vec<FeatureRow> {
    vec![
        FeatureRow {
            name: "donor_score".to_owned(),
            file_type: "double".to_owned(),
            reason: "feature".to_owned(),
            nulls: Some(3),
            positive_infinities: Some(1),
            negative_infinities: Some(0),
            mean: Some(0.25),
            sd: Some(1e-7),
            min: Some(-1.5),
            max: Some(f64::INFINITY),
            cuts: Some(vec![f64::NEG_INFINITY, 0.1, 2.0, f64::MAX]),
            importance: Some(0.75),
            node_splits: Some(1200),
            cover: Some(98_765.5),
            ..FeatureRow::default()
        },
        FeatureRow {
            name: "free, \"text\"\nin two lines".to_owned(),
            file_type: "string".to_owned(),
            status: FeatureStatus::Excluded,
            reason: "metadata (profile splice)".to_owned(),
            ..FeatureRow::default()
        },
        FeatureRow {
            name: "länge\u{1b}[31m".to_owned(),
            file_type: "int64".to_owned(),
            status: FeatureStatus::Pruned,
            reason: "correlated".to_owned(),
            kept_twin: Some("donor_score".to_owned()),
            correlation: Some(-0.995),
            mean: Some(f64::NAN),
            ..FeatureRow::default()
        },
        FeatureRow {
            name: "strand".to_owned(),
            file_type: "string".to_owned(),
            reason: "feature".to_owned(),
            categories: Some(2),
            nulls: Some(0),
            importance: Some(0.25),
            ..FeatureRow::default()
        },
    ]
}

#[test]
fn each_column_is_a_row_with_what_is_known_of_it() {
    let directory = tempfile::tempdir().unwrap();
    features::write(directory.path(), rows()).unwrap();
    check(
        directory.path(),
        features::NAME,
        include_str!("../golden/features.csv"),
    );
}

#[test]
fn names_come_back_as_they_were() {
    let directory = tempfile::tempdir().unwrap();
    features::write(directory.path(), rows()).unwrap();
    let mut reader = csv::Reader::from_path(directory.path().join(features::NAME)).unwrap();
    let names: Vec<String> = reader
        .records()
        .map(|record| record.unwrap()[0].to_owned())
        .collect();
    let expected: Vec<String> = rows().into_iter().map(|row| row.name).collect();
    assert_eq!(names, expected);
}

#[test]
fn a_directory_in_the_way_is_an_error_that_names_it() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(directory.path().join(features::NAME).join("full")).unwrap();
    let error = features::write(directory.path(), rows()).unwrap_err();
    assert!(matches!(&error, crate::error::Error::Io { .. }));
    assert!(error.to_string().contains(features::NAME), "{error}");
}
