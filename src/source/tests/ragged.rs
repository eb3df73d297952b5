//! Files that do not have the same columns or types.

use super::*;
use crate::data::{Absent, ValueType};

const NONE: Compression = Compression::None;

fn shard(directory: &Path, name: &str, columns: &[(&str, ColumnKind, ColumnData<'_>)]) {
    write(&directory.join(name), columns, NONE);
}

#[test]
fn absent_columns_are_missing_or_zero_and_the_schema_is_the_union() {
    let directory = tempfile::tempdir().unwrap();
    let x = ColumnData::F32(&[1.0, f32::NAN]);
    let text = ColumnData::Text(&[Some("a"), None]);
    let root = directory.path();
    shard(
        root,
        "part-2.parquet",
        &[("x", ColumnKind::F32, x), ("3mer_A", ColumnKind::F32, x)],
    );
    shard(
        root,
        "part-10.parquet",
        &[("t", ColumnKind::Text, text), ("x", ColumnKind::F32, x)],
    );
    let limits = Limits::default();
    let options = OpenOptions {
        absent_is_zero: &|name| name.contains("mer_") || name == "t",
        ..OpenOptions::new(&limits)
    };
    let dataset = Dataset::open(root.to_str().unwrap(), &options).unwrap();
    let fields = &dataset.schema().fields;
    let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["x", "3mer_A", "t"]);
    let absent: Vec<Absent> = fields.iter().map(|field| field.absent).collect();
    assert_eq!(absent, [Absent::Missing, Absent::Zero, Absent::Missing]);
    assert_eq!(numbers(&dataset, "x"), [Some(1.0), None, Some(1.0), None]);
    assert_eq!(
        numbers(&dataset, "3mer_A"),
        [Some(1.0), None, Some(0.0), Some(0.0)]
    );
    assert_eq!(
        texts(&dataset, "t"),
        [None, None, Some("a".to_owned()), None]
    );
    let plain = open(root).unwrap();
    assert_eq!(numbers(&plain, "3mer_A"), [Some(1.0), None, None, None]);
}

#[test]
fn numeric_types_are_widened_to_the_narrowest_exact_one() {
    let data = |kind| match kind {
        ColumnKind::F64 => ColumnData::F64(&[2.0]),
        ColumnKind::F32 => ColumnData::F32(&[2.0]),
        ColumnKind::I64 => ColumnData::I64(&[2]),
        ColumnKind::I32 => ColumnData::I32(&[2]),
        ColumnKind::U8 => ColumnData::U8(&[2]),
        ColumnKind::Bool => ColumnData::Bool(&[true]),
        ColumnKind::Text => ColumnData::Text(&[Some("2")]),
    };
    let check = |first: ColumnKind, second: ColumnKind, expected: ValueType| {
        let directory = tempfile::tempdir().unwrap();
        shard(directory.path(), "1.parquet", &[("x", first, data(first))]);
        shard(
            directory.path(),
            "2.parquet",
            &[("x", second, data(second))],
        );
        let dataset = open(directory.path()).unwrap();
        let found = dataset.schema().fields[0].value_type;
        assert_eq!(found, Some(expected), "{first:?} {second:?}");
        assert!(numbers(&dataset, "x").iter().all(|value| value.is_some()));
    };
    use ColumnKind::{Bool, F32, F64, I32, I64, U8};
    check(F32, F32, ValueType::F32);
    check(F32, U8, ValueType::F32);
    check(Bool, U8, ValueType::F32);
    check(F32, I32, ValueType::F64);
    check(I32, F32, ValueType::F64);
    check(I64, I32, ValueType::F64);
    check(F64, F32, ValueType::F64);
    check(Bool, F64, ValueType::F64);
}

#[test]
fn a_number_here_and_a_text_there_is_an_error_of_that_column_alone() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let one = ColumnData::I32(&[1]);
    let text = ColumnData::Text(&[Some("one")]);
    shard(
        root,
        "1.parquet",
        &[("x", ColumnKind::I32, one), ("y", ColumnKind::I32, one)],
    );
    shard(
        root,
        "2.parquet",
        &[("x", ColumnKind::Text, text), ("y", ColumnKind::I32, one)],
    );
    let dataset = open(root).unwrap();
    assert_eq!(numbers(&dataset, "y"), [Some(1.0), Some(1.0)]);
    let error = read(&dataset, "x").unwrap_err().to_string();
    for part in [
        "`x`",
        "int32",
        "1.parquet",
        "string",
        "2.parquet",
        "--exclude x",
    ] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn a_directory_names_a_column_only_where_the_file_does_not() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let x = ColumnData::F64(&[7.0]);
    shard(root, "fold=1/a.parquet", &[("fold", ColumnKind::F64, x)]);
    shard(root, "fold=2/a.parquet", &[("x", ColumnKind::F64, x)]);
    shard(
        root,
        "fold=__HIVE_DEFAULT_PARTITION__/a.parquet",
        &[("x", ColumnKind::F64, x)],
    );
    let dataset = open(root).unwrap();
    assert_eq!(numbers(&dataset, "fold"), [Some(7.0), Some(2.0), None]);
}

