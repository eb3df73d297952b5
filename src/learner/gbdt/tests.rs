//! Laws of whole runs: what may not change the trees, and that they are right.

mod constrained;

use super::{
    BoosterOptions, FeatureCodes, Growth, Loss,
    harness::{Outcome, SIMPLE, Schedule, Table},
};
use crate::{
    data::{CodeLayout, PackMember},
    group::hash::{Purpose, row_hash},
    limits::BLOCK_ROWS,
    model::{Node, Rule},
    stats::metrics::Metric,
};

fn random(row: usize, stream: u32) -> u64 {
    row_hash(99, row as u64, stream, Purpose::Synth)
}

/// Numbers with and without missing values, a category, few-valued columns; labels that depend on
/// some of them.
pub(super) fn table(rows: usize, label: impl Fn(&[u8], f64) -> f32) -> Table {
    let features = vec![
        FeatureCodes::number(200, true),
        FeatureCodes::number(255, false),
        FeatureCodes::categories(12, true),
        FeatureCodes::number(3, false),
        FeatureCodes::number(2, true),
        FeatureCodes::number(5, false),
        FeatureCodes::number(40, true),
    ];
    let mut table = Table {
        codes: vec![Vec::with_capacity(rows); features.len()],
        features,
        ..Table::default()
    };
    for row in 0..rows {
        let codes: Vec<u8> = table
            .features
            .iter()
            .enumerate()
            .map(|(feature, codes)| {
                let hash = random(row, feature as u32);
                let is_missing = codes.missing && hash >> 60 == 0;
                let value = (hash as u32 as u64 * u64::from(codes.values)) >> 32;
                if is_missing {
                    codes.values as u8
                } else {
                    value as u8
                }
            })
            .collect();
        for (column, &code) in table.codes.iter_mut().zip(&codes) {
            column.push(code);
        }
        let noise = random(row, 100) as u32 as f64 / 4_294_967_296.0;
        table.label.push(label(&codes, noise));
        table
            .weight
            .push(1.0 + (random(row, 101) & 3) as f32 * 0.25);
        let split = random(row, 102) % 10;
        table
            .split
            .push([0, 0, 0, 0, 0, 0, 1, 1, 2, 3][split as usize]);
    }
    table
}

/// The margin that labels are drawn from.
pub(super) fn truth(codes: &[u8]) -> f64 {
    let category = [3.0, -1.0, 0.5, -2.0, 1.5, 0.0][usize::from(codes[2]) % 6];
    let missing = if codes[0] == 200 { 1.5 } else { 0.0 };
    let step = if codes[1] > 130 { 1.2 } else { -0.8 };
    let product = if (codes[3] == 2) == (codes[5] > 2) {
        0.7
    } else {
        -0.7
    };
    0.6 * category + missing + step + product
}

fn binary(rows: usize) -> Table {
    table(rows, |codes, noise| {
        f32::from(noise < 1.0 / (1.0 + (-truth(codes)).exp()))
    })
}

fn classes(rows: usize) -> Table {
    table(rows, |codes, noise| {
        let score = truth(codes) + 4.0 * (noise - 0.5);
        if score > 1.0 {
            2.0
        } else {
            f32::from(score > -0.5)
        }
    })
}

fn numbers(rows: usize) -> Table {
    table(rows, |codes, noise| (1e3 * (truth(codes) + noise)) as f32)
}

fn counts(rows: usize) -> Table {
    table(rows, |codes, noise| {
        (3.0 * noise * truth(codes).exp()).floor() as f32
    })
}

pub(super) fn packed_layout() -> CodeLayout {
    let member = |feature, radix, stride| PackMember {
        feature,
        radix,
        stride,
    };
    CodeLayout {
        byte_columns: vec![
            vec![member(0, 201, 1)],
            vec![member(1, 255, 1)],
            vec![member(2, 13, 1), member(3, 3, 13), member(5, 5, 39)],
            vec![member(6, 41, 1), member(4, 3, 41)],
        ],
    }
}

pub(super) fn options() -> BoosterOptions {
    BoosterOptions {
        n_estimators: 5,
        max_depth: 4,
        ..BoosterOptions::depth_wise()
    }
}

