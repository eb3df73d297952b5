//! Trees grown in batches against trees grown a split at a time, over the same sums.

use super::*;
use crate::{
    data::CodeLayout,
    group::hash::{Purpose, row_hash},
    learner::gbdt::{
        BoosterOptions, FeatureCodes, Loss,
        constraints::FeatureConstraints,
        loss::Magnitudes,
        partition::PartitionRule,
        quantise::Scale,
        split::{NodeView, search_column},
        value_range::ValueRange,
    },
    model::{Leaf, Node, NodeSplit, Tree},
    platform::parallel::Serial,
};

/// Rows with codes by feature, and sums by output.
struct Rows {
    codes: Vec<Vec<u8>>,
    sums: Vec<Vec<Sums>>,
}

fn features() -> Vec<FeatureCodes> {
    vec![
        FeatureCodes::number(7, true),
        FeatureCodes::number(31, false),
        FeatureCodes::categories(6, false),
        FeatureCodes::number(2, false),
        FeatureCodes::number(90, false),
    ]
}

fn random(seed: u64, row: usize, stream: u32) -> u64 {
    row_hash(seed, row as u64, stream, Purpose::Synth)
}

/// Gradients are few small integers, so that many gains are equal.
fn rows(seed: u64, rows: usize, outputs: usize) -> Rows {
    let codes = features().into_iter().zip(0..).map(|(feature, stream)| {
        let code = |row| (random(seed, row, stream) % u64::from(feature.radix())) as u8;
        (0..rows).map(code).collect()
    });
    let codes: Vec<Vec<u8>> = codes.collect();
    let sums = (0..outputs).map(|output| {
        let of_row = |row: usize| {
            let hash = random(seed, row, 100 + output as u32);
            let signal = i64::from(codes[1][row] > 11) * i64::from(codes[4][row] % 16 > 8);
            Sums {
                gradient: (hash % 5) as i64 - 2 + 2 * signal - i64::from(codes[0][row] == 3),
                hessian: 1 + (hash >> 40 & 1) as i64,
            }
        };
        (0..rows).map(of_row).collect()
    });
    Rows {
        sums: sums.collect(),
        codes,
    }
}

/// What a grown forest cost.
#[derive(Debug, Default)]
struct Cost {
    passes: usize,
    rows_listed: usize,
    /// The rows of all smaller children, where each split is made for good.
    rows_naive: usize,
}

/// Lends histograms to a grower as passes do.
fn grow(context: GrowthContext<'_>, rows: &Rows, rules: Regularisation) -> (Vec<Tree>, Cost) {
    let draw = FeatureDraw::new(context.layout, context.features.len(), context.options, 0);
    let mut grower = Grower::new(context, rows.sums.len(), draw, rules);
    let row_count = rows.codes[0].len();
    let mut leaves = vec![vec![0u16; row_count]; rows.sums.len()];
    let mut cost = Cost::default();
    loop {
        cost.passes += 1;
        if grower.at_first_tile() {
            follow_routes(&mut grower, rows, &mut leaves);
        }
        let tile = grower.tile(context.plan).to_vec();
        let zeros = || vec![Sums::default(); tile.len() * CODES_MAX];
        let mut histograms: Vec<NodeHistogram> = (0..grower.slots()).map(|_| zeros()).collect();
        for (output, leaves) in leaves.iter().enumerate() {
            let (first_slot, _, slot_of) = grower.slots_of(output);
            for (row, &leaf) in leaves.iter().enumerate() {
                let slot = slot_of[usize::from(leaf)];
                if slot == NO_SLOT {
                    continue;
                }
                cost.rows_listed += 1;
                let histogram = &mut histograms[first_slot + usize::from(slot)];
                for (at, &column) in tile.iter().enumerate() {
                    let code = usize::from(rows.codes[column as usize][row]);
                    histogram[at * CODES_MAX + code] += rows.sums[output][row];
                }
            }
        }
        let is_complete = grower
            .absorb(context, histograms, row_count as u64, &Serial)
            .expect("nothing fails");
        if is_complete && !grower.advance(context) {
            break;
        }
    }
    follow_routes(&mut grower, rows, &mut leaves);
    let trees = grower.trees().iter().map(|tree| tree.finish(&rules));
    (trees.collect(), cost)
}

fn follow_routes(grower: &mut Grower, rows: &Rows, leaves: &mut [Vec<u16>]) {
    for (tree, leaves) in grower.trees_mut().iter_mut().zip(leaves) {
        let mut counts = vec![0; tree.leaves()];
        for (row, leaf) in leaves.iter_mut().enumerate() {
            let route = tree.partition_rules().get(usize::from(*leaf));
            let goes_right = |route: &&PartitionRule| {
                !route.is_left(rows.codes[route.byte_column as usize][row])
            };
            *leaf = route.filter(goes_right).map_or(*leaf, |route| route.right);
            counts[usize::from(*leaf)] += 1;
        }
        tree.set_rows(&counts);
        tree.clear_partition_rules();
    }
}

