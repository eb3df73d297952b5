use serde_json::Value;

use super::{
    bins::{BINS, Interval},
    *,
};

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/metrics.json")).expect("a JSON file")
}

fn floats(value: &Value) -> Vec<f32> {
    let number = |value: &Value| value.as_f64().expect("a number") as f32;
    value
        .as_array()
        .expect("an array")
        .iter()
        .map(number)
        .collect()
}

#[track_caller]
fn assert_near(actual: Option<f64>, expected: &Value, tolerance: f64) {
    let actual = actual.expect("defined");
    let expected = expected.as_f64().expect("a number");
    assert!(
        (actual - expected).abs() <= tolerance,
        "{actual} {expected}"
    );
}

/// The interval holds scikit-learn's value, and its own is within `tolerance` of it.
#[track_caller]
fn assert_holds(interval: Option<Interval>, expected: &Value, tolerance: f64) {
    let interval = interval.expect("defined");
    let exact = expected.as_f64().expect("a number");
    assert!(interval.low <= exact + 1e-15, "{interval:?} {exact}");
    assert!(exact <= interval.high + 1e-15, "{interval:?} {exact}");
    assert_near(Some(interval.value), expected, tolerance);
}

/// Rows whose label shifts their margin.
fn scored(rows: usize, seed: u64) -> (Vec<f32>, Vec<f32>) {
    let mut state = seed;
    let mut uniform = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 40) as f32 / (1u32 << 24) as f32
    };
    (0..rows)
        .map(|_| {
            let label = if uniform() < 0.2 { 1.0 } else { 0.0 };
            let noise = uniform() + uniform() + uniform() - 1.5;
            (6.0 * noise + 2.0 * label - 1.0, label)
        })
        .unzip()
}

fn binary(margins: &[f32], labels: &[f32]) -> BinaryTable {
    let mut table = BinaryTable::new(0.5);
    table.update(margins, labels, None);
    table
}

/// AUC-ROC and average precision by sorting: the naive twin.
fn ranking_naive(margins: &[f32], labels: &[f32]) -> (f64, f64) {
    let mut rows: Vec<(f32, f32)> = margins
        .iter()
        .copied()
        .zip(labels.iter().copied())
        .collect();
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut positives, mut negatives, mut won, mut precision) = (0.0, 0.0, 0.0, 0.0);
    for ties in rows.chunk_by(|a, b| a.0 == b.0) {
        let hits = ties.iter().filter(|row| row.1 > 0.5).count() as f64;
        let misses = ties.len() as f64 - hits;
        won += misses * (positives + hits / 2.0);
        positives += hits;
        negatives += misses;
        precision += hits * positives / (positives + negatives);
    }
    (won / (positives * negatives), precision / positives)
}

#[test]
fn binary_agrees_with_scikit_learn() {
    for case in golden()["binary"].as_array().expect("cases") {
        let threshold = case["threshold"].as_f64().expect("a number");
        let (margins, labels) = (floats(&case["margins"]), floats(&case["labels"]));
        let mut table = BinaryTable::new(threshold);
        table.update(&margins, &labels, None);
        let metrics = table.finish();
        // Margins are bin borders, so the bins' ties are the data's ties.
        assert_holds(metrics.auc_roc, &case["auc_roc"], 1e-14);
        assert_holds(metrics.auc_pr, &case["auc_pr"], 1e-14);
        assert_near(metrics.log_loss, &case["log_loss"], 1e-11);
        assert_near(metrics.brier, &case["brier"], 1e-11);
        assert_near(metrics.accuracy, &case["accuracy"], 1e-15);
        assert_near(metrics.precision, &case["precision"], 1e-15);
        assert_near(metrics.recall, &case["recall"], 1e-15);
        assert_near(metrics.f1, &case["f1"], 1e-15);
        assert_near(metrics.macro_f1, &case["macro_f1"], 1e-15);
        assert_near(metrics.mcc, &case["mcc"], 1e-14);
        assert_eq!(serde_json::json!(metrics.confusion), case["confusion"]);

        let wide = margins.iter().map(|&m| 1.0 / (1.0 + (-f64::from(m)).exp()));
        let mut by_probability = BinaryTable::new(threshold);
        by_probability.update_probabilities(&wide.collect::<Vec<f64>>(), &labels, None);
        let base = by_probability.finish();
        assert_near(base.log_loss, &case["log_loss"], 1e-11);
        assert_near(base.brier, &case["brier"], 1e-11);
        assert_holds(base.auc_roc, &case["auc_roc"], 1e-2);
        assert_eq!(base.confusion, metrics.confusion);
    }
}