pub(super) fn train(
    table: &Table,
    options: &BoosterOptions,
    loss: Loss,
    schedule: Schedule,
) -> Outcome {
    table
        .train(options, loss, &packed_layout(), schedule)
        .expect("trains")
}

pub(super) const LOSSES: [Loss; 6] = [
    Loss::BinaryLogLoss,
    Loss::Softmax { classes: 3 },
    Loss::SquaredError,
    Loss::AbsoluteError,
    Loss::Quantile { alpha: 0.8 },
    Loss::Poisson {
        delta_step_max: 0.7,
    },
];

pub(super) fn table_of(loss: Loss, rows: usize) -> Table {
    match loss {
        Loss::BinaryLogLoss => binary(rows),
        Loss::Softmax { .. } => classes(rows),
        Loss::SquaredError | Loss::AbsoluteError | Loss::Quantile { .. } => numbers(rows),
        Loss::Poisson { .. } => counts(rows),
    }
}

#[test]
fn threads_order_of_blocks_and_budget_change_no_bit() {
    let with_growth = |growth| LOSSES.map(|loss| (loss, growth));
    let cases = [Growth::DepthWise, Growth::LeafWise].map(with_growth);
    for (loss, growth) in cases.into_iter().flatten() {
        let table = table_of(loss, 2 * BLOCK_ROWS + 4_321);
        let metrics = Metric::of_rounds();
        let options = BoosterOptions {
            n_estimators: 3,
            eval_metric: metrics
                .filter(|metric| metric.is_of_rounds(loss.task(), loss.deviation()))
                .collect(),
            grow_policy: growth,
            num_leaves: 13,
            ..options()
        };
        // Seven byte columns, so that there is something to tile.
        let layout = CodeLayout::identity(table.features.len());
        let train = |schedule| {
            let outcome = table.train(&options, loss, &layout, schedule);
            outcome.expect("trains")
        };
        let expected = train(SIMPLE);
        let large = SIMPLE.budget_bytes;
        let small = 250_000 * loss.outputs() as u64;
        for (threads, backwards, budget_bytes) in [
            (2, false, large),
            (4, true, large),
            (1, true, small),
            (3, false, small * 8 / 5),
        ] {
            let schedule = Schedule {
                threads,
                budget_bytes,
                backwards,
            };
            let outcome = train(schedule);
            assert!(
                outcome.ensemble == expected.ensemble,
                "{loss:?} {schedule:?}"
            );
            assert_eq!(outcome.curve, expected.curve, "{loss:?} {schedule:?}");
            let is_tiled = outcome.passes > expected.passes;
            assert_eq!(is_tiled, budget_bytes < large, "{loss:?} {schedule:?}");
        }
    }
}

#[test]
fn packing_changes_no_tree() {
    let table = binary(20_000);
    let packed = train(&table, &options(), Loss::BinaryLogLoss, SIMPLE);
    let layout = CodeLayout::identity(table.features.len());
    let plain = table.train(&options(), Loss::BinaryLogLoss, &layout, SIMPLE);
    assert_eq!(packed.ensemble, plain.expect("trains").ensemble);
}

#[test]
fn margins_are_the_scores_of_the_ensemble() {
    for loss in LOSSES {
        let table = table_of(loss, 9_000);
        let outcome = train(&table, &options(), loss, SIMPLE);
        assert_scores(&table, &outcome, loss);
    }
}

pub(super) fn assert_scores(table: &Table, outcome: &Outcome, loss: Loss) {
    let missing_codes: Vec<u8> = table
        .features
        .iter()
        .map(|codes| {
            if codes.missing {
                codes.values as u8
            } else {
                u8::MAX
            }
        })
        .collect();
    for row in (0..table.rows()).filter(|&row| table.split[row] <= 1) {
        let code_of = |feature: u32| table.codes[feature as usize][row];
        let expected = outcome.ensemble.margins(code_of, &missing_codes);
        assert_eq!(outcome.margins[row], expected, "{loss:?} {row}");
    }
}

