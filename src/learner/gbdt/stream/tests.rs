//! The booster of a stream over tables in memory.

use super::*;
use crate::{
    data::{CodeBlock, CodeLayout, RowBlock},
    group::hash::{Purpose, row_hash},
    learner::gbdt::{
        BoosterOptions, BoosterPlan, FeatureCodes, Loss,
        harness::Threads,
        loss::{CHUNK_ROWS, Derivatives, Rows, objective},
    },
    limits::BLOCK_ROWS,
    model::{Node, Tree},
    platform::parallel::{Parallel, Serial},
};

const FEATURES: usize = 5;

/// Codes by feature, and labels.
struct Table {
    codes: Vec<Vec<u8>>,
    label: Vec<f32>,
    weight: Vec<f32>,
}

impl Table {
    /// Labels follow from the first two features and a little from the third.
    fn new(rows: usize, classes: u64) -> Self {
        let hash =
            |row: usize, feature: usize| row_hash(9, row as u64, feature as u32, Purpose::Synth);
        let codes: Vec<Vec<u8>> = (0..FEATURES)
            .map(|feature| {
                (0..rows)
                    .map(|row| (hash(row, feature) % 32) as u8)
                    .collect()
            })
            .collect();
        let label = |row: usize| {
            let sum = u64::from(codes[0][row]) + 2 * u64::from(codes[1][row] / 8);
            let noise = hash(row, 70) % 16 + u64::from(codes[2][row] / 16);
            ((sum + noise) * classes / 60).min(classes - 1) as f32
        };
        Self {
            label: (0..rows).map(label).collect(),
            weight: (0..rows)
                .map(|row| 1.0 + (hash(row, 80) % 3) as f32)
                .collect(),
            codes,
        }
    }

    /// Feeds rows `first..end` as blocks of at most `block` rows and ends the batch.
    fn feed(
        &self,
        booster: &mut StreamBooster,
        (first, end): (usize, usize),
        block: usize,
        parallel: &dyn Parallel,
    ) {
        for first in (first..end).step_by(block) {
            let rows = block.min(end - first);
            let codes = self.block(first, rows);
            let codes = CodeBlock {
                first_row: 0,
                rows,
                codes: &codes,
            };
            let of_rows = RowBlock {
                label: &self.label[first..first + rows],
                weight: &self.weight[first..first + rows],
                group: &[],
                split: &vec![0; rows],
            };
            booster.block(&codes, &of_rows, parallel).unwrap();
        }
        booster.end_batch(parallel).unwrap();
    }

    fn block(&self, first: usize, rows: usize) -> Vec<u8> {
        let mut codes = vec![0; FEATURES * BLOCK_ROWS];
        for (column, of_feature) in codes.chunks_exact_mut(BLOCK_ROWS).zip(&self.codes) {
            column[..rows].copy_from_slice(&of_feature[first..first + rows]);
        }
        codes
    }

    /// The node of a row's leaf.
    fn leaf(&self, tree: &Tree, row: usize) -> usize {
        let mut index = 0;
        while let Node::Split(split) = &tree.nodes[index] {
            let code = self.codes[split.feature as usize][row];
            index = if split.is_left(code, 32) {
                split.left
            } else {
                split.right
            } as usize;
        }
        index
    }
}

fn options(trees: u32) -> BoosterOptions {
    BoosterOptions {
        n_estimators: trees,
        num_leaves: 8,
        learning_rate: 0.3,
        class_weights: vec![1.0, 2.0],
        ..BoosterOptions::depth_wise()
    }
}

fn booster(options: &BoosterOptions, loss: Loss, stream: [usize; 2]) -> StreamBooster {
    let features = vec![FeatureCodes::number(32, true); FEATURES];
    let layout = CodeLayout::identity(FEATURES);
    let plan = BoosterPlan::new(options, loss, &layout, 1, 1 << 26).unwrap();
    let stream = StreamOptions {
        rows_expected: stream[0] as u64,
        reservoir_rows: stream[1],
        batch_rows: STREAM_BATCH_ROWS_DEFAULT,
        spent: (0, 0),
    };
    StreamBooster::new(options.clone(), stream, loss, features, layout, plan)
}

