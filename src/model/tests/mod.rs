//! Tests of the room, and the small random models they share.

mod codes;
mod golden;
mod hostile;
mod margins;
mod saving;
mod shown;

use rand_xoshiro::{
    Xoshiro256PlusPlus,
    rand_core::{Rng, SeedableRng},
};

use crate::{
    data::{Absent, Task, ValueType},
    model::*,
};

/// A seeded sequence.
pub(super) struct Draws(Xoshiro256PlusPlus);

impl Draws {
    pub(super) fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// A number below `bound`.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.0.next_u64() % bound as u64) as usize
    }

    /// A number in [-1, 1).
    pub(super) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }
}

pub(super) fn numeric(name: &str, cuts: &[f64]) -> FeatureSpec {
    FeatureSpec {
        name: name.to_owned(),
        value_type: ValueType::F64,
        absent: Absent::Missing,
        binning: Binning::Numeric {
            cuts: cuts.to_vec(),
        },
        missing_in_training: true,
    }
}

pub(super) fn text(name: &str, values: &[&str], pooled: bool) -> FeatureSpec {
    FeatureSpec {
        name: name.to_owned(),
        value_type: ValueType::Text,
        absent: Absent::Missing,
        binning: Binning::Categorical {
            values: values.iter().map(|value| (*value).to_owned()).collect(),
            pooled,
        },
        missing_in_training: false,
    }
}

/// Six features: wide and narrow numbers, with and without categories pooled.
pub(super) fn some_features() -> Vec<FeatureSpec> {
    let wide: Vec<f64> = (0..254).map(|cut| f64::from(cut) / 127.0 - 1.0).collect();
    vec![
        numeric("wide", &wide),
        numeric("flag", &[0.5]),
        numeric("infinite", &[f64::NEG_INFINITY, -0.25, 0.25, f64::MAX]),
        text("strand", &["+", "-"], false),
        text("chrom", &["chr1", "chr2", "chr3", "chrX"], true),
        numeric("counts", &[0.5, 1.5, 2.5]),
    ]
}

fn leaf(draws: &mut Draws) -> Node {
    Node::Leaf(Leaf {
        value: draws.unit() as f32,
        cover: draws.unit().abs() * 100.0,
        count: draws.below(1000) as u64,
    })
}

/// A random tree: splits of leaves picked at random, up to a depth.
pub(super) fn some_tree(
    features: &[FeatureSpec],
    leaves: usize,
    depth_max: u32,
    draws: &mut Draws,
) -> Tree {
    let mut nodes = vec![leaf(draws)];
    let mut open = vec![(0_usize, 0_u32)];
    for _ in 1..leaves {
        if open.is_empty() {
            break;
        }
        let (index, depth) = open.swap_remove(draws.below(open.len()));
        let feature = draws.below(features.len());
        let missing_code = features[feature].binning.missing_code();
        let code = draws.below(usize::from(missing_code)) as u8;
        let rule = if features[feature].is_text() && draws.below(2) == 0 {
            Rule::subset((0..missing_code).filter(|_| draws.below(2) == 0))
        } else {
            Rule::AtMost(code)
        };
        nodes[index] = Node::Split(NodeSplit {
            feature: feature as u32,
            rule,
            missing_left: draws.below(2) == 0,
            left: nodes.len() as u32,
            right: nodes.len() as u32 + 1,
            gain: draws.unit().abs(),
            cover: draws.unit().abs() * 100.0,
            count: draws.below(1000) as u64,
        });
        for _ in 0..2 {
            if depth + 1 < depth_max {
                open.push((nodes.len(), depth + 1));
            }
            nodes.push(leaf(draws));
        }
    }
    Tree { nodes }
}

pub(super) fn some_ensemble(outputs: usize, trees: usize, draws: &mut Draws) -> Ensemble {
    let features = some_features();
    let tree = |index: usize, draws: &mut Draws| match index % 5 {
        0 => some_tree(&features, 64, 6, draws),
        1 => some_tree(&features, 1, 1, draws),
        2 => some_tree(&features, 20, 19, draws),
        3 => some_tree(&features, 300, 12, draws),
        _ => some_tree(&features, 2, 1, draws),
    };
    Ensemble {
        outputs,
        base_margin: (0..outputs).map(|_| draws.unit() as f32).collect(),
        link: if outputs == 1 {
            Link::Sigmoid
        } else {
            Link::Softmax
        },
        trees: (0..trees).map(|index| tree(index, draws)).collect(),
    }
}

/// A linear model over all of [`some_features`] but `flag`.
pub(super) fn some_linear(outputs: usize, draws: &mut Draws) -> Linear {
    let mut columns = Vec::new();
    for (index, feature) in some_features().iter().enumerate() {
        let readings = match feature.binning.other_code() {
            _ if feature.name == "flag" => Vec::new(),
            None => vec![Reading::Number],
            Some(other) => (0..other).map(Reading::Category).collect(),
        };
        columns.extend(readings.into_iter().map(|reading| Column {
            feature: index as u32,
            reading,
            mean: draws.unit(),
            sd: 0.5 + draws.unit().abs(),
            imputation: draws.unit(),
        }));
    }
    Linear {
        outputs,
        link: if outputs == 1 {
            Link::Sigmoid
        } else {
            Link::Softmax
        },
        intercepts: (0..outputs).map(|_| draws.unit()).collect(),
        coefficients: (0..outputs * columns.len()).map(|_| draws.unit()).collect(),
        columns,
    }
}

pub(super) fn model_of(body: Body) -> Model {
    let classes: &[&str] = match body.outputs() {
        1 => &["neither", "splice"],
        _ => &["neither", "donor", "acceptor"],
    };
    Model {
        about: About {
            rowmill_version: "0.1.0".to_owned(),
            task: if body.outputs() == 1 {
                Task::Binary
            } else {
                Task::Multiclass
            },
            classes: classes.iter().map(|class| (*class).to_owned()).collect(),
            roles: Roles {
                target: "splice_type".to_owned(),
                group: Some("gene_id".to_owned()),
                excluded: vec![ExcludedColumn {
                    name: "score".to_owned(),
                    reason: "leakage".to_owned(),
                }],
                ..Roles::default()
            },
            profile: Some("name = \"splice\"\n".to_owned()),
            data_fingerprint: 0x0123_4567_89ab_cdef,
            train_rows: 700,
            seed: 42,
        },
        features: some_features(),
        body,
        metrics: serde_json::json!({"test_auc_roc": 0.987_654_321, "test_f1": null}),
        split: serde_json::json!({"rule": "balanced", "seed": 42}),
        options: serde_json::json!({"trees": 10, "shrinkage": 0.1}),
    }
}

pub(super) fn tree_model(outputs: usize, seed: u64) -> Model {
    let ensemble = some_ensemble(outputs, 5 * outputs, &mut Draws::new(seed));
    model_of(Body::Trees(ensemble))
}

pub(super) fn linear_model(outputs: usize, seed: u64) -> Model {
    model_of(Body::Linear(some_linear(outputs, &mut Draws::new(seed))))
}