#[test]
fn counts_and_covers_add_up() {
    let table = binary(30_000);
    let outcome = train(&table, &options(), Loss::BinaryLogLoss, SIMPLE);
    let train_rows = table.split.iter().filter(|&&split| split == 0).count() as u64;
    for tree in &outcome.ensemble.trees {
        assert!(tree.nodes.len() > 7, "no tree");
        let of = |index: u32| match &tree.nodes[index as usize] {
            Node::Leaf(leaf) => (leaf.count, leaf.cover),
            Node::Split(split) => (split.count, split.cover),
        };
        assert_eq!(of(0).0, train_rows);
        for split in tree.splits() {
            let (left, right) = (of(split.left), of(split.right));
            assert_eq!(split.count, left.0 + right.0);
            assert_eq!(split.cover, left.1 + right.1);
            assert!(left.0 > 0 && right.0 > 0);
        }
    }
}

#[test]
fn every_loss_is_learned() {
    for loss in LOSSES {
        let options = BoosterOptions {
            n_estimators: 30,
            learning_rate: 0.3,
            ..options()
        };
        let outcome = train(&table_of(loss, 30_000), &options, loss, SIMPLE);
        let (first, last) = (&outcome.curve[0], &outcome.curve[30]);
        assert!(
            last.train.expect("summed up") < 0.75 * first.train.expect("summed up"),
            "{loss:?} {first:?} {last:?}"
        );
        assert!(
            last.valid < first.valid.map(|loss| 0.75 * loss),
            "{loss:?} {last:?}"
        );
        for pair in outcome.curve.windows(2) {
            assert!(pair[1].train < pair[0].train, "{loss:?} {pair:?}");
        }
    }
}

#[test]
fn early_stopping_keeps_the_best_rounds_and_their_scores() {
    let table = table(6_000, |codes, noise| {
        f32::from(noise < 0.5 + 0.001 * truth(codes))
    });
    let options = BoosterOptions {
        n_estimators: 60,
        learning_rate: 0.5,
        early_stopping_rounds: Some(4),
        ..options()
    };
    let outcome = train(&table, &options, Loss::BinaryLogLoss, SIMPLE);
    let rounds = outcome.ensemble.rounds();
    assert!((1..56).contains(&rounds), "{rounds}");
    assert_eq!(outcome.curve.len(), rounds + 4 + 1);
    let best = outcome.curve[rounds].valid.expect("valid rows");
    assert!(
        outcome.curve[1..]
            .iter()
            .all(|point| point.valid >= Some(best))
    );
    assert_scores(&table, &outcome, Loss::BinaryLogLoss);
}

#[test]
fn fewer_trees_are_the_first_ones_of_more() {
    let table = numbers(8_000);
    let some = train(&table, &options(), Loss::SquaredError, SIMPLE);
    let more = BoosterOptions {
        n_estimators: 8,
        ..options()
    };
    let more = train(&table, &more, Loss::SquaredError, SIMPLE);
    assert_eq!(some.ensemble.trees[..], more.ensemble.trees[..5]);
}

#[test]
fn limits_of_trees_hold() {
    let table = binary(20_000);
    let check = |options: BoosterOptions, leaves: usize, depth: u32| {
        let outcome = train(&table, &options, Loss::BinaryLogLoss, SIMPLE);
        for tree in &outcome.ensemble.trees {
            assert!(tree.leaves().count() <= leaves);
            assert!(tree.depth() <= depth);
        }
        let deepest = outcome
            .ensemble
            .trees
            .iter()
            .map(|tree| tree.leaves().count());
        deepest.max().expect("trees")
    };
    let with_leaves = |leaves_max, depth_max| BoosterOptions {
        num_leaves: leaves_max,
        max_depth: depth_max,
        ..options()
    };
    assert_eq!(check(with_leaves(2, 6), 2, 1), 2);
    assert_eq!(check(with_leaves(11, 6), 11, 6), 11);
    assert_eq!(check(with_leaves(64, 1), 2, 1), 2);
    let rows_min = BoosterOptions {
        min_child_samples: 4_000,
        ..options()
    };
    assert!(check(rows_min, 3, 2) >= 2);
    let gain_min = BoosterOptions {
        min_split_gain: 1e9,
        ..options()
    };
    assert_eq!(check(gain_min, 1, 0), 1);
    let hessian_min = BoosterOptions {
        min_child_weight: 1e9,
        ..options()
    };
    assert_eq!(check(hessian_min, 1, 0), 1);
}