fn bytes(booster: &StreamBooster) -> Vec<u8> {
    postcard::to_allocvec(&booster.state()).unwrap()
}

fn value(node: &Node) -> Option<f32> {
    match node {
        Node::Leaf(leaf) => Some(leaf.value),
        Node::Split(_) => None,
    }
}

#[test]
fn refreshed_leaves_agree_with_the_naive_twin() {
    let table = Table::new(1_500, 2);
    let options = options(6);
    let mut booster = booster(&options, Loss::BinaryLogLoss, [3_000, 1_000]);
    table.feed(&mut booster, (0, 1_000), 1_000, &Serial);
    let mut trees = booster.ensemble().trees;
    assert_eq!(trees.len(), 2);
    let mut sums = booster.sums.clone();
    let base = booster.ensemble().base_margin[0];
    table.feed(&mut booster, (1_000, 1_500), 500, &Serial);
    // Round by round: every row's derivative at the margin of the refreshed trees before.
    let rows = 1_000..1_500;
    let mut margins = vec![base; rows.len()];
    let mut derivatives = Derivatives::new(1);
    for (tree, sums) in trees.iter_mut().zip(&mut sums) {
        for (row, margin) in rows.clone().zip(&margins) {
            let weight = f64::from(table.weight[row]) * [1.0, 2.0][table.label[row] as usize];
            let seen = Rows {
                margin: &[*margin],
                stride: 1,
                label: &table.label[row..=row],
                weight: &[weight],
            };
            objective(Loss::BinaryLogLoss).evaluate(&seen, &mut derivatives);
            let leaf = &mut sums[table.leaf(tree, row)];
            leaf[0] += derivatives.gradient[0];
            leaf[1] += derivatives.hessian[0];
        }
        for (node, [gradient, hessian]) in tree.nodes.iter_mut().zip(sums) {
            if let Node::Leaf(leaf) = node {
                leaf.value = (-0.3 * *gradient / (*hessian + options.reg_lambda)) as f32;
            }
        }
        for (row, margin) in rows.clone().zip(&mut margins) {
            *margin += value(&tree.nodes[table.leaf(tree, row)]).expect("a leaf");
        }
    }
    let found = booster.ensemble().trees;
    for (found, expected) in found.iter().zip(&trees) {
        for (found, expected) in found.nodes.iter().zip(&expected.nodes) {
            match (value(found), value(expected)) {
                (Some(found), Some(expected)) => {
                    assert!((found - expected).abs() < 1e-6, "{found} {expected}");
                }
                (found, expected) => assert_eq!(found, expected),
            }
        }
    }
    assert!(CHUNK_ROWS > 0 && found.len() > trees.len());
}

#[test]
fn threads_change_no_bit_and_batches_do() {
    let table = Table::new(6_000, 3);
    let state = |parallel: &dyn Parallel, batch: usize| {
        let options = BoosterOptions {
            class_weights: Vec::new(),
            ..options(8)
        };
        let mut booster = booster(&options, Loss::Softmax { classes: 3 }, [6_000, 1_500]);
        for first in (0..6_000).step_by(batch) {
            table.feed(&mut booster, (first, first + batch), 700, parallel);
        }
        assert_eq!(booster.rounds(), 8);
        bytes(&booster)
    };
    let one = state(&Serial, 2_000);
    assert!(one == state(&Threads(3), 2_000), "threads matter");
    assert!(one != state(&Serial, 3_000));
}

#[test]
fn a_state_goes_on_to_the_same_bits() {
    let table = Table::new(4_000, 2);
    let options = options(10);
    let new = || booster(&options, Loss::BinaryLogLoss, [4_000, 900]);
    let mut straight = new();
    let mut before = Vec::new();
    for first in (0..4_000).step_by(1_000) {
        table.feed(&mut straight, (first, first + 1_000), 1_000, &Serial);
        before.push(bytes(&straight));
    }
    for (batches, bytes_before) in before.iter().enumerate() {
        let mut resumed = new();
        resumed
            .restore(postcard::from_bytes(bytes_before).unwrap())
            .unwrap();
        for first in ((batches + 1) * 1_000..4_000).step_by(1_000) {
            table.feed(&mut resumed, (first, first + 1_000), 1_000, &Serial);
        }
        assert!(bytes(&resumed) == before[3], "after {batches} batches");
    }
}