#[test]
fn multiclass_agrees_with_scikit_learn() {
    for case in golden()["multiclass"].as_array().expect("cases") {
        let (margins, labels) = (floats(&case["margins"]), floats(&case["labels"]));
        let classes = margins.len() / labels.len();
        let mut table = MulticlassTable::new(classes);
        table.update(&margins, &labels, None);
        let metrics = table.finish();
        assert_holds(metrics.auc_roc, &case["auc_roc"], 1e-3);
        assert_holds(metrics.auc_pr, &case["auc_pr"], 1e-3);
        assert_near(metrics.log_loss, &case["log_loss"], 1e-11);
        assert_near(metrics.brier, &case["brier"], 1e-11);
        assert_near(metrics.accuracy, &case["accuracy"], 1e-15);
        assert_near(metrics.macro_f1, &case["macro_f1"], 1e-14);
        assert_near(metrics.mcc, &case["mcc"], 1e-14);
        assert_eq!(serde_json::json!(metrics.confusion), case["confusion"]);
        for class in &metrics.classes {
            let c = class.class;
            assert_holds(class.auc_roc, &case["class_auc_roc"][c], 1e-3);
            assert_holds(class.auc_pr, &case["class_auc_pr"][c], 1e-3);
            assert_near(class.precision, &case["class_precision"][c], 1e-15);
            assert_near(class.recall, &case["class_recall"][c], 1e-15);
            assert_near(class.f1, &case["class_f1"][c], 1e-15);
        }

        let wide: Vec<f64> = margins.iter().map(|&m| f64::from(m).exp()).collect();
        let mut by_probability = MulticlassTable::new(classes);
        by_probability.update_probabilities(&wide, &labels, None);
        assert_near(by_probability.finish().log_loss, &case["log_loss"], 1e-11);
    }
}

#[test]
fn two_classes_as_several_are_the_same() {
    let (margins, labels) = scored(500, 3);
    let as_two = binary(&margins, &labels).finish();
    let mut table = MulticlassTable::new(2);
    let zeros = vec![0.0; 500];
    table.update(&[zeros, margins].concat(), &labels, None);
    let as_several = table.finish();
    assert_eq!(as_several.accuracy, as_two.accuracy);
    assert_eq!(as_several.mcc, as_two.mcc);
    assert_eq!(as_several.classes[1].f1, as_two.f1);
    assert_eq!(as_several.macro_f1, as_two.macro_f1);
    let close = |a: Option<f64>, b: Option<f64>| (a.expect("some") - b.expect("some")).abs() < 1e-9;
    assert!(close(as_several.log_loss, as_two.log_loss));
    assert!(close(
        as_several.brier,
        as_two.brier.map(|brier| 2.0 * brier)
    ));
    let auc = |interval: Option<Interval>| interval.map(|interval| interval.value);
    assert!(
        (auc(as_several.classes[1].auc_roc).expect("some") - auc(as_two.auc_roc).expect("some"))
            .abs()
            < 1e-4
    );
    assert!(
        (as_several.top_k_accuracy.expect("some") - as_two.top_k_accuracy.expect("some")).abs()
            < 1e-2
    );
}

#[test]
fn regression_agrees_with_scikit_learn() {
    let case = &golden()["regression"];
    let (predictions, labels) = (floats(&case["predictions"]), floats(&case["labels"]));
    for center in [0.0, 1000.0] {
        let mut table = RegressionTable::new(center, Deviation::None);
        table.update(&predictions, &labels, None);
        let metrics = table.finish();
        assert_near(metrics.rmse, &case["rmse"], 1e-12);
        assert_near(metrics.mae, &case["mae"], 1e-12);
        assert_near(metrics.r2, &case["r2"], 1e-8);
        assert_eq!(metrics.rows, 40);
    }
}

#[test]
fn deviations_agree_with_scikit_learn() {
    let (margins, labels) = ([0.0, 1.0, -0.5, 2.0], [1.0, 2.0, 0.0, 9.0]);
    let finish = |deviation| {
        let mut table = RegressionTable::new(0.0, deviation);
        table.update(&margins, &labels, None);
        table.finish()
    };
    // sklearn.metrics.mean_pinball_loss(labels, margins, alpha=0.8)
    let pinball = finish(Deviation::Pinball { alpha: 0.8 });
    assert_near(pinball.pinball, &Value::from(1.9), 1e-12);
    assert_eq!(pinball.poisson_deviance, None);
    // sklearn.metrics.mean_poisson_deviance(labels, exp(margins))
    let poisson = finish(Deviation::Poisson);
    let expected = Value::from(0.437_592_072_124_097_23);
    assert_near(poisson.poisson_deviance, &expected, 1e-12);
    assert_eq!(poisson.pinball, None);
    assert_near(
        poisson.mae,
        &Value::from((0.718_281_828 + 0.606_530_659_7 + 1.610_943_901) / 4.0),
        1e-8,
    );
}

