use super::*;
use crate::{
    data::Split,
    group::{
        buckets::{BUCKETS, BucketCounts},
        hash::{Purpose, row_hash},
    },
};

fn shares() -> Shares {
    Shares::new(0.1, 0.2).expect("they leave 0.7")
}

/// Rows of `groups` groups whose sizes follow a law, each group with its own share of class 1.
fn counts(groups: u64, size: impl Fn(u64) -> u64) -> BucketCounts {
    let mut counts = BucketCounts::new(42, 2);
    for group in 0..groups {
        let hash = row_hash(9, group, 0, Purpose::Synth);
        let rows = size(group);
        let positives = rows * (hash % 13) / 100;
        let labels = [
            vec![1.0; positives as usize],
            vec![0.0; (rows - positives) as usize],
        ];
        counts.update(&vec![hash; rows as usize], &labels.concat());
    }
    counts
}

/// The worst deviation of a split's rows of a class from its share, relative to the share.
fn worst(assignment: &Assignment, counts: &BucketCounts) -> f64 {
    let totals = counts.class_rows();
    let rows = assignment.rows(counts);
    let mut worst = 0.0f64;
    for split in Split::ALL {
        for (class, &total) in totals.iter().enumerate() {
            let expected = assignment.shares().of(split) * total as f64;
            let actual = rows[split as usize][class] as f64;
            worst = worst.max((actual - expected).abs() / expected);
        }
    }
    worst
}

#[test]
fn balanced_meets_rows_and_classes_where_hash_does_not() {
    let skewed = counts(2_000, |group| 8 + 20_000 / (group + 1));
    let off = worst(&balanced(&skewed, shares()), &skewed);
    assert!(off < 0.002, "{off}");
    let off = worst(&by_hash(42, shares()), &skewed);
    assert!(off > 0.05, "{off}");
    // Few positives a group, so that one of them is 0.2 % of a split's.
    let equal = counts(5_000, |_| 20);
    let off = worst(&balanced(&equal, shares()), &equal);
    assert!(off < 0.005, "{off}");
}

#[test]
fn a_group_has_one_split_and_it_is_the_stored_one() {
    let counts = counts(100, |_| 10);
    for assignment in [balanced(&counts, shares()), by_hash(42, shares())] {
        let text = serde_json::to_string(&assignment).expect("plain data");
        let stored: Assignment = serde_json::from_str(&text).expect("what was written");
        assert_eq!(stored, assignment);
        for group in 0..1_000 {
            let hash = row_hash(9, group, 0, Purpose::Synth);
            assert_eq!(stored.split_of(hash), assignment.split_of(hash));
        }
    }
}

#[test]
fn hash_does_not_look_at_the_data() {
    let assignment = by_hash(1, shares());
    let tests = (0..10_000)
        .filter(|&group| assignment.split_of(row_hash(0, group, 0, Purpose::Synth)) == Split::Test)
        .count();
    assert!((1_850..2_150).contains(&tests), "{tests}");
    assert_eq!(assignment.method(), Method::Hash);
    assert_eq!((assignment.seed(), assignment.shares()), (1, shares()));
}

#[test]
fn the_split_does_not_depend_on_the_order_of_the_parts() {
    let (a, b) = (counts(300, |_| 10), counts(500, |group| group % 7 + 1));
    let mut forwards = a.clone();
    forwards.merge(&b);
    let mut backwards = b;
    backwards.merge(&a);
    assert_eq!(
        balanced(&forwards, shares()),
        balanced(&backwards, shares())
    );
}

#[test]
fn rows_without_a_label_are_in_no_split() {
    let assignment = by_hash(42, shares());
    let mut splits = [9; 3];
    assignment.splits_into(&[1, 1, 2], &[0.0, f32::NAN, 1.0], &mut splits);
    let expected = [assignment.split_of(1), Split::None, assignment.split_of(2)];
    assert_eq!(splits.map(Split::from_byte), expected);
}

#[test]
fn every_wanted_split_gets_a_group_if_there_are_enough() {
    for groups in 3..8 {
        let counts = counts(groups, |_| 50);
        let assignment = balanced(&counts, shares());
        assert_eq!(
            assignment
                .warnings(&counts)
                .iter()
                .filter(|w| { matches!(w, Warning::EmptySplit { .. }) })
                .count(),
            0,
            "{groups} groups"
        );
    }
}

#[test]
fn an_unwanted_split_stays_empty() {
    let counts = counts(500, |_| 10);
    let shares = Shares::new(0.0, 0.2).expect("they leave 0.8");
    for assignment in [balanced(&counts, shares), by_hash(42, shares)] {
        let rows = assignment.rows(&counts);
        assert_eq!(rows[Split::Valid as usize].iter().sum::<u64>(), 0);
        assert!(assignment.warnings(&counts).is_empty());
    }
}

#[test]
fn warns_of_a_group_that_exceeds_a_split_and_of_an_empty_split() {
    let counts = counts(2, |group| if group == 0 { 900 } else { 100 });
    let warnings = balanced(&counts, shares()).warnings(&counts);
    let text: Vec<String> = warnings.iter().map(Warning::to_string).collect();
    assert_eq!(text.len(), 2, "{text:?}");
    assert!(text[0].contains("holds 90.0 % of the rows, more than the 10.0 % that valid"));
    assert!(
        text[1].contains("has none: there are too few groups"),
        "{text:?}"
    );
}

#[test]
fn shares_that_cannot_be_meant_are_refused() {
    let check = |valid, test, expected: &str| {
        let error = Shares::new(valid, test).expect_err("wrong shares");
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(error.exit_code(), 2);
    };
    check(-0.1, 0.2, "--valid-size -0.1 is out of range");
    check(0.1, 1.0, "--test-size 1 is out of range");
    check(f64::NAN, 0.2, "--valid-size NaN");
    check(0.5, 0.5, "leave no training rows");
    Shares::new(0.0, 0.0).expect("everything may be train");
}

#[test]
fn a_damaged_table_is_refused() {
    let mut value = serde_json::to_value(by_hash(1, shares())).expect("plain data");
    for buckets in ["012".to_owned(), "3".repeat(BUCKETS)] {
        value["buckets"] = buckets.into();
        serde_json::from_value::<Assignment>(value.clone()).expect_err("not a table");
    }
}
