use std::fs::File;

use parquet::{
    file::reader::{FileReader, SerializedFileReader},
    record::{Field, RowAccessor},
};

use crate::{
    data::Split,
    error::Error,
    report::splits::{self, SplitRow},
};

fn row(group: Option<&str>, split: Split, rows: u64) -> SplitRow {
    SplitRow {
        group: group.map(str::to_owned),
        split,
        rows,
    }
}

fn read(directory: &std::path::Path) -> Vec<(Option<String>, String, i64)> {
    let file = File::open(directory.join(splits::NAME)).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    reader
        .get_row_iter(None)
        .unwrap()
        .map(|row| {
            let row = row.unwrap();
            let group = match row.get_column_iter().next().unwrap() {
                (name, Field::Str(group)) => {
                    assert_eq!(name, "group");
                    Some(group.clone())
                }
                _ => None,
            };
            let split = row.get_string(1).unwrap().clone();
            (group, split, row.get_long(2).unwrap())
        })
        .collect()
}

#[test]
fn groups_come_back_with_their_split_and_rows() {
    let directory = tempfile::tempdir().unwrap();
    let rows = [
        row(Some("gène, 1"), Split::Train, 17_629),
        row(Some(""), Split::Test, 8),
        row(None, Split::Valid, 5),
    ];
    let written = splits::write(directory.path(), rows.map(Ok)).unwrap();
    assert_eq!(written, 3);
    assert_eq!(
        read(directory.path()),
        [
            (Some("gène, 1".to_owned()), "train".to_owned(), 17_629),
            (Some(String::new()), "test".to_owned(), 8),
            (None, "valid".to_owned(), 5),
        ]
    );
}

#[test]
fn more_groups_than_are_held_come_back_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let group = |index: u64| {
        let split = Split::ALL[index as usize % 3];
        row(Some(&format!("g{index}")), split, index)
    };
    splits::write(directory.path(), (0..40_000).map(|index| Ok(group(index)))).unwrap();
    let read = read(directory.path());
    assert_eq!(read.len(), 40_000);
    assert_eq!(
        read[39_999],
        (Some("g39999".to_owned()), "train".to_owned(), 39_999)
    );
    assert_eq!(read[20_000].2, 20_000);
}

#[test]
fn an_error_of_the_groups_leaves_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let rows = vec![
        Ok(row(Some("a"), Split::Train, 1)),
        Err(Error::Dataset("the spill is gone".to_owned())),
    ];
    let error = splits::write(directory.path(), rows).unwrap_err();
    assert_eq!(error.to_string(), "the spill is gone");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn a_planted_link_is_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let victim = super::plant_link(directory.path(), splits::NAME);
    splits::write(directory.path(), [Ok(row(Some("a"), Split::Train, 1))]).unwrap();
    assert_eq!(std::fs::read_to_string(victim).unwrap(), "precious");
    assert_eq!(read(directory.path()).len(), 1);
}
