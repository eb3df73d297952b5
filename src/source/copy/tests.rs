use std::path::{Path, PathBuf};

use super::*;
use crate::{
    data::Values,
    limits::Limits,
    platform::stop::Stop,
    source::{
        Dataset, LaneReader, OpenOptions,
        write::{ColumnData, ColumnKind, ColumnSpec, TableWriter, WriteOptions},
    },
};

fn open(path: &Path) -> Dataset {
    let limits = Limits::default();
    Dataset::open(path.to_str().unwrap(), &OpenOptions::new(&limits)).unwrap()
}

/// A file with the columns given, two row groups, values that say where they are.
fn write(path: &Path, columns: &[(&str, ColumnKind)]) {
    let specs: Vec<ColumnSpec> = columns
        .iter()
        .map(|(name, kind)| ColumnSpec::nullable(*name, *kind))
        .collect();
    let mut writer = TableWriter::create(path, &specs, &WriteOptions::default()).unwrap();
    for row_group in 0..2 {
        let numbers: Vec<f64> = (0..1_000)
            .map(|row| {
                if row % 7 == 3 {
                    f64::NAN
                } else {
                    f64::from(row * 10 + row_group)
                }
            })
            .collect();
        let floats: Vec<f32> = numbers.iter().map(|value| *value as f32).collect();
        let texts: Vec<Option<&str>> = (0..1_000)
            .map(|row| ["a", "b"].get(row % 3).copied())
            .collect();
        let data: Vec<ColumnData<'_>> = columns
            .iter()
            .map(|(_, kind)| match kind {
                ColumnKind::F64 => ColumnData::F64(&numbers),
                ColumnKind::F32 => ColumnData::F32(&floats),
                _ => ColumnData::Text(&texts),
            })
            .collect();
        writer.write_row_group(&data).unwrap();
    }
    writer.finish().unwrap();
}

/// All values of a column, as text.
fn values(dataset: &Dataset, name: &str) -> Vec<String> {
    let column = dataset.schema().index_of(name).unwrap();
    let mut reader = LaneReader::new(dataset);
    let mut batch = Values::F32(Vec::new());
    let mut all = Vec::new();
    for row_group in 0..dataset.row_groups().len() {
        reader.open(row_group).unwrap();
        reader.read_column(column, &mut batch).unwrap();
        match &batch {
            Values::F32(values) => all.extend(values.iter().map(ToString::to_string)),
            Values::F64(values) => all.extend(values.iter().map(ToString::to_string)),
            Values::Text(text) => all.extend(text.ids.iter().map(|id| match *id {
                crate::data::batch::MISSING_TEXT => "null".to_owned(),
                id => text.value(id).to_owned(),
            })),
        }
    }
    all
}

const ALL: [(&str, ColumnKind); 3] = [
    ("text", ColumnKind::Text),
    ("x", ColumnKind::F64),
    ("y", ColumnKind::F32),
];

fn shards(directory: &Path, second: &[(&str, ColumnKind)]) -> PathBuf {
    let input = directory.join("in");
    std::fs::create_dir(&input).unwrap();
    write(&input.join("part-1.parquet"), &ALL);
    write(&input.join("part-2.parquet"), second);
    input
}

#[test]
fn kept_columns_are_what_they_were() {
    let directory = tempfile::tempdir().unwrap();
    let input = open(&shards(directory.path(), &ALL));
    let kept = [true, false, true];
    let file = directory.path().join("one.parquet");
    let copied = copy_to_file(&input, &kept, &file, &Stop::default()).unwrap();
    assert_eq!((copied.files, copied.rows), (1, 4_000));
    assert_eq!(copied.bytes, file.metadata().unwrap().len());
    let many = directory.path().join("out");
    std::fs::create_dir(&many).unwrap();
    let copied = copy_to_directory(&input, &kept, &many, &Stop::default()).unwrap();
    assert_eq!((copied.files, copied.rows), (2, 4_000));
    for output in [open(&file), open(&many)] {
        let names: Vec<&str> = output
            .schema()
            .fields
            .iter()
            .map(|field| field.name.as_str())
            .collect();
        assert_eq!(names, ["text", "y"]);
        assert_eq!(output.row_groups().len(), 4);
        for name in names {
            assert_eq!(values(&output, name), values(&input, name), "{name}");
        }
        let types = |dataset: &Dataset, name: &str| {
            let column = dataset.schema().index_of(name).unwrap();
            dataset.schema().fields[column].file_type.clone()
        };
        assert_eq!(types(&output, "y"), types(&input, "y"));
    }
}

#[test]
fn a_column_that_one_file_does_not_have_is_null_or_zero_there() {
    for zero in [false, true] {
        let directory = tempfile::tempdir().unwrap();
        let mut input = open(&shards(directory.path(), &[("text", ColumnKind::Text)]));
        input.mark_absent_zero(&|name| zero && name == "x");
        let file = directory.path().join("one.parquet");
        copy_to_file(&input, &[true, true, false], &file, &Stop::default()).unwrap();
        let output = open(&file);
        for name in ["text", "x"] {
            assert_eq!(values(&output, name), values(&input, name), "{name} {zero}");
        }
    }
}

#[test]
fn files_that_store_a_column_differently_make_no_single_file() {
    let directory = tempfile::tempdir().unwrap();
    let second = [("text", ColumnKind::Text), ("x", ColumnKind::F32)];
    let input = open(&shards(directory.path(), &second));
    let file = directory.path().join("one.parquet");
    let error = copy_to_file(&input, &[true; 3], &file, &Stop::default()).unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("`x`") && message.contains("directory"),
        "{message}"
    );
    assert!(fits_one_file(&input, &[true; 3]).is_err());
    assert!(fits_one_file(&input, &[true, false, true]).is_ok());
    assert!(!file.exists());
}

#[test]
fn a_file_that_changed_or_a_request_to_stop_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let input_path = shards(directory.path(), &ALL);
    let input = open(&input_path);
    let out = directory.path().join("out");
    std::fs::create_dir(&out).unwrap();
    let stop = Stop::default();
    stop.request(2);
    let error = copy_to_file(&input, &[true; 3], &out.join("a.parquet"), &stop).unwrap_err();
    assert_eq!(error.exit_code(), 130);
    write(&input_path.join("part-2.parquet"), &ALL[..1]);
    let error = copy_to_file(&input, &[true; 3], &out.join("a.parquet"), &Stop::default());
    assert!(
        matches!(error, Err(crate::error::Error::InputChanged { .. })),
        "{error:?}"
    );
    assert_eq!(out.read_dir().unwrap().count(), 0);
}
