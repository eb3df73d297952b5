//! Whole runs on a small table: leaves against a naive twin, losses against LightGBM's and
//! scikit-learn's (`golden/make.py`).

use serde_json::Value;

use crate::{
    data::CodeLayout,
    learner::gbdt::{
        BoosterOptions, FeatureCodes, Loss,
        harness::{Outcome, SIMPLE, Table},
    },
    model::{Node, Tree},
    stats::metrics::Metric,
};

const POISSON: Loss = Loss::Poisson {
    delta_step_max: 0.7,
};

fn golden() -> Value {
    serde_json::from_str(include_str!("../golden/regression.json")).expect("a JSON file")
}

fn floats(value: &Value) -> Vec<f32> {
    let number = |value: &Value| value.as_f64().expect("a number") as f32;
    let values = value.as_array().expect("an array");
    values.iter().map(number).collect()
}

/// The table; rows from `train_rows` on are valid.
fn table(golden: &Value, label: &str) -> Table {
    let codes = golden["codes"].as_array().expect("an array");
    let codes: Vec<Vec<u8>> = codes
        .iter()
        .map(|codes| floats(codes).iter().map(|&code| code as u8).collect())
        .collect();
    let features = codes.iter().map(|codes| {
        let values = codes.iter().max().map_or(0, |&code| u16::from(code) + 1);
        FeatureCodes::number(values, false)
    });
    let train_rows = golden["train_rows"].as_u64().expect("a number") as usize;
    let label = floats(&golden[label]);
    Table {
        features: features.collect(),
        split: (0..label.len())
            .map(|row| u8::from(row >= train_rows))
            .collect(),
        weight: floats(&golden["weight"]),
        codes,
        label,
    }
}

fn options(golden: &Value) -> BoosterOptions {
    let number = |key: &str| golden[key].as_f64().expect("a number");
    BoosterOptions {
        n_estimators: number("trees") as u32,
        max_depth: number("depth") as u32,
        num_leaves: 1 << number("depth") as u32,
        learning_rate: number("rate"),
        min_child_samples: number("leaf_rows") as u32,
        ..BoosterOptions::depth_wise()
    }
}

fn train(table: &Table, options: &BoosterOptions, loss: Loss) -> Outcome {
    let layout = CodeLayout::identity(table.features.len());
    let trained = table.train(options, loss, &layout, SIMPLE);
    trained.expect("trains")
}

/// Losses of rows that training did not see are within a few hundredths of the libraries'. They
/// differ by as much from each other: trees differ where gains hardly do.
#[test]
fn losses_are_those_of_lightgbm_and_scikit_learn() {
    let golden = golden();
    for (name, label, loss) in [
        ("absolute_error", "number", Loss::AbsoluteError),
        ("quantile", "number", Loss::Quantile { alpha: 0.8 }),
        ("poisson", "count", POISSON),
        ("squared_error", "number", Loss::SquaredError),
    ] {
        let outcome = train(&table(&golden, label), &options(&golden), loss);
        let last = outcome.curve.last().expect("rounds");
        let first = &outcome.curve[0];
        let of = |library: &str| {
            let losses = &golden["losses"][name][library];
            [0, 1].map(|split| losses[split].as_f64().expect("a number"))
        };
        let (lightgbm, scikit_learn) = (of("lightgbm"), of("scikit_learn"));
        let found = [
            last.train.expect("summed up"),
            last.valid.expect("valid rows"),
        ];
        let start = [
            first.train.expect("summed up"),
            first.valid.expect("valid rows"),
        ];
        for split in [0, 1] {
            let (one, other) = (lightgbm[split], scikit_learn[split]);
            // A share of what there is to learn.
            let slack = 0.05 * (start[split] - one.min(other)) + (one - other).abs();
            assert!(
                found[split] <= one.max(other) + slack && found[split] >= one.min(other) - slack,
                "{name} {split}: {found:?}, LightGBM {lightgbm:?}, scikit-learn {scikit_learn:?}"
            );
        }
    }
}

/// The quantile of some rows by sorting them.
fn sorted_quantile(alpha: f64, mut rows: Vec<(f32, f64)>) -> f32 {
    rows.retain(|row| row.1 > 0.0);
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let rank = alpha * rows.iter().map(|row| row.1).sum::<f64>();
    let mut below = 0.0;
    let at = rows.iter().position(|row| {
        below += row.1;
        below >= rank
    });
    let at = at.expect("rows weigh something");
    let next = rows[(at + 1).min(rows.len() - 1)].0;
    if below > rank {
        rows[at].0
    } else {
        (0.5 * (f64::from(rows[at].0) + f64::from(next))) as f32
    }
}

fn leaf_of(table: &Table, tree: &Tree, row: usize) -> usize {
    let mut index = 0;
    while let Node::Split(split) = &tree.nodes[index] {
        let code = table.codes[split.feature as usize][row];
        index = if split.is_left(code, u8::MAX) {
            split.left as usize
        } else {
            split.right as usize
        };
    }
    index
}

