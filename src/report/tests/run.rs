use serde_json::{Value, json};

use super::check;
use crate::{
    memory_plan::MemoryPlan,
    report::run::{self, DatasetRecord, PassRecord, RunRecord},
};

/// A short run.
pub(super) fn record() -> RunRecord {
    let mut memory_plan = MemoryPlan::new(1 << 30);
    memory_plan.add("survey", "moments", 4096, "100 columns");
    RunRecord {
        rowmill_version: "0.1.0".to_owned(),
        options: json!({"dataset": "master", "model": {"learner": "gbdt", "trees": 100}}),
        seed: 42,
        task: "binary".to_owned(),
        target: "splice_type".to_owned(),
        classes: vec!["neither".to_owned(), "splice".to_owned()],
        group_column: Some("gene_id".to_owned()),
        profile: Some("splice".to_owned()),
        dataset: DatasetRecord {
            path: "master".to_owned(),
            files: 4,
            row_groups: 16,
            rows: 1_234_567,
            columns: 100,
            bytes: 1 << 20,
            rows_without_label: 0,
            validation: None,
        },
        data_fingerprint: "00ff00ff00ff00ff".to_owned(),
        baseline: None,
        features: 90,
        trees: Some(100),
        trees_sha256: Some("cd".repeat(32)),
        coefficients_sha256: None,
        model_sha256: "ab".repeat(32),
        verified: Some(true),
        memory_limit_bytes: 1 << 30,
        memory_plan_bytes: memory_plan.peak_bytes(),
        peak_rss_bytes: Some(300 << 20),
        memory_plan,
        reused_scratch: None,
        resumed_rounds: Some(20),
        scratch_bytes: 123,
        threads: 2,
        seconds_total: 12.5,
        seconds_to_model: 10.25,
        passes: vec![
            PassRecord::new("scan", 0.5, 1_234_567, 4096),
            PassRecord::new("trees", 0.0, 0, 0),
        ],
        warnings: vec!["one group holds 60 % of the rows".to_owned()],
    }
}

#[test]
fn a_record_is_what_it_was() {
    let directory = tempfile::tempdir().unwrap();
    run::write(directory.path(), &record()).unwrap();
    check(
        directory.path(),
        run::NAME,
        include_str!("../golden/run.json"),
    );
}

#[test]
fn scripts_find_the_keys_they_rely_on() {
    let value = serde_json::to_value(record()).unwrap();
    for key in [
        "peak_rss_bytes",
        "memory_limit_bytes",
        "seconds_total",
        "seconds_to_model",
        "passes",
        "options",
        "seed",
        "model_sha256",
        "rowmill_version",
        "data_fingerprint",
        "memory_plan",
    ] {
        assert_ne!(
            value.get(key).unwrap_or(&Value::Null),
            &Value::Null,
            "{key}"
        );
    }
    for key in ["name", "seconds", "rows", "bytes_read"] {
        assert!(value["passes"][0].get(key).is_some(), "{key}");
    }
}

#[cfg(unix)]
#[test]
fn a_planted_link_is_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let victim = super::plant_link(directory.path(), run::NAME);
    run::write(directory.path(), &record()).unwrap();
    assert_eq!(std::fs::read_to_string(victim).unwrap(), "precious");
    check(
        directory.path(),
        run::NAME,
        include_str!("../golden/run.json"),
    );
}
