//! Laws of samples, and of whole runs that grow trees from them.

use super::{
    SampleSize, Sampling,
    selection::{Policy, Thresholds, random},
    store::{Collector, SampleRows, capacity},
};
use crate::{
    data::CodeLayout,
    group::hash::{Purpose, row_hash},
    learner::gbdt::{
        BoosterOptions, Loss,
        harness::{Outcome, SIMPLE, Schedule},
        loss::Derivatives,
        tests::{LOSSES, assert_scores, options, table_of, train},
    },
    limits::BLOCK_ROWS,
    model::Node,
    stats::metrics::Metric,
};

/// Training rows of the tables that candidates are drawn from.
const ROWS: usize = 6_000;

fn rows(rows: u64) -> SampleSize {
    SampleSize::Rows(rows)
}

fn samplings(sample_rows: u64) -> [Sampling; 3] {
    let share = sample_rows as f64 / 2.0 / ROWS as f64;
    [
        Sampling::Mvs {
            size: rows(sample_rows),
        },
        Sampling::Uniform {
            size: rows(sample_rows),
        },
        Sampling::Goss {
            top: share,
            other: share,
        },
    ]
}

/// A row's gradient and hessian: few are large.
fn derivatives(row: usize) -> (f64, f64) {
    let hash = row_hash(3, row as u64, 0, Purpose::Synth);
    let unit = (hash >> 32) as f64 / 4_294_967_296.0;
    let gradient = unit.powi(4) - 0.1;
    (gradient, 0.01 + gradient.abs() * (1.0 - gradient.abs()))
}

/// A row's importance, its random number, and what its priority is drawn from.
fn keys(policy: Policy, row: usize, round: u32) -> (f64, f64, f64) {
    let mut of_row = Derivatives::new(1);
    (of_row.gradient[0], of_row.hessian[0]) = derivatives(row);
    let mut importance = [0.0];
    policy.weigh(&of_row, 1, &mut importance);
    let [importance] = importance;
    let random = random(42, row as u64, round);
    (importance, random, policy.drawn(importance))
}

/// Draws a sample from the rows in this order, handed over in lots of `lot`.
fn draw(
    policy: Policy,
    round: u32,
    order: impl Iterator<Item = usize>,
    lot: usize,
    prefilter: Thresholds,
) -> Option<(Vec<(u64, f64)>, Thresholds)> {
    let mut collector = Collector::new(
        SampleRows::new(capacity(policy.rows()), 1, 1),
        policy,
        prefilter,
    );
    let mut chosen = SampleRows::new(lot, 1, 1);
    let mut rejected = false;
    for row in order {
        let (importance, random, drawn) = keys(policy, row, round);
        if !collector.thresholds().admit(drawn, random, importance) {
            rejected = true;
            continue;
        }
        let slot = chosen.len;
        chosen.row[slot] = row as u64;
        chosen.weight[slot] = 1.0;
        chosen.importance[slot] = importance;
        chosen.priority[slot] = drawn / random;
        chosen.len += 1;
        if chosen.len == lot {
            collector.take(&mut chosen, rejected);
        }
    }
    collector.take(&mut chosen, rejected);
    let thresholds = collector.finish(ROWS as u64)?;
    let kept = collector.into_rows();
    let weights = kept.row.iter().zip(&kept.weight).take(kept.len);
    let mut sample: Vec<(u64, f64)> = weights.map(|(&row, &weight)| (row, weight)).collect();
    sample.sort_by_key(|&(row, _)| row);
    Some((sample, thresholds))
}

fn policies(sample_rows: u64) -> Vec<Policy> {
    let policy = |sampling| Policy::new(sampling, ROWS as u64).expect("a sample");
    samplings(sample_rows).into_iter().map(policy).collect()
}

#[test]
fn the_sample_has_its_size_whatever_the_order_of_the_rows() {
    // More rows than the store holds, so that it is emptied on the way.
    let many = 100_000;
    for policy in policies(1_000) {
        let whole = |lot, prefilter| draw(policy, 7, 0..many, lot, prefilter);
        let (expected, thresholds) = whole(256, Thresholds::default()).expect("no prefilter");
        assert_eq!(expected.len(), 1_000, "{policy:?}");
        let backwards = draw(policy, 7, (0..many).rev(), 100, Thresholds::default());
        assert!(
            backwards == Some((expected.clone(), thresholds)),
            "{policy:?}"
        );
        let low = Thresholds {
            priority: thresholds.priority * 0.9,
            importance: thresholds.importance * 0.9,
        };
        assert!(
            whole(64, low) == Some((expected.clone(), thresholds)),
            "{policy:?}"
        );
        assert!(
            whole(64, thresholds) == Some((expected, thresholds)),
            "{policy:?}"
        );
        let high = Thresholds {
            priority: thresholds.priority * 1.1,
            importance: thresholds.importance * 1.1,
        };
        assert!(whole(64, high).is_none(), "{policy:?}");
    }
}