/// A node of the naive twin.
struct NaiveNode {
    rows: Vec<usize>,
    totals: NodeTotals,
    depth: u32,
    best: Option<Candidate>,
    children: Option<[u32; 2]>,
    /// Of its value.
    range: ValueRange,
    /// Tells it from others; what decides its share of the features.
    key: u64,
    path: Vec<u32>,
}

/// Where a node of the naive twin stands.
struct Place {
    depth: u32,
    range: ValueRange,
    key: u64,
    path: Vec<u32>,
}

/// The naive twin of leaf-wise growth: one split at a time. Answers the tree and the rows that LightGBM
/// would have looked at: all, then those of each smaller child.
fn grow_naive(
    context: GrowthContext<'_>,
    rows: &Rows,
    output: usize,
    rules: &Regularisation,
) -> (Tree, usize) {
    let all: Vec<usize> = (0..rows.codes[0].len()).collect();
    let mut listed = all.len();
    let constraints = &context.options.feature_constraints;
    let draw = FeatureDraw::new(context.layout, context.features.len(), context.options, 0);
    let node = |rows_of: Vec<usize>, place: Place, may_split: &dyn Fn(Sums) -> bool| {
        let Place {
            depth,
            range,
            key,
            path,
        } = place;
        let mut sums = Sums::default();
        rows_of
            .iter()
            .for_each(|&row| sums += rows.sums[output][row]);
        let totals = NodeTotals {
            sums,
            rows: rows_of.len() as u64,
        };
        let mut best = None;
        let mut used = draw.of_node(depth, key, output);
        constraints.forbid(&path, &mut used);
        let view = NodeView {
            totals,
            range,
            used: &used,
        };
        for (column, members) in context.layout.byte_columns.iter().enumerate() {
            let mut joint = vec![Sums::default(); CODES_MAX];
            for &row in &rows_of {
                joint[usize::from(rows.codes[column][row])] += rows.sums[output][row];
            }
            let features = context.features;
            search_column(
                &joint,
                members,
                features,
                constraints,
                view,
                rules,
                &mut best,
            );
        }
        NaiveNode {
            rows: rows_of,
            totals,
            depth,
            best: best.filter(|_| may_split(sums)),
            children: None,
            range,
            key,
            path,
        }
    };
    let root = Place {
        depth: 0,
        range: rules.root_range(),
        key: 1,
        path: Vec::new(),
    };
    let mut nodes = vec![node(all, root, &|_| true)];
    for _ in 1..context.options.num_leaves {
        let open = (0..nodes.len()).filter(|&at| nodes[at].children.is_none());
        let gain = |at: usize| nodes[at].best.map(|best| best.gain);
        let mut next: Option<usize> = None;
        for at in open.filter(|&at| gain(at).is_some()) {
            if next.is_none_or(|next| gain(at) > gain(next)) {
                next = Some(at);
            }
        }
        let Some(next) = next else { break };
        let best = nodes[next].best.expect("only such are open");
        let missing_code = context.features[best.feature as usize].values as u8;
        let is_left = |&row: &usize| {
            let code = rows.codes[best.feature as usize][row];
            let is_missing =
                context.features[best.feature as usize].missing && code == missing_code;
            if is_missing {
                best.missing_left
            } else {
                best.rule.is_left(code)
            }
        };
        let (left, right) = nodes[next]
            .rows
            .iter()
            .copied()
            .partition::<Vec<usize>, _>(is_left);
        listed += left.len().min(right.len());
        let (parent, depth) = (nodes[next].totals, nodes[next].depth + 1);
        // Whether a child is looked at is decided before its rows are counted.
        let may_split = |sums: Sums| {
            let share = parent.rows as f64 / parent.sums.hessian as f64;
            let rows = (sums.hessian as f64 * share).round() as u64;
            depth < context.options.max_depth && rules.can_split(NodeTotals { sums, rows })
        };
        nodes[next].children = Some([nodes.len() as u32, nodes.len() as u32 + 1]);
        let direction = constraints.direction(best.feature);
        let sums = [best.left, parent.sums - best.left];
        let ranges = nodes[next]
            .range
            .of_children(direction, sums.map(|sums| rules.value(sums)));
        let mut path = nodes[next].path.clone();
        path.push(best.feature);
        let key = nodes[next].key;
        for ((rows_of, range), side) in [left, right].into_iter().zip(ranges).zip(0u64..) {
            let place = Place {
                depth,
                range,
                key: row_hash(key, side, depth - 1, Purpose::TreeSample),
                path: path.clone(),
            };
            nodes.push(node(rows_of, place, &may_split));
        }
    }
    let finished = nodes.iter().map(|node| {
        let (cover, count) = (rules.hessian(node.totals.sums), node.totals.rows);
        match node.children.zip(node.best) {
            None => Node::Leaf(Leaf {
                value: rules.leaf_value(node.totals.sums, node.range),
                cover,
                count,
            }),
            Some(([left, right], best)) => Node::Split(NodeSplit {
                feature: best.feature,
                rule: best.rule,
                missing_left: best.missing_left,
                left,
                right,
                gain: best.gain,
                cover,
                count,
            }),
        }
    });
    let tree = Tree {
        nodes: finished.collect(),
    };
    (tree, listed)
}

