//! Trees beside XGBoost's, from the same table (`tests/it/data/make_oracle.py`).

use crate::learner::gbdt::{
    BoosterOptions, FeatureCodes, Loss,
    harness::{SIMPLE, Table},
};
use crate::{
    data::CodeLayout,
    model::{Node, NodeSplit, Tree},
};

/// By how much XGBoost's best gain must lead its second for the same split to be asked for.
const LEAD_MIN: f64 = 0.01;

#[derive(serde::Deserialize)]
struct Oracle {
    features: Vec<OracleFeature>,
    /// By feature, then row.
    codes: Vec<Vec<u8>>,
    labels: Vec<u8>,
    trees: Vec<OracleNode>,
}

#[derive(serde::Deserialize)]
struct OracleFeature {
    values: u16,
    missing: bool,
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum OracleNode {
    Leaf {
        value: f64,
    },
    Split {
        feature: usize,
        /// Values below it go left.
        below: f64,
        missing_left: bool,
        gain: f64,
        /// The share of the gain by which it leads the second-best split of the node.
        lead: f64,
        left: Box<OracleNode>,
        right: Box<OracleNode>,
    },
}

/// The agreement of the two.
#[derive(Debug, Default)]
struct Agreement {
    /// Splits that lead clearly and are the same.
    clear: usize,
    /// Leaves reached by the same splits.
    leaves: usize,
    /// Nodes where two splits are equally good, and the other one was taken.
    parted: usize,
}

/// Walks both trees as far as they agree.
struct Walk<'a> {
    oracle: &'a Oracle,
    tree: &'a Tree,
    agreement: Agreement,
}

impl Walk<'_> {
    fn compare(&mut self, index: u32, theirs: &OracleNode, rows: &[usize]) {
        match (&self.tree.nodes[index as usize], theirs) {
            (Node::Leaf(ours), OracleNode::Leaf { value }) => {
                let difference = (f64::from(ours.value) - value).abs();
                // A value near 0 is the difference of large sums; it is held to a typical one.
                assert!(
                    difference <= 1e-3 * value.abs().max(0.1),
                    "{ours:?} {value}"
                );
                self.agreement.leaves += 1;
            }
            (Node::Split(ours), OracleNode::Split { .. }) => {
                self.compare_splits(ours, theirs, rows)
            }
            (ours, _) => panic!("one of both is a leaf: {ours:?}"),
        }
    }

    fn compare_splits(&mut self, ours: &NodeSplit, theirs: &OracleNode, rows: &[usize]) {
        let OracleNode::Split {
            feature,
            below,
            missing_left,
            gain,
            lead,
            left,
            right,
        } = theirs
        else {
            return;
        };
        let code = |feature: usize, row: usize| self.oracle.codes[feature][row];
        let missing_code = |feature: usize| self.oracle.features[feature].values as u8;
        let goes_left = |row: &usize| match code(*feature, *row) {
            code if code == missing_code(*feature) => *missing_left,
            code => f64::from(code) < *below,
        };
        let of_us = |row: &usize| {
            let feature = ours.feature as usize;
            ours.is_left(code(feature, *row), missing_code(feature))
        };
        if rows.iter().any(|row| goes_left(row) != of_us(row)) {
            assert!(
                *lead <= LEAD_MIN,
                "feature {feature} leads by {lead}: {ours:?}"
            );
            self.agreement.parted += 1;
            return;
        }
        assert!((ours.gain - gain).abs() <= 0.01 * gain, "{ours:?} {gain}");
        self.agreement.clear += usize::from(*lead > LEAD_MIN);
        let (rows_left, rows_right): (Vec<usize>, Vec<usize>) =
            rows.iter().partition(|row| goes_left(row));
        self.compare(ours.left, left, &rows_left);
        self.compare(ours.right, right, &rows_right);
    }
}

#[test]
fn trees_agree_with_xgboost() {
    let text = include_str!("../../../tests/it/data/oracle_xgboost.json");
    let oracle: Oracle = serde_json::from_str(text).expect("the script wrote it");
    let rows = oracle.labels.len();
    let features = oracle.features.iter();
    let table = Table {
        features: features
            .map(|feature| FeatureCodes::number(feature.values, feature.missing))
            .collect(),
        codes: oracle.codes.clone(),
        label: oracle
            .labels
            .iter()
            .map(|&label| f32::from(label))
            .collect(),
        weight: vec![1.0; rows],
        split: vec![0; rows],
    };
    let options = BoosterOptions {
        n_estimators: oracle.trees.len() as u32,
        learning_rate: 0.3,
        max_depth: 4,
        min_child_weight: 1.0,
        min_child_samples: 1,
        ..BoosterOptions::depth_wise()
    };
    let layout = CodeLayout::identity(oracle.features.len());
    let outcome = table.train(&options, Loss::BinaryLogLoss, &layout, SIMPLE);
    let trees = outcome.expect("trains").ensemble.trees;
    let all: Vec<usize> = (0..rows).collect();
    for (tree, theirs) in trees.iter().zip(&oracle.trees) {
        let mut walk = Walk {
            oracle: &oracle,
            tree,
            agreement: Agreement::default(),
        };
        walk.compare(0, theirs, &all);
        let agreement = walk.agreement;
        assert!(agreement.clear >= 8, "{agreement:?}");
        // Another tree has other gradients after it.
        if agreement.parted > 0 {
            return;
        }
        assert_eq!(agreement.leaves, tree.leaves().count());
    }
}