#[test]
fn the_largest_priorities_are_kept() {
    let policy = Policy::Mvs { rows: 500 };
    let keys = |row: usize| {
        let (importance, random, drawn) = keys(policy, row, 3);
        (importance, drawn / random)
    };
    let mut order: Vec<usize> = (0..ROWS).collect();
    order.sort_by(|&a, &b| keys(b).1.total_cmp(&keys(a).1));
    let threshold = keys(order[500]).1;
    let mut expected: Vec<(u64, f64)> = order[..500]
        .iter()
        .map(|&row| (row as u64, keys(row).0.max(threshold) / keys(row).0))
        .collect();
    expected.sort_by_key(|&(row, _)| row);
    let (sample, thresholds) = draw(policy, 3, 0..ROWS, 64, Thresholds::default()).expect("drawn");
    assert_eq!(thresholds.priority, threshold);
    for (found, expected) in sample.iter().zip(&expected) {
        assert_eq!(found.0, expected.0);
        assert!((found.1 / expected.1 - 1.0).abs() < 1e-12);
    }
}

/// Sums over samples of many rounds lie around the sums over all rows, as far as their own spread
/// allows.
#[test]
fn weighted_sums_are_unbiased() {
    let rounds = 600;
    let quantities: [fn(usize) -> f64; 4] = [
        |_| 1.0,
        |row| derivatives(row).0,
        |row| derivatives(row).1,
        |row| f64::from(row.is_multiple_of(5)) * derivatives(row).0,
    ];
    for policy in policies(300) {
        for quantity in quantities {
            let truth: f64 = (0..ROWS).map(quantity).sum();
            let estimate = |round| {
                let drawn = draw(policy, round, 0..ROWS, 128, Thresholds::default());
                let (sample, _) = drawn.expect("no prefilter");
                let weighted = |&(row, weight): &(u64, f64)| weight * quantity(row as usize);
                sample.iter().map(weighted).sum::<f64>()
            };
            let estimates: Vec<f64> = (0..rounds).map(estimate).collect();
            let mean = estimates.iter().sum::<f64>() / f64::from(rounds);
            let squares = estimates.iter().map(|estimate| (estimate - mean).powi(2));
            let error = (squares.sum::<f64>() / f64::from(rounds * (rounds - 1))).sqrt();
            assert!(
                (mean - truth).abs() < 4.5 * error + 1e-9 * truth.abs(),
                "{policy:?} {mean} {truth} {error}"
            );
        }
    }
}

fn sampled(sampling: Sampling) -> BoosterOptions {
    BoosterOptions {
        sampling,
        ..options()
    }
}

#[test]
fn threads_order_of_blocks_and_budget_change_no_bit() {
    for (loss, sampling) in LOSSES.into_iter().zip(samplings(4_000)) {
        let table = table_of(loss, 2 * BLOCK_ROWS + 4_321);
        let options = BoosterOptions {
            n_estimators: 5,
            sample_keep: 2,
            ..sampled(sampling)
        };
        let layout = CodeLayout::identity(table.features.len());
        let train = |schedule| {
            let outcome = table.train(&options, loss, &layout, schedule);
            outcome.expect("trains")
        };
        let expected = train(SIMPLE);
        // Labels, three samples, scores; a sample that asks for too much is drawn again.
        assert!((5..=6).contains(&expected.passes), "{}", expected.passes);
        assert_scores(&table, &expected, loss);
        let small = 250_000 * loss.outputs() as u64;
        for (threads, backwards, budget_bytes) in [
            (2, false, SIMPLE.budget_bytes),
            (4, true, SIMPLE.budget_bytes),
            (3, true, small * 8 / 5),
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
        }
    }
}

#[test]
fn a_sample_of_all_rows_has_every_row_once() {
    for loss in LOSSES {
        let table = table_of(loss, 20_000);
        let of = |sampling| train(&table, &sampled(sampling), loss, SIMPLE);
        let all = of(Sampling::Mvs { size: rows(20_000) });
        let same = of(Sampling::Uniform {
            size: rows(1 << 40),
        });
        assert!(all.ensemble == same.ensemble, "{loss:?}");
        // Only the unit of a gradient differs from growth on every row.
        let exact = of(Sampling::Exact);
        let last = |outcome: &Outcome| outcome.curve[5].train.expect("summed up");
        assert!((last(&all) / last(&exact) - 1.0).abs() < 0.01, "{loss:?}");
        let Node::Split(root) = &all.ensemble.trees[0].nodes[0] else {
            panic!("no split");
        };
        let Node::Split(of_exact) = &exact.ensemble.trees[0].nodes[0] else {
            panic!("no split");
        };
        assert_eq!((root.feature, root.rule), (of_exact.feature, of_exact.rule));
        assert!((root.cover / of_exact.cover - 1.0).abs() < 1e-3);
    }
}

