use super::*;
use crate::data::batch::MISSING_TEXT;
use parquet::file::reader::{FileReader, SerializedFileReader};
use std::{fs::File, path::Path};

fn rows_as_json(path: &Path) -> Vec<String> {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let rows = reader.get_row_iter(None).unwrap();
    rows.map(|row| row.unwrap().to_string()).collect()
}

fn all_kinds() -> Vec<ColumnSpec> {
    vec![
        ColumnSpec::nullable("text", ColumnKind::Text),
        ColumnSpec::required("ids", ColumnKind::Text),
        ColumnSpec::nullable("f64", ColumnKind::F64),
        ColumnSpec::nullable("f32", ColumnKind::F32),
        ColumnSpec::nullable("i64", ColumnKind::I64),
        ColumnSpec::required("i32", ColumnKind::I32),
        ColumnSpec::required("u8", ColumnKind::U8),
        ColumnSpec::required("bool", ColumnKind::Bool),
    ]
}

#[test]
fn every_kind_reads_back() {
    let directory = tempfile::tempdir().unwrap();
    for compression in [Compression::None, Compression::Snappy, Compression::Zstd] {
        let path = directory.path().join("table.parquet");
        let options = WriteOptions {
            compression,
            ..WriteOptions::default()
        };
        let mut writer = TableWriter::create(&path, &all_kinds(), &options).unwrap();
        for _ in 0..2 {
            writer
                .write_row_group(&[
                    ColumnData::Text(&[Some("a"), None]),
                    ColumnData::TextIds {
                        values: &["x", "y"],
                        ids: &[1, 0],
                    },
                    ColumnData::F64(&[f64::NAN, 0.5]),
                    ColumnData::F32(&[f32::INFINITY, f32::NAN]),
                    ColumnData::OptionalI64(&[None, Some(1 << 40)]),
                    ColumnData::I32(&[-1, 2]),
                    ColumnData::U8(&[255, 0]),
                    ColumnData::Bool(&[true, false]),
                ])
                .unwrap();
        }
        assert_eq!(writer.rows(), 4);
        let bytes = writer.finish().unwrap();
        assert_eq!(bytes, path.metadata().unwrap().len());
        let rows = rows_as_json(&path);
        assert_eq!(rows.len(), 4);
        assert_eq!(rows[..2], rows[2..]);
        assert_eq!(
            rows[0],
            r#"{text: "a", ids: "y", f64: null, f32: inf, i64: null, i32: -1, u8: 255, bool: true}"#
        );
        assert_eq!(
            rows[1],
            r#"{text: null, ids: "x", f64: 0.5, f32: null, i64: 1099511627776, i32: 2, u8: 0, bool: false}"#
        );
    }
}

#[test]
fn nulls_by_id_and_rows_beyond_a_slice() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("table.parquet");
    let columns = [ColumnSpec::nullable("t", ColumnKind::Text)];
    let mut writer = TableWriter::create(&path, &columns, &WriteOptions::default()).unwrap();
    let ids: Vec<u32> = (0..20_000u32)
        .map(|i| if i % 3 == 0 { MISSING_TEXT } else { i % 2 })
        .collect();
    let values = ["even", "odd"];
    writer
        .write_row_group(&[ColumnData::TextIds {
            values: &values,
            ids: &ids,
        }])
        .unwrap();
    writer.finish().unwrap();
    let rows = rows_as_json(&path);
    assert_eq!(rows.len(), ids.len());
    for (row, id) in rows.iter().zip(&ids) {
        let expected = match *id {
            MISSING_TEXT => "{t: null}".to_owned(),
            id => format!("{{t: \"{}\"}}", values[id as usize]),
        };
        assert_eq!(*row, expected);
    }
}

#[test]
fn nothing_is_left_when_dropped_unfinished() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("table.parquet");
    let columns = [ColumnSpec::required("x", ColumnKind::F64)];
    let mut writer = TableWriter::create(&path, &columns, &WriteOptions::default()).unwrap();
    writer.write_row_group(&[ColumnData::F64(&[1.0])]).unwrap();
    assert!(!path.exists());
    drop(writer);
    assert_eq!(directory.path().read_dir().unwrap().count(), 0);
}

#[test]
fn a_missing_directory_is_an_error_that_names_the_file() {
    let columns = [ColumnSpec::required("x", ColumnKind::F64)];
    let path = Path::new("/nonexistent/table.parquet");
    let error = TableWriter::create(path, &columns, &WriteOptions::default()).unwrap_err();
    let message = error.to_string();
    assert!(message.contains("/nonexistent/table.parquet"), "{message}");
}

#[cfg(unix)]
#[test]
fn a_finished_file_is_readable_by_all_and_replaces_a_link_itself() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let directory = tempfile::tempdir().unwrap();
    let victim = directory.path().join("victim");
    std::fs::write(&victim, "kept").unwrap();
    let path = directory.path().join("table.parquet");
    symlink(&victim, &path).unwrap();
    let columns = [ColumnSpec::required("x", ColumnKind::F64)];
    let writer = TableWriter::create(&path, &columns, &WriteOptions::default()).unwrap();
    writer.finish().unwrap();
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "kept");
    let mode = path.symlink_metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0o044);
}
