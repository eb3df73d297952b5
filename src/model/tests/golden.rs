//! Files of format 1 that must load for ever, and predict the same numbers.
//!
//! A new format adds files beside these; it never replaces them. `WRITE_GOLDEN=1 cargo test` writes
//! them anew, which is right only for a file that no release has written yet.

use std::path::PathBuf;

use crate::{
    data::{Absent, Task, TextValues, ValueType, Values, batch::MISSING_TEXT},
    limits::Limits,
    model::{
        tests::{numeric, text},
        *,
    },
};

fn features() -> Vec<FeatureSpec> {
    let mut count = numeric("3mer_ACG", &[0.5, 1.5]);
    count.absent = Absent::Zero;
    count.value_type = ValueType::F32;
    vec![
        numeric("donor_score", &[f64::NEG_INFINITY, 0.1, 0.5, 0.9, f64::MAX]),
        count,
        text("strand", &["+", "-"], true),
    ]
}

fn about(task: Task, classes: &[&str]) -> About {
    About {
        rowmill_version: "0.1.0".to_owned(),
        task,
        classes: classes.iter().map(|class| (*class).to_owned()).collect(),
        roles: Roles {
            target: "splice_type".to_owned(),
            group: Some("gene_id".to_owned()),
            weight: None,
            split: None,
            excluded: vec![ExcludedColumn {
                name: "score".to_owned(),
                reason: "leakage".to_owned(),
            }],
        },
        profile: Some("name = \"splice\"\n".to_owned()),
        data_fingerprint: 0xfeed_beef_0123_4567,
        train_rows: 1000,
        seed: 42,
    }
}

fn split(feature: u32, rule: Rule, missing_left: bool, left: u32, gain: f64) -> Node {
    Node::Split(NodeSplit {
        feature,
        rule,
        missing_left,
        left,
        right: left + 1,
        gain,
        cover: 250.0,
        count: 1000,
    })
}

fn leaf(value: f32) -> Node {
    Node::Leaf(Leaf {
        value,
        cover: 125.0,
        count: 500,
    })
}

fn golden_trees() -> Model {
    let first = vec![
        split(0, Rule::AtMost(2), true, 1, 12.5),
        split(2, Rule::subset([0, 2]), false, 3, 3.25),
        leaf(0.75),
        leaf(-0.5),
        leaf(0.125),
    ];
    let second = vec![
        split(1, Rule::AtMost(0), false, 1, 1.5),
        leaf(-0.25),
        leaf(0.0625),
    ];
    Model {
        about: about(Task::Binary, &["neither", "splice"]),
        features: features(),
        body: Body::Trees(Ensemble {
            outputs: 1,
            base_margin: vec![-2.0],
            link: Link::Sigmoid,
            trees: vec![Tree { nodes: first }, Tree { nodes: second }],
        }),
        metrics: serde_json::json!({"test_auc_roc": 0.9876, "test_f1": null}),
        split: serde_json::json!({"rule": "balanced", "buckets": [0, 1, 2]}),
        options: serde_json::json!({"trees": 2, "shrinkage": 0.1}),
    }
}

fn golden_linear() -> Model {
    let column = |feature, reading, mean, sd, imputation| Column {
        feature,
        reading,
        mean,
        sd,
        imputation,
    };
    let mut model = golden_trees();
    model.about = about(Task::Multiclass, &["neither", "donor", "acceptor"]);
    model.body = Body::Linear(Linear {
        outputs: 3,
        link: Link::Softmax,
        columns: vec![
            column(0, Reading::Number, 0.25, 0.5, 0.25),
            column(1, Reading::Number, 1.0, 2.0, 0.0),
            column(2, Reading::Category(0), 0.0, 1.0, 0.0),
            column(2, Reading::Category(1), 0.0, 1.0, 0.0),
        ],
        intercepts: vec![1.0, -0.5, -0.5],
        coefficients: vec![
            -1.0, 0.5, 0.25, 0.0, 0.5, -0.25, 0.0, 0.125, 0.5, 0.0, 1.0, -1.0,
        ],
    });
    model
}

/// Five rows: ordinary, at a cut, infinite, missing, unheard of.
fn rows() -> [Values; 3] {
    let mut strand = TextValues::default();
    for value in ["-", "+", "?"] {
        strand.push_value(value);
    }
    strand.ids = vec![1, 0, 1, MISSING_TEXT, 2];
    [
        Values::F64(vec![0.75, 0.5, f64::NEG_INFINITY, f64::NAN, f64::INFINITY]),
        Values::F32(vec![1.0, 0.5, 3.0, f32::NAN, 0.0]),
        Values::Text(strand),
    ]
}

fn check(name: &str, model: &Model, expected: &[f32]) {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/data");
    let path = directory.join(name);
    if std::env::var_os("WRITE_GOLDEN").is_some() {
        std::fs::create_dir_all(directory).expect("a directory");
        model.save(&path).expect("a sound model");
    }
    let bytes = std::fs::read(&path).expect("a committed file");
    let loaded = Model::from_bytes(&bytes, &Limits::default()).expect("a file of format 1");
    assert_eq!(&loaded, model);
    assert_eq!(
        model.to_bytes().expect("a sound model"),
        bytes,
        "the format has changed"
    );
    let mut predictor = Predictor::new(&loaded, Unseen::Missing);
    let mut margins = vec![0.0; expected.len()];
    predictor
        .margins_into(rows().iter(), 5, &mut margins)
        .expect("no text is refused");
    assert_eq!(margins, expected);
}

#[test]
fn trees_of_format_1_load_and_predict() {
    let expected = [-1.1875, -2.125, -2.4375, -1.8125, -1.5];
    check("model_trees_v1.rowmill", &golden_trees(), &expected);
}

#[test]
fn coefficients_of_format_1_load_and_predict() {
    let neither = [0.25, 0.375, 1.75, 0.75, 0.75];
    let donor = [0.0, -0.0625, -0.75, -0.375, -0.375];
    let acceptor = [1.0, -1.25, 0.5, -0.5, -0.5];
    let expected = [neither, donor, acceptor].concat();
    check("model_linear_v1.rowmill", &golden_linear(), &expected);
}