#[test]
fn valid_losses_are_known_after_every_round_and_training_losses_at_the_end_of_passes() {
    for loss in LOSSES {
        let table = table_of(loss, 20_000);
        let options = BoosterOptions {
            n_estimators: 7,
            sample_keep: 3,
            ..sampled(Sampling::Mvs { size: rows(5_000) })
        };
        let of = |options: &BoosterOptions| train(&table, options, loss, SIMPLE).curve;
        let curve = of(&options);
        // With metrics all rows are looked at after every round.
        let metric = match loss {
            Loss::BinaryLogLoss => Metric::LogLoss,
            Loss::Softmax { .. } => Metric::MultiLogLoss,
            _ => Metric::Rmse,
        };
        let all = of(&BoosterOptions {
            eval_metric: vec![metric],
            ..options.clone()
        });
        for (found, all) in curve.iter().zip(&all) {
            assert_eq!(found.valid, all.valid, "{loss:?}");
            let ends_pass = found.rounds % 3 == 0 || found.rounds == 7;
            assert_eq!(found.train, all.train.filter(|_| ends_pass), "{loss:?}");
        }
    }
}

#[test]
fn samples_learn_what_all_rows_teach() {
    for loss in LOSSES {
        let table = table_of(loss, 40_000);
        let with = |sampling| {
            let options = BoosterOptions {
                n_estimators: 30,
                learning_rate: 0.2,
                ..sampled(sampling)
            };
            train(&table, &options, loss, SIMPLE)
        };
        let exact = with(Sampling::Exact);
        let valid = |outcome: &Outcome| outcome.curve[30].valid.expect("valid rows");
        let (start, best) = (exact.curve[0].valid.expect("valid rows"), valid(&exact));
        for sampling in samplings(6_000) {
            let outcome = with(sampling);
            assert_scores(&table, &outcome, loss);
            // At most a tenth of what exact growth has won is lost.
            let lost = (valid(&outcome) - best) / (start - best);
            assert!(lost < 0.1, "{loss:?} {sampling:?} {lost}");
        }
    }
}

#[test]
fn counts_are_of_the_training_rows_and_not_of_the_sample() {
    let table = table_of(Loss::BinaryLogLoss, 30_000);
    let train_rows = table.split.iter().filter(|&&split| split == 0).count() as u64;
    for sampling in samplings(3_000) {
        let outcome = train(&table, &sampled(sampling), Loss::BinaryLogLoss, SIMPLE);
        for tree in &outcome.ensemble.trees {
            assert!(tree.nodes.len() > 3, "no tree");
            let count = |index: u32| match &tree.nodes[index as usize] {
                Node::Leaf(leaf) => leaf.count,
                Node::Split(split) => split.count,
            };
            assert_eq!(count(0), train_rows);
            for split in tree.splits() {
                assert_eq!(split.count, count(split.left) + count(split.right));
            }
        }
    }
}

#[test]
fn early_stopping_is_the_same_however_long_a_sample_is_kept() {
    let mut table = table_of(Loss::BinaryLogLoss, 6_000);
    // Labels that cannot be learned: the first rounds are the best.
    for (row, label) in table.label.iter_mut().enumerate() {
        *label = f32::from(row_hash(1, row as u64, 0, Purpose::Synth).is_multiple_of(2));
    }
    for sample_keep in [1, 3] {
        let options = BoosterOptions {
            n_estimators: 60,
            learning_rate: 0.5,
            early_stopping_rounds: Some(4),
            sample_keep,
            ..sampled(Sampling::Mvs { size: rows(1_000) })
        };
        let outcome = train(&table, &options, Loss::BinaryLogLoss, SIMPLE);
        let rounds = outcome.ensemble.rounds();
        assert!((1..56).contains(&rounds), "{rounds}");
        assert_eq!(outcome.curve.len(), rounds + 4 + 1);
        assert_scores(&table, &outcome, Loss::BinaryLogLoss);
    }
}

#[test]
fn bytes_grow_with_rows_and_what_fits_fits() {
    for (columns, outputs) in [(1, 1), (100, 1), (4_000, 5)] {
        let mut before = 0;
        for sample_rows in [1, 1_000, 100_000, 1_000_000] {
            let bytes = super::sample_bytes(sample_rows, columns, outputs);
            assert!(bytes > before);
            before = bytes;
        }
        for budget in [64 << 20, 256 << 20, 1 << 30] {
            let fitting = super::rows_that_fit(budget, columns, outputs);
            let bytes = super::sample_bytes(fitting, columns, outputs);
            assert!(bytes <= budget || fitting == 1, "{columns} {budget}");
            assert!(
                bytes > budget / 10 * 9 || fitting == 1,
                "{columns} {budget} {bytes}"
            );
        }
    }
}
