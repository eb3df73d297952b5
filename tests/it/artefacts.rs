//! What a run leaves behind, and what it says about the data.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use parquet::{
    file::reader::{FileReader, SerializedFileReader},
    record::RowAccessor,
};
use serde_json::Value;

use crate::{
    command::{Run, fails, succeeds, text},
    dataset,
};

const TREES: &str = r#"{"name": "gbdt", "n_estimators": 40, "max_depth": 5}"#;

/// A run of each learner on the shared dataset, made once a process.
struct Runs {
    dir: tempfile::TempDir,
}

impl Runs {
    fn trees(&self) -> PathBuf {
        self.dir.path().join("trees")
    }

    fn logistic(&self) -> PathBuf {
        self.dir.path().join("logistic")
    }
}

fn train(model: &str, out_dir: &Path) {
    let run = Run::train(dataset::small()).out_dir(out_dir).model(model);
    run.args(&["--memory", "256MiB"]).succeeds();
}

fn runs() -> &'static Runs {
    static RUNS: OnceLock<Runs> = OnceLock::new();
    RUNS.get_or_init(|| {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let runs = Runs { dir };
        train(TREES, &runs.trees());
        train("logistic", &runs.logistic());
        runs
    })
}

pub(crate) fn json(path: &Path) -> Value {
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

fn number(value: &Value, key: &str) -> f64 {
    value[key]
        .as_f64()
        .unwrap_or_else(|| panic!("`{key}` is {}", value[key]))
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_run_leaves_its_artefacts_and_nothing_else() {
    let expected = [
        "checkpoint.rowmill",
        "delta_vs_baseline.csv",
        "features.csv",
        "metrics.json",
        "model.rowmill",
        "run.json",
        "splits.parquet",
    ];
    assert_eq!(names(&runs().trees()), expected);
    let mut expected = expected[1..].to_vec();
    expected.insert(0, "coefficients.csv");
    assert_eq!(names(&runs().logistic()), expected);
}

/// The headline metrics.
const METRICS: [&str; 5] = ["auc_roc", "auc_pr", "log_loss", "accuracy", "f1"];

/// Their values on test and valid rows as recorded once, which a run has to come close to.
const TREES_METRICS: [(&str, [f64; 5]); 2] = [
    ("test", [0.944, 0.733, 0.145, 0.946, 0.612]),
    ("valid", [0.942, 0.726, 0.147, 0.945, 0.617]),
];
const LOGISTIC_METRICS: [(&str, [f64; 5]); 2] = [
    ("test", [0.931, 0.663, 0.163, 0.938, 0.553]),
    ("valid", [0.756, 0.483, 0.335, 0.929, 0.439]),
];

#[test]
fn metrics_have_the_headline_keys() {
    for (run, recorded) in [
        (runs().trees(), TREES_METRICS),
        (runs().logistic(), LOGISTIC_METRICS),
    ] {
        let metrics = json(&run.join("metrics.json"));
        for (split, expected) in recorded {
            for (metric, expected) in METRICS.iter().zip(expected) {
                let value = number(&metrics, &format!("{split}_{metric}"));
                let is_close = (value - expected).abs() < 0.01;
                assert!(is_close, "{split}_{metric} is {value}, not {expected}");
            }
            let auc = &metrics["splits"][split]["auc_roc"];
            let [low, value, high] = ["low", "value", "high"].map(|key| number(auc, key));
            assert!(low <= value && value <= high, "{auc}");
            assert_eq!(value, number(&metrics, &format!("{split}_auc_roc")));
        }
        number(&metrics, "gene_avg_f1");
        number(&metrics, "base_test_auc_roc");
        let rows: u64 = ["train", "valid", "test"]
            .map(|split| metrics["splits"][split]["rows"].as_u64().unwrap())
            .iter()
            .sum();
        assert_eq!(rows, dataset::ROWS);
    }
}

#[test]
fn trees_beat_logistic_which_beats_the_base_scores() {
    let trees = json(&runs().trees().join("metrics.json"));
    let logistic = json(&runs().logistic().join("metrics.json"));
    let (trees_auc, logistic_auc) = (
        number(&trees, "test_auc_roc"),
        number(&logistic, "test_auc_roc"),
    );
    let base_auc = number(&trees, "base_test_auc_roc");
    assert!(
        trees_auc > logistic_auc,
        "trees {trees_auc}, logistic {logistic_auc}"
    );
    assert!(
        logistic_auc > base_auc,
        "logistic {logistic_auc}, base scores {base_auc}"
    );
    assert_eq!(base_auc, number(&logistic, "base_test_auc_roc"));
}

#[test]
fn run_json_says_what_was_spent() {
    let run = json(&runs().trees().join("run.json"));
    let peak = run["peak_rss_bytes"].as_u64().unwrap();
    let limit = run["memory_limit_bytes"].as_u64().unwrap();
    assert_eq!(limit, 256 << 20);
    assert!(peak > 0 && peak <= limit, "peak {peak} of {limit}");
    assert!(number(&run, "seconds_total") >= number(&run, "seconds_to_model"));
    assert_eq!(run["seed"], 42);
    assert!(run["options"].is_object());
    let hash = run["model_sha256"].as_str().unwrap();
    assert_eq!(hash.len(), 64);
    let passes = run["passes"].as_array().unwrap();
    assert!(!passes.is_empty());
    for pass in passes {
        assert!(pass["name"].is_string() && pass["rows"].is_u64() && pass["bytes_read"].is_u64());
        number(pass, "seconds");
    }
}

#[test]
fn no_gene_is_in_two_splits() {
    let file = fs::File::open(runs().trees().join("splits.parquet")).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    let place = |name: &str| {
        let mut columns = schema.columns().iter();
        columns
            .position(|column| column.name() == name)
            .unwrap_or_else(|| panic!("no column {name}"))
    };
    let (group, split) = (place("group"), place("split"));
    let mut splits: BTreeMap<String, String> = BTreeMap::new();
    for row in reader.get_row_iter(None).unwrap() {
        let row = row.unwrap();
        let (gene, name) = (
            row.get_string(group).unwrap(),
            row.get_string(split).unwrap(),
        );
        let earlier = splits.insert(gene.clone(), name.clone());
        assert!(
            earlier.is_none_or(|earlier| earlier == *name),
            "{gene} is in two splits"
        );
    }
    assert_eq!(splits.len() as u64, dataset::ROWS / 150);
    for name in ["train", "valid", "test"] {
        assert!(
            splits.values().any(|split| split == name),
            "no gene in {name}"
        );
    }
}

#[test]
fn leaking_columns_are_never_features() {
    let mut table = csv::Reader::from_path(runs().trees().join("features.csv")).unwrap();
    let header = table.headers().unwrap().clone();
    let place = |words: &[&str]| header.iter().position(|name| words.contains(&name));
    let (name, status) = (place(&["feature"]).unwrap(), place(&["status"]).unwrap());
    let mut seen = 0;
    for record in table.records() {
        let record = record.unwrap();
        let leaks = [
            "pred_type",
            "score",
            "true_position",
            "predicted_position",
            "gene_id",
        ];
        if leaks.contains(&&record[name]) {
            assert_ne!(&record[status], "used", "{record:?}");
            seen += 1;
        }
    }
    assert_eq!(seen, 5);
}

#[test]
fn importance_comes_with_count_and_cover() {
    for (directory, is_trees) in [(runs().trees(), true), (runs().logistic(), false)] {
        let mut table = csv::Reader::from_path(directory.join("features.csv")).unwrap();
        let header = table.headers().unwrap().clone();
        let columns = ["importance", "node_splits", "cover"]
            .map(|name| header.iter().position(|column| column == name).unwrap());
        let mut important = 0;
        for record in table.records() {
            let record = record.unwrap();
            let [gain, count, cover] = columns.map(|column| record[column].parse::<f64>().ok());
            if !is_trees {
                assert_eq!((count, cover), (None, None), "{record:?}");
                continue;
            }
            let is_important = |value: Option<f64>| value.map(|value| value > 0.0);
            assert_eq!(is_important(gain), is_important(cover), "{record:?}");
            assert_eq!(is_important(gain), is_important(count), "{record:?}");
            important += usize::from(is_important(gain) == Some(true));
        }
        assert_eq!(important > 0, is_trees);
    }
}

#[test]
fn the_baseline_is_compared_gene_by_gene() {
    let mut table = csv::Reader::from_path(runs().trees().join("delta_vs_baseline.csv")).unwrap();
    let header = table.headers().unwrap().clone();
    for name in ["gene_id", "f1_score", "f1_score_meta", "delta"] {
        assert!(
            header.iter().any(|column| column == name),
            "no `{name}` in {header:?}"
        );
    }
    assert!(
        header.iter().any(|column| column.ends_with("_base_rows")),
        "{header:?}"
    );
    assert!(table.records().count() > 0);
}

#[test]
fn a_model_is_shown_to_a_person() {
    let check = |run: &Path, options: [&str; 3]| {
        let shown = succeeds(&["show", text(&run.join("model.rowmill"))]).stdout;
        assert!(shown.contains("splice_type"), "{shown}");
        let has_option = |name: &str| shown.contains(&format!("\n  {name} "));
        assert!(options.iter().all(|name| has_option(name)), "{shown}");
    };
    let trees = ["n_estimators", "learning_rate", "reg_lambda"];
    check(&runs().trees(), trees);
    check(&runs().logistic(), ["max_iter", "tol", "max_categories"]);
}

#[test]
fn a_run_is_shown_by_its_model() {
    let (run, empty) = (runs().trees(), tempfile::tempdir().unwrap());
    let shown = succeeds(&["show", text(&run)]).stdout;
    let model = succeeds(&["show", text(&run.join("model.rowmill"))]).stdout;
    assert_eq!(shown, model);
    let without = ["without model.rowmill", "give a model file"];
    fails(&["show", text(empty.path())], 1, &without);
    let checkpoint = run.join("checkpoint.rowmill");
    let is_one = ["a checkpoint of `rowmill train`", "model.rowmill"];
    fails(&["show", text(&checkpoint)], 1, &is_one);
    fs::copy(&checkpoint, empty.path().join("checkpoint.rowmill")).unwrap();
    fails(
        &["show", text(empty.path())],
        1,
        &["no model yet", "--resume"],
    );
}

#[test]
fn base_scores_that_were_not_measured_have_their_keys() {
    let dir = tempfile::tempdir().unwrap();
    let out_dir = dir.path().join("run");
    let words = ["incremental", text(dataset::small()), "--one-pass"];
    succeeds(&[&words[..], &["--out-dir", text(&out_dir)]].concat());
    let base = |run: &Path| -> BTreeMap<String, Value> {
        let metrics = json(&run.join("metrics.json"));
        let all = metrics.as_object().unwrap().clone().into_iter();
        all.filter(|(key, _)| key.starts_with("base_")).collect()
    };
    let (measured, not) = (base(&runs().logistic()), base(&out_dir));
    assert!(measured.keys().eq(not.keys()), "{measured:?} {not:?}");
    assert!(
        not.len() > 10 && not.values().all(Value::is_null),
        "{not:?}"
    );
    let shown = succeeds(&["show", text(&out_dir)]).stdout;
    assert!(
        shown.contains("test_auc_roc") && !shown.contains("base_"),
        "{shown}"
    );
}

#[test]
fn a_finished_run_is_not_replaced_unasked() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("run.json"), "precious").unwrap();
    let run = Run::train(dataset::small()).out_dir(dir.path());
    let outcome = run.model(TREES).ends();
    assert!(matches!(outcome.code, Some(1 | 2)), "{outcome:#?}");
    assert!(outcome.stderr.contains("--overwrite"), "{outcome:#?}");
    assert_eq!(
        fs::read_to_string(dir.path().join("run.json")).unwrap(),
        "precious"
    );
}