#[test]
fn the_fingerprint_moves_with_the_dataset_and_with_its_content() {
    let here = tempfile::tempdir().unwrap();
    let there = tempfile::tempdir().unwrap();
    let write_to = |root: &Path, name: &str, value: f64| {
        shard(
            root,
            name,
            &[("x", ColumnKind::F64, ColumnData::F64(&[value]))],
        );
        open(root).unwrap().fingerprint()
    };
    let first = write_to(here.path(), "a.parquet", 1.0);
    assert_eq!(write_to(there.path(), "a.parquet", 1.0), first);
    assert_ne!(write_to(there.path(), "b.parquet", 1.0), first);
    assert_ne!(write_to(here.path(), "a.parquet", 2.0), first);
}

#[test]
fn limits_on_files_columns_and_footers_are_errors() {
    let directory = tempfile::tempdir().unwrap();
    let x = ColumnData::F64(&[7.0]);
    let columns = [("x", ColumnKind::F64, x), ("y", ColumnKind::F64, x)];
    shard(directory.path(), "a.parquet", &columns);
    let check = |limits: Limits, expected: &str| {
        let root = directory.path().to_str().unwrap();
        let error = Dataset::open(root, &OpenOptions::new(&limits))
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{error}");
    };
    let usual = Limits::default();
    check(
        Limits {
            columns_max: 1,
            ..usual.clone()
        },
        "more than 1 columns",
    );
    check(
        Limits {
            row_groups_max: 0,
            ..usual.clone()
        },
        "more than 0 row groups",
    );
    check(
        Limits {
            footer_bytes_max: 9,
            ..usual.clone()
        },
        "above the limit of 9",
    );
    let limits = Limits {
        page_bytes_max: 3,
        ..usual
    };
    let dataset = Dataset::open(
        directory.path().to_str().unwrap(),
        &OpenOptions::new(&limits),
    );
    let error = read(&dataset.unwrap(), "y").unwrap_err().to_string();
    assert!(error.contains("above the limit of 3"), "{error}");
    assert!(error.contains("row group 0, column `y`"), "{error}");
}

#[test]
fn files_of_a_dataset_beside_come_last() {
    let dir = tempfile::tempdir().unwrap();
    let one = |path: &str, column: &str, value: f64| {
        let columns = [(column, ColumnKind::F64, ColumnData::F64(&[value]))];
        write(&dir.path().join(path), &columns, Compression::None);
    };
    one("own/z.parquet", "x", 1.0);
    one("beside/k=7/a.parquet", "y", 2.0);
    let path = |name: &str| dir.path().join(name).display().to_string();
    let mut limits = Limits::default();
    let open = |limits: &Limits| {
        let options = OpenOptions {
            beside: Some(&path("beside")),
            ..OpenOptions::new(limits)
        };
        Dataset::open(&path("own"), &options)
    };
    let dataset = open(&limits).unwrap();
    let names: Vec<&str> = dataset.files().iter().map(|file| &*file.name).collect();
    assert_eq!(names, ["z.parquet", "k=7/a.parquet"]);
    assert_eq!(dataset.own_files().len(), 1);
    assert_eq!(numbers(&dataset, "x"), [Some(1.0), None]);
    assert_eq!(numbers(&dataset, "k"), [None, Some(7.0)]);
    let has = |file, name: &str| {
        let column = dataset.schema().index_of(name).unwrap();
        dataset.has_column(file, column)
    };
    assert_eq!(
        [has(0, "x"), has(0, "y"), has(0, "k")],
        [true, false, false]
    );
    assert_eq!([has(1, "x"), has(1, "y"), has(1, "k")], [false, true, true]);
    limits.files_max = 1;
    let message = open(&limits).unwrap_err().to_string();
    assert!(
        message.contains("together have more than 1 files"),
        "{message}"
    );
}
