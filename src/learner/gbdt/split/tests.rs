use super::*;
use crate::learner::gbdt::{BoosterOptions, loss::Magnitudes, quantise::Scale};

fn rules(lambda_l2: f64) -> Regularisation {
    let options = BoosterOptions {
        reg_lambda: lambda_l2,
        min_child_weight: 0.0,
        min_child_samples: 0,
        ..BoosterOptions::depth_wise()
    };
    let bounds = Magnitudes {
        gradient: 16_000.0,
        hessian: 16_000.0,
    };
    Regularisation::new(&options, Scale::new(bounds))
}

fn search(
    features: &[FeatureCodes],
    joint: &[(i64, i64)],
    rules: &Regularisation,
) -> Option<Candidate> {
    let mut sums = vec![Sums::default(); CODES_MAX];
    for (sums, &(gradient, hessian)) in sums.iter_mut().zip(joint) {
        *sums = Sums { gradient, hessian };
    }
    let total = sums
        .iter()
        .fold(Sums::default(), |total, &sums| total + sums);
    let node = NodeTotals {
        sums: total,
        rows: total.hessian as u64,
    };
    let mut stride = 1;
    let mut members = Vec::new();
    for (feature, codes) in features.iter().enumerate() {
        members.push(PackMember {
            feature: feature as u32,
            radix: codes.radix(),
            stride,
        });
        stride *= codes.radix();
    }
    let used = vec![true; features.len()];
    let mut best = None;
    let node = NodeView {
        totals: node,
        range: rules.root_range(),
        used: &used,
    };
    let constraints = FeatureConstraints::default();
    search_column(
        &sums,
        &members,
        features,
        &constraints,
        node,
        rules,
        &mut best,
    );
    best
}

/// The naive twin: every subset of codes that the kind of feature allows.
fn gain_naive(codes: FeatureCodes, joint: &[(i64, i64)], lambda_l2: f64) -> f64 {
    let score = |gradient: i64, hessian: i64| {
        let gradient = gradient as f64;
        gradient * gradient / (hessian as f64 + lambda_l2)
    };
    let (gradients, hessians) = joint
        .iter()
        .fold((0, 0), |(g, h), sums| (g + sums.0, h + sums.1));
    let mut best = 0.0f64;
    for subset in 1u32..(1 << joint.len()) {
        let values = u32::from(codes.values);
        let of_values = subset & ((1 << values) - 1);
        let is_threshold = (of_values + 1).is_power_of_two();
        if codes.ordered && !is_threshold {
            continue;
        }
        let left = (0..joint.len()).filter(|&code| subset >> code & 1 == 1);
        let (g, h) = left.fold((0, 0), |(g, h), code| {
            (g + joint[code].0, h + joint[code].1)
        });
        if h > 0 && h < hessians {
            let gain =
                score(g, h) + score(gradients - g, hessians - h) - score(gradients, hessians);
            best = best.max(gain);
        }
    }
    best
}

fn bins(seed: u64, codes: usize) -> Vec<(i64, i64)> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let bin = |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(99);
        let hessian = (state >> 50) as i64 % 300;
        (
            if hessian == 0 {
                0
            } else {
                (state >> 40) as i64 % 201 - 100
            },
            hessian,
        )
    };
    (0..codes).map(bin).collect()
}

#[test]
fn thresholds_agree_with_the_naive_twin() {
    for seed in 0..200 {
        for missing in [false, true] {
            let codes = FeatureCodes::number(6, missing);
            let joint = bins(seed, usize::from(codes.radix()));
            let found = search(&[codes], &joint, &rules(1.0));
            let expected = gain_naive(codes, &joint, 1.0);
            let gain = found.map_or(0.0, |found| found.gain);
            assert!(
                (gain - expected).abs() <= 1e-9 * expected.max(1.0),
                "{seed} {joint:?}"
            );
        }
    }
}

#[test]
fn the_best_subset_is_among_the_contiguous_ones() {
    // Without regularisation, and few enough categories not to get more of it.
    for seed in 0..200 {
        let codes = FeatureCodes::categories(4, false);
        let joint: Vec<(i64, i64)> = bins(seed, 4).iter().map(|&(g, _)| (g, 100_000)).collect();
        let found = search(&[codes], &joint, &rules(0.0));
        let expected = gain_naive(codes, &joint, 0.0);
        let gain = found.map_or(0.0, |found| found.gain);
        assert!(
            (gain - expected).abs() <= 1e-6 * expected.max(1e-9),
            "{seed} {joint:?}"
        );
    }
}

#[test]
fn missing_values_go_where_they_belong() {
    let codes = FeatureCodes::number(3, true);
    let check = |joint: &[(i64, i64)], rule: Rule, missing_left: bool| {
        let found = search(&[codes], joint, &rules(1.0)).expect("a gain");
        assert_eq!(
            (found.rule, found.missing_left),
            (rule, missing_left),
            "{joint:?}"
        );
    };
    check(
        &[(90, 100), (90, 100), (-90, 100), (80, 50)],
        Rule::AtMost(1),
        true,
    );
    check(
        &[(90, 100), (-90, 100), (-90, 100), (-80, 50)],
        Rule::AtMost(0),
        false,
    );
    // Missing alone against all values.
    check(
        &[(9, 100), (9, 100), (9, 100), (-80, 50)],
        Rule::AtMost(2),
        false,
    );
    // None missing: to the larger child.
    check(
        &[(90, 300), (-90, 100), (0, 0), (0, 0)],
        Rule::AtMost(0),
        true,
    );
    check(
        &[(90, 100), (-90, 300), (0, 0), (0, 0)],
        Rule::AtMost(0),
        false,
    );
}

#[test]
fn categories_that_are_not_there_go_to_the_larger_child() {
    let codes = FeatureCodes::categories(4, true);
    let joint = [(90, 300), (-90, 100), (0, 0), (80, 100), (0, 0)];
    let found = search(&[codes], &joint, &rules(1.0)).expect("a gain");
    // Left are the low slopes: category 1.
    assert_eq!(found.rule, Rule::subset([1]));
    assert!(!found.missing_left);
    let joint = [(90, 300), (-90, 1_000), (0, 0), (80, 100), (0, 0)];
    let found = search(&[codes], &joint, &rules(1.0)).expect("a gain");
    assert_eq!(found.rule, Rule::subset([1, 2]));
    assert!(found.missing_left);
}

#[test]
fn ties_go_to_the_first_feature_and_bin() {
    let twins = [
        FeatureCodes::number(2, false),
        FeatureCodes::number(2, false),
    ];
    // Both features are the same: bytes 0 (both 0) and 3 (both 1).
    let joint = [(50, 100), (0, 0), (0, 0), (-50, 100)];
    let found = search(&twins, &joint, &rules(1.0)).expect("a gain");
    assert_eq!(found.feature, 0);
    let codes = FeatureCodes::number(5, false);
    let joint = [(50, 100), (0, 0), (0, 0), (-50, 100), (0, 0)];
    let found = search(&[codes], &joint, &rules(1.0)).expect("a gain");
    assert_eq!(found.rule, Rule::AtMost(0));
    let better = Candidate {
        feature: 3,
        ..found
    };
    assert!(found.is_better(Some(&better)) && !better.is_better(Some(&found)));
}
