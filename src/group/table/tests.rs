use super::*;
use crate::group::hash::hash_text;

const TRAIN: u8 = Split::Train as u8;
const TEST: u8 = Split::Test as u8;
const NONE: u8 = Split::None as u8;

/// A table of genes, each row (name, label, split), that holds `groups_max` in memory.
fn table(groups_max: usize, rows: &[(&str, f32, u8)]) -> Result<GroupTable> {
    let mut table = GroupTable::new(2, groups_max, std::env::temp_dir());
    for &(name, label, split) in rows {
        table.name(hash_text(name), name)?;
        table.update(&[hash_text(name)], &[label], &[split])?;
    }
    Ok(table)
}

const ROWS: [(&str, f32, u8); 6] = [
    ("TP53", 0.0, TRAIN),
    ("BRCA2", 1.0, TEST),
    ("TP53", 1.0, TRAIN),
    ("TP53", f32::NAN, NONE),
    ("BRCA2", 0.0, TEST),
    ("TTN", f32::NAN, NONE),
];

#[test]
fn groups_are_listed_with_their_split_rows_and_classes() {
    for groups_max in [100, 1] {
        let mut table = table(groups_max, &ROWS).expect("no clash");
        let mut found = Vec::new();
        let mut groups = table.groups().expect("readable");
        while let Some(group) = groups.next_group().expect("one split each") {
            found.push(group);
        }
        assert!(found.is_sorted_by_key(|group| group.group));
        found.sort_by(|a, b| a.name.cmp(&b.name));
        let names: Vec<_> = found.iter().map(|g| g.name.as_deref()).collect();
        assert_eq!(names, [Some("BRCA2"), Some("TP53"), Some("TTN")]);
        let splits: Vec<_> = found
            .iter()
            .map(|g| (g.split, g.rows, g.rows_unused))
            .collect();
        assert_eq!(
            splits,
            [
                (Split::Test, 2, 0),
                (Split::Train, 2, 1),
                (Split::None, 0, 1)
            ]
        );
        assert_eq!(found[1].class_rows, [1, 1]);
    }
}

#[test]
fn the_message_about_a_group_in_two_splits_says_where_valid_rows_came_from() {
    const VALID: u8 = Split::Valid as u8;
    let check = |splits: [u8; 2], words: &[&str]| {
        let rows = splits.map(|split| ("TP53", 0.0, split));
        let found = table(10, &rows).expect("no clash");
        let mut found = found.with_validation(Some("--val-dir v".to_owned()));
        let message = found.prove().expect_err("a leak").to_string();
        for word in words {
            assert!(message.contains(word), "{message} lacks {word}");
        }
    };
    for other in [TRAIN, TEST] {
        check(
            [VALID, other],
            &["`TP53`", "1 in", "its validation rows are in --val-dir v"],
        );
    }
    check([TEST, TRAIN], &["`TP53`", "correct the split column"]);
}

#[test]
fn the_proof_counts_groups_and_rows() {
    let proof = table(2, &ROWS).expect("no clash").prove().expect("no leak");
    assert_eq!(
        proof,
        SplitProof {
            groups: 2,
            split_groups: [1, 0, 1],
            split_rows: [2, 0, 2],
            rows_unused: 2,
        }
    );
}

#[test]
fn a_group_in_two_splits_is_an_error_that_names_it() {
    for groups_max in [100, 1] {
        let mut rows = ROWS.to_vec();
        rows.push(("BRCA2", 0.0, TRAIN));
        let error = table(groups_max, &rows).expect("no clash").prove();
        let message = error.expect_err("a leak").to_string();
        assert!(
            message.contains("`BRCA2` is in two splits: 1 of its rows"),
            "{message}"
        );
    }
}

#[test]
fn two_names_with_one_hash_are_an_error() {
    let mut table = GroupTable::new(0, 10, std::env::temp_dir());
    table.name(1, "a").expect("the first name");
    table.name(1, "a").expect("the same name");
    table.name(1, "b").expect_err("another name");
}

#[test]
fn a_leak_across_merged_tables_is_found() {
    let mut left = table(10, &ROWS).expect("no clash");
    let right = table(10, &[("TP53", 0.0, TEST)]).expect("no clash");
    left.merge(right).expect("same names");
    left.prove().expect_err("TP53 is in train and test");
}