#[test]
fn the_interval_holds_what_sorting_gives() {
    for (rows, seed, width) in [
        (1, 1, 1.0),
        (50, 2, 1.0),
        (5_000, 3, 1e-3),
        (200_000, 4, 3e-4),
    ] {
        let (margins, labels) = scored(rows, seed);
        let (auc, precision) = ranking_naive(&margins, &labels);
        let metrics = binary(&margins, &labels).finish();
        let check = |interval: Option<Interval>, exact: f64| {
            let Some(Interval { value, low, high }) = interval else {
                assert!(exact.is_nan(), "{exact}");
                return;
            };
            assert!(low <= exact && exact <= high, "{low} {exact} {high}");
            assert!(low <= value && value <= high, "{low} {value} {high}");
            assert!(high - low <= width, "{rows}: {low} {high}");
            assert!((value - exact).abs() < width / 2.0, "{value} {exact}");
        };
        check(metrics.auc_roc, auc);
        check(metrics.auc_pr, precision);
    }
}

#[test]
fn the_interval_holds_whatever_the_order_and_the_ties_inside_a_bin() {
    // Everything in two bins, and inside them in every order from worst to best, with and without
    // ties: 6,000 rows a bin, so that sums over positives are bounded by their integral.
    let step = 1.0 / 2048.0 / 8_192.0;
    for rows in [12, 12_000] {
        for law in 0..6 {
            let (margins, labels): (Vec<f32>, Vec<f32>) = (0..rows)
                .map(|i| {
                    let (bin, place) = (i % 2, i / 2);
                    let is_high = place * 2 >= rows / 2;
                    let label = match law {
                        0 => is_high,
                        1 => !is_high,
                        2 => place % 3 == 0,
                        3 => bin == 1 || is_high,
                        _ => place % 5 == 0,
                    };
                    let place = if law == 4 { place / 7 * 7 } else { place };
                    let margin = f64::from(bin) / 2048.0 + f64::from(place) * step;
                    (margin as f32, f32::from(u8::from(label)))
                })
                .unzip();
            let (auc, precision) = ranking_naive(&margins, &labels);
            let metrics = binary(&margins, &labels).finish();
            let holds = |interval: Option<Interval>, exact: f64| {
                let Interval { low, high, .. } = interval.expect("both labels");
                // Bounds that are reached differ by the rounding of the sums.
                assert!(
                    low <= exact + 1e-12 && exact <= high + 1e-12,
                    "{law}: {low} {exact}"
                );
            };
            holds(metrics.auc_roc, auc);
            holds(metrics.auc_pr, precision);
        }
    }
}

#[test]
fn margins_beyond_the_clip_are_ties() {
    let metrics = binary(&[20.0, 30.0, -20.0, f32::INFINITY], &[1.0, 0.0, 0.0, 1.0]).finish();
    let auc = metrics.auc_roc.expect("both labels");
    assert_eq!((auc.low, auc.value, auc.high), (0.5, 0.75, 1.0));
    // -ln(1e-15) for one row in four at +30, all but nothing for the others.
    assert!((metrics.log_loss.expect("rows") - 30.0 / 4.0).abs() < 1e-6);
    let wrong = binary(&[f32::INFINITY, -50.0], &[0.0, 1.0]).finish();
    assert!((wrong.log_loss.expect("rows") + 1e-15f64.ln()).abs() < 1e-9);
}

#[test]
fn top_k_shares_the_bin_at_the_border() {
    let check = |margins: &[f32], labels: &[f32], expected: Option<f64>| {
        assert_eq!(binary(margins, labels).finish().top_k_accuracy, expected);
    };
    check(&[3.0, 2.0, 1.0, 0.0], &[1.0, 0.0, 1.0, 0.0], Some(0.5));
    check(&[3.0, 2.0, 1.0, 0.0], &[1.0, 1.0, 0.0, 0.0], Some(1.0));
    check(
        &[3.0, 1.0, 1.0, 1.0, 1.0],
        &[1.0, 1.0, 0.0, 0.0, 0.0],
        Some(0.625),
    );
    check(&[3.0, 1.0], &[0.0, 0.0], None);
}

