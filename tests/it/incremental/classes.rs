//! Classes that the data lack, and classes that weigh more.

use std::path::Path;

use rowmill::{Model, Predictor, Unseen, Values};
use serde_json::Value;

use super::{bytes, words};
use crate::{
    command::{Outcome, succeeds},
    dataset::write_table,
};

/// A run on a tiny table whose rows are of the classes `acceptor`, `donor` and `neither` in turn, whatever `x`.
fn run(out_dir: &Path, more: &[&str]) -> Outcome {
    let table = out_dir.with_extension("parquet");
    write_table(&table, |_| {});
    let split = ["--group-col", "none", "--valid-size", "0"];
    let target = ["--profile", "none", "--target", "splice_type"];
    let more = [&split[..], &target, &["--exclude", "gene_id"], more].concat();
    succeeds(&words(&table, out_dir, &more))
}

/// What a run's model predicts of a row with `x` = 50, by class.
fn probabilities(out_dir: &Path) -> Vec<f64> {
    let model = Model::load(&out_dir.join("model.rowmill")).unwrap();
    let mut predictor = Predictor::new(&model, Unseen::Error);
    let outputs = predictor.outputs();
    let (mut margins, mut probabilities) = (vec![0.0; outputs], vec![0.0; outputs]);
    let x = Values::F64(vec![50.0]);
    predictor
        .margins_into([&x].into_iter(), 1, &mut margins)
        .unwrap();
    let link = model.about.task.link();
    link.apply_into(&margins, outputs, &mut probabilities);
    probabilities
}

/// The passes that made a run's model.
fn passes(out_dir: &Path) -> Vec<String> {
    let run: Value = serde_json::from_slice(&bytes(out_dir, "run.json")).unwrap();
    let passes = run["passes"].as_array().unwrap().iter();
    let names = passes.map(|pass| pass["name"].as_str().unwrap().to_owned());
    names.collect()
}

/// Models of few rows, and the pass of `train` that makes them of all rows.
const MODELS: [(&str, &str); 2] = [
    (r#"{"name": "logistic", "l2": 0.01}"#, "newton"),
    (
        r#"{"name": "gbdt", "n_estimators": 20, "num_leaves": 4}"#,
        "trees",
    ),
];

#[test]
fn a_class_without_rows_leaves_the_model_to_the_batches() {
    let dir = tempfile::tempdir().unwrap();
    for (model, exact) in MODELS {
        let common = ["--batch-size", "50", "--model", model];
        let there = dir.path().join(format!("{exact}-there"));
        let outcome = run(&there, &common);
        assert!(passes(&there).iter().any(|pass| pass == exact));
        let said = "keeping the incremental model";
        assert!(!outcome.stderr.contains(said), "{outcome:#?}");
        let absent = dir.path().join(format!("{exact}-absent"));
        let more = ["--classes", "absent,acceptor,donor,neither"];
        let outcome = run(&absent, &[&common[..], &more].concat());
        assert!(outcome.stderr.contains(said), "{outcome:#?}");
        let passes = passes(&absent);
        assert!(passes.iter().any(|pass| pass == "batches"), "{passes:?}");
        assert!(passes.iter().all(|pass| pass != exact), "{passes:?}");
        let found = probabilities(&absent);
        assert!((found.iter().sum::<f64>() - 1.0).abs() < 1e-6, "{found:?}");
        let others = found[1..].iter().copied();
        let least = others.fold(f64::INFINITY, f64::min);
        assert!(0.0 < found[0] && found[0] < 0.5 * least, "{found:?}");
    }
}

#[test]
fn weights_of_classes_count_however_often_rows_are_read() {
    let dir = tempfile::tempdir().unwrap();
    for (model, name) in MODELS {
        let weighted = model.replace('}', r#", "class_weight": {"donor": 8}}"#);
        for once in [&[][..], &["--one-pass"]] {
            let donor = |model: &str| {
                let out_dir = dir
                    .path()
                    .join(format!("{name}-{}-{}", once.len(), model.len()));
                let classes = ["--classes", "acceptor,donor,neither"];
                let more = [&["--model", model][..], &classes, once].concat();
                run(&out_dir, &more);
                probabilities(&out_dir)[1]
            };
            let (plain, weighted) = (donor(model), donor(&weighted));
            assert!(
                plain < 0.6 && weighted > 0.6,
                "{model}: {plain}, {weighted}"
            );
        }
    }
}