#[test]
fn a_damaged_model_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.rowmill");
    let mut bytes = fs::read(runs().trees().join("model.rowmill")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, &bytes).unwrap();
    fails(&["show", text(&path)], 1, &["model.rowmill"]);
    fs::write(&path, &bytes[..middle]).unwrap();
    fails(&["show", text(&path)], 1, &["model.rowmill"]);
    fs::write(&path, "").unwrap();
    fails(&["show", text(&path)], 1, &["model.rowmill"]);
}

#[test]
fn three_classes_are_learned() {
    let dir = tempfile::tempdir().unwrap();
    let out_dir = dir.path().join("run");
    let run = Run::train(dataset::small()).out_dir(&out_dir);
    let run = run.model(r#"{"n_estimators": 10, "max_depth": 4}"#);
    run.args(&["--task", "multiclass"]).succeeds();
    let metrics = json(&out_dir.join("metrics.json"));
    assert!(number(&metrics, "test_auc_roc") > 0.8);
}

#[test]
fn a_dataset_is_inspected_and_a_run_planned() {
    let inspected = succeeds(&["inspect", text(dataset::small())]);
    assert!(inspected.stdout.contains("splice_type"), "{inspected:#?}");
    let planned = succeeds(&["plan", text(dataset::small()), "--memory", "256MiB"]);
    assert!(planned.stdout.contains("peak"), "{planned:#?}");
}