#[test]
fn what_is_undefined_is_none_and_null() {
    let empty = BinaryTable::new(0.5).finish();
    assert_eq!(
        (empty.auc_roc, empty.log_loss, empty.f1),
        (None, None, None)
    );
    let negatives = binary(&[-1.0, -2.0], &[0.0, 0.0]).finish();
    assert_eq!(
        (negatives.auc_roc, negatives.auc_pr, negatives.mcc),
        (None, None, None)
    );
    assert_eq!(
        (negatives.precision, negatives.recall, negatives.f1),
        (None, None, None)
    );
    assert_eq!(
        (negatives.accuracy, negatives.macro_f1),
        (Some(1.0), Some(1.0))
    );
    let json = serde_json::to_value(&negatives).expect("plain data");
    assert!(json["auc_roc"].is_null() && json["f1"].is_null());
    let positives = binary(&[-1.0, -2.0], &[1.0, 1.0]).finish();
    assert_eq!((positives.auc_roc, positives.f1), (None, Some(0.0)));

    let several = MulticlassTable::new(3).finish();
    assert_eq!(
        (several.auc_roc, several.macro_f1, several.mcc),
        (None, None, None)
    );
    let mut constant = RegressionTable::new(0.1, Deviation::None);
    assert_eq!(constant.finish().rmse, None);
    constant.update(&[1.0, 2.0], &[3.0, 3.0], None);
    assert_eq!(
        (constant.finish().r2, constant.finish().mae),
        (None, Some(1.5))
    );
}

#[test]
fn auc_is_an_object_in_json() {
    let metrics = binary(&[1.0, -1.0], &[1.0, 0.0]).finish();
    let json = serde_json::to_value(&metrics).expect("plain data");
    let expected = serde_json::json!({"value": 1.0, "low": 1.0, "high": 1.0});
    assert_eq!(json["auc_roc"], expected);
    assert_eq!(json["confusion"], serde_json::json!([[1, 0], [0, 1]]));
    let read: BinaryMetrics = serde_json::from_value(json).expect("what was written");
    assert_eq!(read, metrics);
}

#[test]
fn rows_without_a_prediction_are_counted_and_left_out() {
    let metrics = binary(&[1.0, f32::NAN, -1.0], &[1.0, 1.0, 0.0]).finish();
    assert_eq!((metrics.rows, metrics.unscored_rows), (2, 1));
    let mut base = BinaryTable::new(0.5);
    base.update_probabilities(&[0.0, 1.0, f64::NAN], &[0.0, 1.0, 1.0], None);
    assert_eq!((base.finish().rows, base.finish().unscored_rows), (2, 1));
    let mut several = MulticlassTable::new(2);
    several.update(&[0.0, f32::NAN, 1.0, 0.0], &[1.0, 0.0], None);
    assert_eq!(
        (several.finish().rows, several.finish().unscored_rows),
        (1, 1)
    );
    let mut number = RegressionTable::new(0.0, Deviation::None);
    number.update(&[0.0, f32::NAN], &[1.0, 0.0], None);
    assert_eq!(
        (number.finish().rows, number.finish().unscored_rows),
        (1, 1)
    );
}

#[test]
fn the_decision_is_by_the_margin_itself_and_not_by_its_bin() {
    let check = |threshold: f64, margin: f32, decided: usize| {
        let mut table = BinaryTable::new(threshold);
        table.update(&[margin], &[1.0], None);
        assert_eq!(
            table.finish().confusion[1][decided],
            1,
            "{threshold} {margin}"
        );
    };
    check(0.5, 0.0, 1);
    check(0.5, -0.0, 1);
    check(0.5, -1e-30, 0);
    check(0.25, -1.098_7, 0);
    check(0.25, -1.098_5, 1);
    // 0 is a border of the bins too: the smallest negative margin is below it.
    let mut bins = ScoreBins::default();
    bins.add(-1e-30, false);
    bins.add(0.0, true);
    assert_eq!(bins.auc_roc().map(|auc| auc.low), Some(1.0));
}