#[test]
fn leaves_bound_by_a_direction_are_left_alone() {
    let table = Table::new(3_000, 2);
    let mut options = options(4);
    options.constraints.monotone = vec![(super::super::FeatureKey::Position(0), 1)];
    let names: Vec<(&str, bool)> = ["a", "b", "c", "d", "e"].map(|name| (name, false)).to_vec();
    options.feature_constraints = options.constraints.resolve(&names).unwrap();
    let mut booster = booster(&options, Loss::BinaryLogLoss, [3_000, 3_000]);
    table.feed(&mut booster, (0, 1_500), 1_500, &Serial);
    let before = booster.ensemble().trees;
    table.feed(&mut booster, (1_500, 3_000), 1_500, &Serial);
    let after = booster.ensemble().trees;
    assert_eq!(before[..], after[..before.len()]);
    assert!(after.len() > before.len());
}

#[test]
fn rows_without_a_weight_are_not_stored() {
    let mut table = Table::new(2_000, 2);
    table.weight[..1_000].fill(0.0);
    let mut booster = booster(&options(4), Loss::BinaryLogLoss, [4_000, 2_000]);
    table.feed(&mut booster, (0, 1_000), 1_000, &Serial);
    assert_eq!(booster.store.len, 0);
    assert_eq!(booster.rounds(), 0);
    assert_eq!(booster.ensemble().base_margin, [0.0]);
    table.feed(&mut booster, (1_000, 2_000), 1_000, &Serial);
    assert_eq!(booster.store.len, 1_000);
    assert_eq!(booster.rounds(), 2);
}

#[test]
fn memory_is_what_the_plan_says_and_does_not_grow_with_rows() {
    let table = Table::new(20_000, 2);
    let stream = [60_000, 2_000];
    let mut booster = booster(&options(6), Loss::BinaryLogLoss, stream);
    let mut bytes = Vec::new();
    for _ in 0..3 {
        table.feed(&mut booster, (0, 20_000), 5_000, &Serial);
        bytes.push(booster.heap_bytes());
        assert!(booster.store.len <= 2_000);
    }
    let trees = 6 * 20_000;
    assert!(bytes[2] - bytes[0] < trees, "{bytes:?}");
    let planned = stream_bytes(&booster.stream, FEATURES, 1) as usize;
    assert!(bytes[2] <= planned + trees, "{bytes:?} {planned}");
}

#[test]
fn hostile_states_are_refused() {
    let table = Table::new(2_000, 2);
    let options = options(4);
    let new = || booster(&options, Loss::BinaryLogLoss, [2_000, 500]);
    let mut sound = new();
    table.feed(&mut sound, (0, 1_000), 1_000, &Serial);
    let check = |change: &dyn Fn(&mut StreamState<'_>), part: &str| {
        let mut state = sound.state();
        change(&mut state);
        let mut other = new();
        let flaw = other.restore(state).expect_err(part);
        assert!(flaw.contains(part), "{flaw}");
        assert_eq!(other.rounds(), 0);
    };
    new().restore(sound.state()).expect("a sound state");
    check(&|state| state.base_margins.to_mut().push(0.0), "margins");
    check(&|state| state.label.to_mut()[3] = 2.0, "no class");
    check(&|state| state.weight.to_mut()[3] = f64::NAN, "no weight");
    check(
        &|state| state.margin[0].to_mut()[0] = f32::INFINITY,
        "no margin",
    );
    check(&|state| state.codes.to_mut().truncate(9), "reservoir");
    check(&|state| state.units.to_mut().truncate(9), "reservoir");
    check(&|state| state.sums.to_mut().truncate(1), "no sums");
    check(
        &|state| state.sums.to_mut()[0].truncate(1),
        "sums of its leaves",
    );
    check(
        &|state| {
            let trees = state.trees.to_mut();
            let more = trees[0].clone();
            trees.extend(vec![more; 3]);
        },
        "budget",
    );
    check(&|state| state.trees.to_mut()[0].nodes.clear(), "no node");
}