#[test]
fn the_leaf_budget_goes_to_the_largest_gains() {
    let table = binary(20_000);
    let gains = |leaves_max| {
        let options = BoosterOptions {
            n_estimators: 1,
            num_leaves: leaves_max,
            max_depth: 2,
            ..options()
        };
        let outcome = train(&table, &options, Loss::BinaryLogLoss, SIMPLE);
        let splits = outcome.ensemble.trees[0].splits();
        splits.map(|split| split.gain).collect::<Vec<f64>>()
    };
    let (all, some) = (gains(4), gains(3));
    assert_eq!((all.len(), some.len()), (3, 2));
    assert_eq!(some[1], all[1].max(all[2]));
}

#[test]
fn a_share_of_the_features_is_used_by_each_tree() {
    let options = BoosterOptions {
        n_estimators: 12,
        colsample_bytree: 0.3,
        ..options()
    };
    let outcome = train(&binary(10_000), &options, Loss::BinaryLogLoss, SIMPLE);
    let mut seen = std::collections::BTreeSet::new();
    for tree in &outcome.ensemble.trees {
        let used: std::collections::BTreeSet<u32> =
            tree.splits().map(|split| split.feature).collect();
        assert!(used.len() <= 2);
        seen.extend(used);
    }
    assert!(seen.len() > 4);
}

#[test]
fn weights_are_repetitions() {
    // Squared error has whole gradients and hessians here, so rounding has nothing to choose.
    let mut table = table(4_000, |codes, _| f32::from(codes[3]) * 4.0 - 4.0);
    table.split.fill(0);
    let weight = |row: usize| 1 + row % 3;
    let mut repeated = Table {
        features: table.features.clone(),
        codes: vec![Vec::new(); table.features.len()],
        ..Table::default()
    };
    for row in 0..table.rows() {
        table.weight[row] = weight(row) as f32;
        for _ in 0..weight(row) {
            for (to, from) in repeated.codes.iter_mut().zip(&table.codes) {
                to.push(from[row]);
            }
            repeated.label.push(table.label[row]);
            repeated.weight.push(1.0);
            repeated.split.push(0);
        }
    }
    let options = BoosterOptions {
        n_estimators: 1,
        min_child_samples: 0,
        ..options()
    };
    let weighted = train(&table, &options, Loss::SquaredError, SIMPLE);
    let repeated = train(&repeated, &options, Loss::SquaredError, SIMPLE);
    let of = |outcome: &Outcome| {
        let splits = outcome.ensemble.trees[0].splits();
        splits
            .map(|split| (split.feature, split.rule))
            .collect::<Vec<(u32, Rule)>>()
    };
    assert_eq!(of(&weighted).len(), 2);
    assert_eq!(of(&weighted), of(&repeated));
}

#[test]
fn class_weights_move_the_base_margin() {
    let table = binary(5_000);
    let base = |options: &BoosterOptions| {
        let outcome = train(&table, options, Loss::BinaryLogLoss, SIMPLE);
        f64::from(outcome.ensemble.base_margin[0])
    };
    let plain = base(&options());
    let positive = BoosterOptions {
        scale_pos_weight: 5.0,
        ..options()
    };
    assert!((base(&positive) - plain - 5f64.ln()).abs() < 1e-6);
    let classes = BoosterOptions {
        class_weights: vec![4.0, 1.0],
        ..options()
    };
    assert!((base(&classes) - plain + 4f64.ln()).abs() < 1e-6);
}

#[test]
fn bad_data_is_refused() {
    let mut table = binary(100);
    let refuse = |table: &Table, layout: &CodeLayout, budget_bytes, part: &str| {
        let schedule = Schedule {
            budget_bytes,
            ..SIMPLE
        };
        let trained = table.train(&options(), Loss::BinaryLogLoss, layout, schedule);
        let message = trained.expect_err(part).to_string();
        assert!(message.contains(part), "{message}");
    };
    refuse(
        &table,
        &CodeLayout::default(),
        1 << 30,
        "no feature is left",
    );
    refuse(&table, &packed_layout(), 1 << 10, "larger --memory");
    table.label[3] = 7.0;
    table.split[3] = 0;
    refuse(&table, &packed_layout(), 1 << 30, "class indexes below 2");
    table.split.fill(2);
    refuse(&table, &packed_layout(), 1 << 30, "no training rows");
}