#[test]
fn any_order_of_rows_and_merges_gives_the_same_bits() {
    let (margins, labels) = scored(3_000, 5);
    let all: Vec<u32> = (0..3_000).collect();
    let backwards: Vec<u32> = all.iter().rev().copied().collect();
    let whole = binary(&margins, &labels);
    let part = |at: &[u32]| {
        let mut table = BinaryTable::new(0.5);
        table.update(&margins, &labels, Some(at));
        table
    };
    assert_eq!(part(&backwards), whole);
    let [a, b, c] = [&all[..7], &all[7..2_000], &all[2_000..]].map(part);
    let merged = |left: &BinaryTable, right: &BinaryTable| {
        let mut merged = left.clone();
        merged.merge(right);
        merged
    };
    assert_eq!(merged(&merged(&a, &b), &c), whole);
    assert_eq!(merged(&c, &merged(&b, &a)), whole);
    assert_eq!(merged(&whole, &BinaryTable::new(0.5)), whole);

    let several = |at: Option<&[u32]>| {
        let mut table = MulticlassTable::new(2);
        table.update(&[margins.clone(), labels.clone()].concat(), &labels, at);
        table
    };
    let mut halves = several(Some(&all[1_000..]));
    halves.merge(&several(Some(&all[..1_000])));
    assert_eq!(halves.finish(), several(None).finish());

    let number = |at: Option<&[u32]>| {
        let mut table = RegressionTable::new(0.1, Deviation::None);
        table.update(&margins, &labels, at);
        table
    };
    let mut halves = number(Some(&backwards[..500]));
    halves.merge(&number(Some(&backwards[500..])));
    assert_eq!(halves.finish(), number(None).finish());
}

#[test]
fn many_classes_take_no_more_than_sixteen() {
    let bytes_max = 16 * BINS * 16 + (1 << 20);
    assert!(MulticlassTable::new(3).heap_bytes() < 4 * BINS * 16);
    assert!(MulticlassTable::new(16).heap_bytes() <= bytes_max);
    assert!(MulticlassTable::new(17).heap_bytes() <= bytes_max);
    assert!(MulticlassTable::new(300).heap_bytes() <= bytes_max);
}

/// Three groups: sites found and missed, no sites but a false one, nothing at all.
fn groups(groups_max: usize) -> GroupConfusion {
    let mut table = GroupConfusion::new(2, groups_max, std::env::temp_dir());
    let groups = [1, 1, 1, 2, 2, 3, 1];
    let labels = [1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0];
    let margins = [2.0, -2.0, 2.0, 2.0, -2.0, -2.0, f32::NAN];
    table
        .update_binary(&groups, &margins, &labels, 0.5, None)
        .expect("a directory to write to");
    table
}

#[test]
fn group_counts_and_their_mean_f1() {
    for groups_max in [100, 1] {
        let mut table = groups(groups_max);
        let f1 = table.finish().expect("readable");
        // F1 is 2/4, 0/1 and undefined, which counts as 0.
        assert_eq!((f1.groups, f1.mean_f1), (3, Some(0.5 / 3.0)));
        assert_eq!(
            (f1.groups_with_sites, f1.mean_f1_with_sites),
            (1, Some(0.5))
        );
        let mut iter = table.groups().expect("readable");
        let first = iter.next_group().expect("readable").expect("a group");
        assert_eq!((first.group, first.rows), (1, 3));
        let expected = ClassCounts {
            tp: 1,
            fp: 1,
            tn: 0,
            fn_: 1,
        };
        assert_eq!((first.classes[1], first.sites()), (expected, expected));
        assert_eq!(first.classes[0], expected.opposite());
    }
    let nothing = GroupConfusion::new(2, 1, std::env::temp_dir()).finish();
    assert_eq!(nothing.expect("readable").mean_f1, None);
}

#[test]
fn group_counts_of_several_classes_pool_the_sites() {
    let mut table = GroupConfusion::new(3, 10, std::env::temp_dir());
    let labels = [0.0, 1.0, 2.0, 2.0];
    let margins = [
        [5.0, 0.0, 0.0, 0.0],
        [0.0, 5.0, 5.0, 0.0],
        [0.0, 0.0, 0.0, 5.0],
    ];
    table
        .update_multiclass(&[9; 4], &margins.concat(), &labels, None)
        .expect("a directory to write to");
    let mut iter = table.groups().expect("readable");
    let group = iter.next_group().expect("readable").expect("a group");
    let sites = group.sites();
    // A donor taken for an acceptor is a false and a missed site.
    assert_eq!((sites.tp, sites.fp, sites.fn_, sites.tn), (2, 1, 1, 1));
    assert_eq!(group.classes[2].recall(), Some(0.5));
}

#[test]
fn group_counts_merge_in_any_order() {
    let mut left = groups(1);
    left.merge(groups(100)).expect("a directory to write to");
    let mut right = groups(100);
    right.merge(groups(1)).expect("a directory to write to");
    let (left, right) = (left.finish(), right.finish());
    assert_eq!(left.expect("readable"), right.expect("readable"));
}