/// Budgets that keep parents, and that take several tiles.
const BUDGETS: [u64; 2] = [1 << 30, 400_000];

fn check(seed: u64, row_count: usize, outputs: usize, options: &BoosterOptions) -> Cost {
    let (features, layout) = (features(), CodeLayout::identity(5));
    let rules = Regularisation::new(
        options,
        Scale::new(Magnitudes {
            gradient: 1_000.0,
            hessian: 1_000.0,
        }),
    );
    let rows = rows(seed, row_count, outputs);
    let loss = match outputs {
        1 => Loss::SquaredError,
        _ => Loss::Softmax {
            classes: outputs as u16,
        },
    };
    let mut total = Cost::default();
    for (tiled, budget) in BUDGETS.into_iter().enumerate() {
        let budget = budget.max(BoosterPlan::budget_bytes_min(options, loss));
        let plan = BoosterPlan::new(options, loss, &layout, 1, budget).expect("fits");
        let context = GrowthContext {
            options,
            features: &features,
            layout: &layout,
            plan: &plan,
        };
        let (trees, cost) = grow(context, &rows, rules);
        let mut rows_naive = 0;
        for (output, tree) in trees.iter().enumerate() {
            let (expected, listed) = grow_naive(context, &rows, output, &rules);
            rows_naive += listed;
            assert_eq!(*tree, expected, "seed {seed} output {output} {options:?}");
        }
        if tiled == 0 {
            total = Cost { rows_naive, ..cost };
        }
    }
    total
}

fn leaf_wise(leaves_max: u32, depth_max: u32) -> BoosterOptions {
    BoosterOptions {
        grow_policy: Growth::LeafWise,
        num_leaves: leaves_max,
        max_depth: depth_max,
        min_child_samples: 1,
        min_child_weight: 0.0,
        reg_lambda: 0.1,
        ..BoosterOptions::depth_wise()
    }
}

#[test]
fn leaf_wise_trees_are_those_of_a_split_at_a_time() {
    for seed in 0..60 {
        let leaves_max = [2, 3, 4, 7, 12, 31][seed as usize % 6];
        let depth_max = [64, 64, 5, 3][seed as usize % 4];
        let mut options = leaf_wise(leaves_max, depth_max);
        options.min_child_samples = [1, 8][seed as usize % 2];
        options.min_split_gain = [0.0, 0.0, 2.0][seed as usize % 3];
        let outputs = [1, 1, 3][seed as usize % 3];
        check(seed, 300 + 10 * seed as usize, outputs, &options);
    }
}

#[test]
fn a_batch_holds_many_splits() {
    // Hardly any signal: the worst case, since a child's gain may well exceed its parent's.
    let options = leaf_wise(63, 64);
    let cost = check(5, 6_000, 1, &options);
    assert!(cost.passes < 62 / 3, "{cost:?}");
    assert!(10 * cost.rows_listed < 13 * cost.rows_naive, "{cost:?}");
}

#[test]
fn every_leaf_is_split_where_the_budget_has_no_end() {
    // A pass a level, as deep as the tree gets: nothing is cut off, and nothing waits.
    let options = leaf_wise(400, 64);
    let cost = check(1, 200, 2, &options);
    assert!(cost.passes < 60, "{cost:?}");
}

#[test]
fn constraints_and_draws_are_those_of_a_split_at_a_time() {
    for seed in 0..30 {
        let mut options = leaf_wise([7, 12, 31][seed as usize % 3], 64);
        options.seed = seed;
        options.max_delta_step = [0.0, 0.3][seed as usize % 2];
        options.reg_alpha = [0.0, 0.5][seed as usize / 2 % 2];
        options.colsample_bylevel = [1.0, 0.7][seed as usize / 3 % 2];
        options.colsample_bynode = [1.0, 0.5][seed as usize / 4 % 2];
        options.feature_constraints = FeatureConstraints {
            directions: vec![0, 1, 0, 0, -1],
            sets: [vec![], vec![vec![0, 1], vec![1, 2, 3, 4]]][seed as usize / 5 % 2].clone(),
        };
        let outputs = [1, 2][seed as usize % 2];
        check(seed, 400, outputs, &options);
    }
}