/// The naive twin of a tree: f64 derivatives, every threshold of every numeric feature tried on the
/// rows themselves. Quantised sums may choose another split only where gains hardly differ.
#[test]
fn splits_and_leaves_agree_with_the_naive_twin() {
    let table = binary(6_000);
    let layout = CodeLayout {
        byte_columns: packed_layout().byte_columns[..2].to_vec(),
    };
    let options = BoosterOptions {
        n_estimators: 1,
        max_depth: 3,
        min_child_samples: 0,
        ..options()
    };
    let outcome = table.train(&options, Loss::BinaryLogLoss, &layout, SIMPLE);
    let ensemble = outcome.expect("trains").ensemble;
    let base = f64::from(ensemble.base_margin[0]);
    let probability = 1.0 / (1.0 + (-base).exp());
    let sums = |rows: &[usize]| {
        rows.iter().fold((0.0, 0.0), |(gradient, hessian), &row| {
            let weight = f64::from(table.weight[row]);
            let residual = probability - f64::from(table.label[row]);
            let curvature = probability * (1.0 - probability);
            (gradient + weight * residual, hessian + weight * curvature)
        })
    };
    let score = |rows: &[usize]| {
        let (gradient, hessian) = sums(rows);
        gradient * gradient / (hessian + options.reg_lambda)
    };
    let tree = &ensemble.trees[0];
    let mut rows_of: Vec<Vec<usize>> = vec![Vec::new(); tree.nodes.len()];
    rows_of[0] = (0..table.rows())
        .filter(|&row| table.split[row] == 0)
        .collect();
    let mut compared = 0;
    for (index, node) in tree.nodes.iter().enumerate() {
        let rows = rows_of[index].clone();
        let split = match node {
            Node::Split(split) => split,
            Node::Leaf(leaf) => {
                let (gradient, hessian) = sums(&rows);
                let value = -options.learning_rate * gradient / (hessian + options.reg_lambda);
                assert!((f64::from(leaf.value) - value).abs() < 1e-3, "{index}");
                assert_eq!(leaf.count as usize, rows.len());
                continue;
            }
        };
        let gain_of = |feature: usize, is_left: &dyn Fn(u8) -> bool| {
            let side = |wanted: bool| -> Vec<usize> {
                let codes = &table.codes[feature];
                let wanted = rows.iter().filter(|&&row| is_left(codes[row]) == wanted);
                wanted.copied().collect()
            };
            let (left, right) = (side(true), side(false));
            let is_allowed = !left.is_empty() && !right.is_empty();
            let gain = score(&left) + score(&right) - score(&rows);
            (if is_allowed { gain } else { 0.0 }, left, right)
        };
        let mut best = 0.0f64;
        for feature in [0, 1] {
            let codes = table.features[feature];
            for last in 0..codes.values as u8 {
                for missing_left in [false, true] {
                    let missing_code = codes.values as u8;
                    let is_left = |code| {
                        if code == missing_code {
                            missing_left
                        } else {
                            code <= last
                        }
                    };
                    best = best.max(gain_of(feature, &is_left).0);
                }
            }
        }
        let missing_code = table.features[split.feature as usize].values as u8;
        let is_left = |code| split.is_left(code, missing_code);
        let (gain, left, right) = gain_of(split.feature as usize, &is_left);
        // Rounding moves a gradient sum of n rows by about sqrt(n) / 4 units of 2^-13.
        let noise = 0.02 * best + 0.2;
        assert!(gain >= best - noise, "{index}: {gain} of {best}");
        assert!(
            (split.gain - gain).abs() <= noise,
            "{index}: {} {gain}",
            split.gain
        );
        rows_of[split.left as usize] = left;
        rows_of[split.right as usize] = right;
        compared += 1;
    }
    assert!(compared >= 3, "{compared}");
}
