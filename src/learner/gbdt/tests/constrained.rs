//! Whole runs under constraints.

use super::*;
use crate::learner::gbdt::constraints::FeatureConstraints;

#[test]
fn predictions_keep_to_their_directions() {
    // The label rises with the code of feature 0, falls beyond the middle, and is noisy.
    let table = table(20_000, |codes, noise| {
        let bent = 1.0 - (f64::from(codes[0].min(200)) / 100.0 - 1.2).abs();
        let step = f64::from(codes[1]) / 255.0;
        (bent + step * step + 3.0 * noise) as f32
    });
    for growth in [Growth::DepthWise, Growth::LeafWise] {
        let mut options = BoosterOptions {
            n_estimators: 12,
            learning_rate: 0.5,
            grow_policy: growth,
            max_depth: 9,
            num_leaves: 40,
            ..options()
        };
        let rises = |options: &BoosterOptions| {
            let outcome = train(&table, options, Loss::SquaredError, SIMPLE);
            let (mut up, mut down) = (0, 0);
            for row in (0..table.rows()).step_by(97) {
                let margin = |code: u8| {
                    let code_of = |feature: u32| match feature {
                        0 => code,
                        _ => table.codes[feature as usize][row],
                    };
                    let missing = [200, 255, 12, 255, 2, 255, 40];
                    outcome.ensemble.margins(code_of, &missing)[0]
                };
                for code in 0..199 {
                    up += usize::from(margin(code) < margin(code + 1));
                    down += usize::from(margin(code) > margin(code + 1));
                }
            }
            (up > 0, down > 0)
        };
        assert_eq!(rises(&options), (true, true));
        for (direction, expected) in [(1, (true, false)), (-1, (false, true))] {
            options.feature_constraints.directions = vec![direction, 0, 0, 0, 0, 0, 0];
            assert_eq!(rises(&options), expected, "{growth:?} {direction}");
        }
    }
}

#[test]
fn features_meet_only_within_a_set() {
    let options = BoosterOptions {
        feature_constraints: FeatureConstraints {
            directions: Vec::new(),
            sets: vec![vec![0, 1], vec![2, 3, 5]],
        },
        ..options()
    };
    let outcome = train(&binary(20_000), &options, Loss::BinaryLogLoss, SIMPLE);
    let sets = [vec![0, 1], vec![2, 3, 5], vec![4], vec![6]];
    let mut met = 0;
    for tree in &outcome.ensemble.trees {
        let mut paths: Vec<Vec<u32>> = vec![Vec::new(); tree.nodes.len()];
        for (index, node) in tree.nodes.iter().enumerate() {
            let Node::Split(split) = node else { continue };
            let mut path = paths[index].clone();
            path.push(split.feature);
            let holds = |set: &Vec<u32>| path.iter().all(|feature| set.contains(feature));
            assert!(sets.iter().any(holds), "{path:?}");
            met += usize::from(path.iter().any(|feature| *feature != path[0]));
            paths[split.left as usize] = path.clone();
            paths[split.right as usize] = path;
        }
    }
    assert!(met > 5, "{met}");
}
