//! What a person sees of a model.

use crate::{
    format::file::Saved,
    model::{
        Body, show,
        summary::Summary,
        tests::{Draws, linear_model, model_of, some_ensemble, tree_model},
    },
};

#[test]
fn a_tree_model_is_shown_whole() {
    let mut model = tree_model(3, 1);
    model.metrics = serde_json::json!({
        "test_auc_roc": 0.987_654_321,
        "test_f1": null,
        "train_f1": 0.5,
        "base_train_f1": 0.5,
        "splits": {
            "train": {"rows": 700, "groups": 14},
            "test": {"rows": 300, "groups": 6},
        },
    });
    let file = Saved {
        bytes: 2048,
        sha256: "ab".repeat(32),
    };
    let text = show::text(&model, Some(&file));
    for expected in [
        "model             gbdt, multiclass\n",
        "target            splice_type\n",
        "classes           0 = neither, 1 = donor, 2 = acceptor\n",
        "groups            gene_id\n",
        "features          6 (4 numeric, 2 text; 274 bins), 1 columns excluded\n",
        "trees             15 in 5 rounds, depth up to ",
        "file              2.0 KiB (2048 bytes)\n",
        "Top features by gain\n",
        "  train                           70.00%          700 rows        14 groups\n",
        "  test_auc_roc                  0.987654\n",
        "  test_f1                       not defined\n",
        "  shrinkage                     0.1\n",
    ] {
        assert!(text.contains(expected), "no {expected:?} in\n{text}");
    }
    assert!(
        !text.contains("train_f1"),
        "the test's metrics alone:\n{text}"
    );
}

#[test]
fn a_linear_model_is_shown_whole() {
    let text = show::text(&linear_model(1, 1), None);
    for expected in [
        "model             logistic, binary\n",
        "columns           9\n",
        "Top features by coefficients\n",
    ] {
        assert!(text.contains(expected), "no {expected:?} in\n{text}");
    }
    assert!(!text.contains("sha256"));
}

#[test]
fn names_cannot_command_the_terminal() {
    let mut model = tree_model(1, 1);
    model.features[0].name = "\u{1b}[31mred\u{202e}\n".to_owned();
    model.about.roles.target = "x".repeat(10_000);
    model.about.classes[1] = "\u{7}".to_owned();
    let text = show::text(&model, None);
    let is_plain = |character: char| character == '\n' || !character.is_control();
    assert!(text.chars().all(is_plain));
    assert!(text.contains("\\u{1b}[31mred\\u{202e}\\u{a}"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() < 200));
}

#[test]
fn the_summary_ranks_features_and_is_json() {
    let model = tree_model(1, 5);
    let summary = Summary::of(&model);
    let shares: Vec<f64> = summary
        .importance
        .iter()
        .map(|feature| feature.share)
        .collect();
    assert!(shares.is_sorted_by(|one, next| one >= next));
    assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    let json = serde_json::to_value(&summary).expect("plain types");
    assert_eq!(json["learner"], "gbdt");
    assert_eq!(json["data_fingerprint"], "0123456789abcdef");
    assert_eq!(json["trees"]["trees"], 5);
}

#[test]
fn a_model_without_trees_has_no_importance() {
    let model = model_of(Body::Trees(some_ensemble(1, 0, &mut Draws::new(1))));
    assert!(Summary::of(&model).importance.is_empty());
    assert!(show::text(&model, None).contains("0 in 0 rounds"));
}