#[test]
fn leaves_are_quantiles_of_their_residuals() {
    let golden = golden();
    for (loss, alpha) in [
        (Loss::AbsoluteError, 0.5),
        (Loss::Quantile { alpha: 0.8 }, 0.8),
    ] {
        let table = table(&golden, "number");
        let options = BoosterOptions {
            n_estimators: 4,
            ..options(&golden)
        };
        let outcome = train(&table, &options, loss);
        let quantile = |wanted: &dyn Fn(usize) -> bool, margin: &[f32]| {
            let rows = (0..table.rows()).filter(|&row| table.split[row] == 0 && wanted(row));
            let residual =
                |row: usize| (f64::from(table.label[row]) - f64::from(margin[row])) as f32;
            let residuals = rows.map(|row| (residual(row), f64::from(table.weight[row])));
            sorted_quantile(alpha, residuals.collect())
        };
        let base = quantile(&|_| true, &vec![0.0; table.rows()]);
        assert_eq!(outcome.ensemble.base_margin, [base]);
        let mut margin = vec![base; table.rows()];
        for tree in &outcome.ensemble.trees {
            let rows = 0..table.rows();
            let leaves: Vec<usize> = rows.map(|row| leaf_of(&table, tree, row)).collect();
            let mut values = vec![0.0; tree.nodes.len()];
            for (index, node) in tree.nodes.iter().enumerate() {
                let Node::Leaf(leaf) = node else { continue };
                let step = options.learning_rate
                    * f64::from(quantile(&|row| leaves[row] == index, &margin));
                assert_eq!(leaf.value, step as f32, "{loss:?} {index}");
                values[index] = leaf.value;
            }
            for (margin, &leaf) in margin.iter_mut().zip(&leaves) {
                *margin += values[leaf];
            }
        }
        let scores: Vec<f32> = outcome.margins.iter().map(|margins| margins[0]).collect();
        assert_eq!(scores, margin);
    }
}

#[test]
fn metrics_of_the_curve_are_those_of_the_scores() {
    let golden = golden();
    let table = table(&golden, "number");
    let options = BoosterOptions {
        eval_metric: vec![Metric::AbsoluteError, Metric::Rmse],
        ..options(&golden)
    };
    let outcome = train(&table, &options, Loss::AbsoluteError);
    for point in &outcome.curve {
        let absolute = point.metrics[0];
        assert_eq!(absolute.metric, Metric::AbsoluteError);
        let close = |a: f64, b: Option<f64>| b.is_some_and(|b| (a - b).abs() < 1e-9);
        assert!(
            close(point.train.expect("summed up"), absolute.train),
            "{point:?}"
        );
        assert!(
            close(point.valid.expect("valid rows"), absolute.valid),
            "{point:?}"
        );
    }
    let (mut sum, mut weight) = (0.0, 0.0);
    for row in (0..table.rows()).filter(|&row| table.split[row] == 1) {
        let error = f64::from(outcome.margins[row][0]) - f64::from(table.label[row]);
        sum += f64::from(table.weight[row]) * error * error;
        weight += f64::from(table.weight[row]);
    }
    let last = &outcome.curve.last().expect("rounds").metrics[1];
    let found = last.valid.expect("valid rows");
    assert!((found - (sum / weight).sqrt()).abs() < 1e-9, "{found}");
}

#[test]
fn early_stopping_watches_the_metric_that_was_asked_for() {
    let golden = golden();
    let table = table(&golden, "number");
    let stopped = |watched| {
        let options = BoosterOptions {
            n_estimators: 300,
            eval_metric: vec![Metric::AbsoluteError, Metric::Rmse],
            early_stopping_metric: watched,
            early_stopping_rounds: Some(10),
            ..options(&golden)
        };
        let outcome = train(&table, &options, Loss::SquaredError);
        (outcome.ensemble.trees.len(), outcome.curve)
    };
    for (index, metric) in [Metric::AbsoluteError, Metric::Rmse]
        .into_iter()
        .enumerate()
    {
        let (trees, curve) = stopped(Some(metric));
        let valid = |rounds: usize| curve[rounds].metrics[index].valid.expect("valid rows");
        assert!(
            trees < 300 && curve.len() == trees + 11,
            "{metric:?} {trees}"
        );
        assert!((1..curve.len()).all(|rounds| valid(rounds) >= valid(trees)));
    }
    // The loss is half the square of the root.
    assert_eq!(stopped(None).0, stopped(Some(Metric::Rmse)).0);
}

/// A row of weight 3 is three rows. Gradients of these losses at the base are whole units, so that
/// rounding has nothing to choose in the first tree.
#[test]
fn weights_are_repetitions() {
    let golden = golden();
    for loss in [Loss::AbsoluteError, Loss::Quantile { alpha: 0.75 }] {
        let mut weighted = table(&golden, "number");
        weighted.split.fill(0);
        let mut repeated = Table {
            features: weighted.features.clone(),
            codes: vec![Vec::new(); weighted.features.len()],
            ..Table::default()
        };
        for row in 0..weighted.rows() {
            weighted.weight[row] = (row % 4) as f32;
            for _ in 0..row % 4 {
                for (to, from) in repeated.codes.iter_mut().zip(&weighted.codes) {
                    to.push(from[row]);
                }
                repeated.label.push(weighted.label[row]);
                repeated.weight.push(1.0);
                repeated.split.push(0);
            }
        }
        let options = BoosterOptions {
            n_estimators: 1,
            min_child_samples: 0,
            min_child_weight: 15.0,
            ..options(&golden)
        };
        let (one, other) = (
            train(&weighted, &options, loss),
            train(&repeated, &options, loss),
        );
        assert_eq!(one.ensemble.base_margin, other.ensemble.base_margin);
        let values = |outcome: &Outcome| -> Vec<f32> {
            let nodes = outcome.ensemble.trees[0].nodes.iter();
            let leaves = nodes.filter_map(|node| match node {
                Node::Leaf(leaf) => Some(leaf.value),
                Node::Split(_) => None,
            });
            leaves.collect()
        };
        assert!(values(&one).len() > 4, "{loss:?}");
        assert_eq!(values(&one), values(&other), "{loss:?}");
    }
}
