//! Files that pyarrow and polars wrote (`tests/it/data/make_golden.py`).

use super::*;
use crate::data::ValueType;

#[test]
fn every_primitive_type() {
    let dataset = open(&golden("types.parquet")).unwrap();
    let check = |name: &str, value_type: ValueType, first: f64, last: f64| {
        let field = &dataset.schema().fields[dataset.schema().index_of(name).unwrap()];
        assert_eq!(field.value_type, Some(value_type), "{name}");
        assert_eq!(
            numbers(&dataset, name),
            [Some(first), None, Some(last)],
            "{name}"
        );
    };
    use ValueType::{F32, F64};
    check("bool", F32, 1.0, 0.0);
    check("i8", F32, -128.0, 127.0);
    check("i16", F32, -32768.0, 32767.0);
    check("i32", F64, -2147483648.0, 2147483647.0);
    check("i64", F64, -9007199254740992.0, 9007199254740992.0);
    check("u8", F32, 0.0, 255.0);
    check("u16", F32, 0.0, 65535.0);
    check("u32", F64, 0.0, 4294967295.0);
    check("u64", F64, 0.0, 9223372036854775808.0);
    check("f16", F32, -1.5, 6.097555160522461e-5);
    check("f32", F32, 1.5, f64::NEG_INFINITY);
    check("f64", F64, 0.1, f64::INFINITY);
    check("dec9", F64, -1.25, 12345.67);
    check("dec18", F64, -0.001, 123456789.123);
    check("dec38", F64, -1.5, 90071992547409.93);
    check("dec76", F64, -2.5, 1e20);
    check("date", F64, 11356.0, -1.0);
    check("time_ms", F64, 3723004000.0, 0.0);
    check("time_us", F64, 3723000004.0, 0.0);
    check("time_ns", F64, 3723000004.0, 0.0);
    check("ts_ms", F64, 981173106789000.0, -500000.0);
    check("ts_us", F64, 981173106789000.0, -500000.0);
    check("ts_ns", F64, 981173106789000.0, -500000.0);
    assert_eq!(numbers(&dataset, "null"), [None, None, None]);
    let check = |name: &str, first: &str, last: &str| {
        let expected = [Some(first.to_owned()), None, Some(last.to_owned())];
        assert_eq!(texts(&dataset, name), expected, "{name}");
    };
    check("string", "donor", "é");
    check("large", "x", "");
    check("category", "b", "a");
}

#[test]
fn types_that_are_no_feature_are_refused_by_name_only_when_selected() {
    let dataset = open(&golden("types.parquet")).unwrap();
    for (name, file_type) in [
        ("binary", "binary"),
        ("list", "list"),
        ("struct", "struct"),
        ("map", "map"),
    ] {
        let column = dataset.schema().index_of(name).unwrap();
        assert_eq!(dataset.schema().fields[column].value_type, None);
        assert_eq!(dataset.schema().fields[column].file_type, file_type);
        let mut reader = LaneReader::new(&dataset);
        reader.open(0).unwrap();
        let error = reader.start_column(column).unwrap_err().to_string();
        assert!(
            error.contains(&format!("column `{name}` is a {file_type}")),
            "{error}"
        );
    }
}

#[test]
fn int96_and_decimals_stored_as_integers() {
    let dataset = open(&golden("int96.parquet")).unwrap();
    let expected = [Some(981173106789000.0), None, Some(-500000.0)];
    assert_eq!(numbers(&dataset, "ts_us"), expected);
    let dataset = open(&golden("decimal_int.parquet")).unwrap();
    assert_eq!(
        numbers(&dataset, "dec9"),
        [Some(-1.25), None, Some(12345.67)]
    );
    assert_eq!(
        numbers(&dataset, "dec18"),
        [Some(-0.001), None, Some(123456789.123)]
    );
}

#[test]
fn every_codec_encoding_and_page_version_reads_the_same() {
    let mut names: Vec<String> = ["crc", "delta", "prefix", "polars"]
        .map(str::to_owned)
        .into();
    for codec in ["none", "snappy", "gzip", "zstd", "lz4", "brotli"] {
        names.extend([1, 2].map(|version| format!("{codec}_v{version}")));
    }
    for name in names {
        let dataset = open(&golden(&format!("codec/{name}.parquet"))).unwrap();
        assert_eq!(dataset.rows(), 150, "{name}");
        assert_eq!(dataset.row_groups().len(), 2, "{name}");
        let ints = (0..150).map(|k| (k % 7 != 3).then_some(f64::from(k * k)));
        assert_eq!(numbers(&dataset, "int"), ints.collect::<Vec<_>>(), "{name}");
        let doubles = (0..150).map(|k| (k % 5 != 1).then_some(f64::from(k) / 8.0));
        assert_eq!(
            numbers(&dataset, "double"),
            doubles.collect::<Vec<_>>(),
            "{name}"
        );
        let flags = (0..150).map(|k| Some(f64::from(u8::from(k % 3 == 0))));
        assert_eq!(
            numbers(&dataset, "flag"),
            flags.collect::<Vec<_>>(),
            "{name}"
        );
        let values = (0..150).map(|k| (k % 11 != 4).then(|| format!("v{}", k % 13)));
        assert_eq!(
            texts(&dataset, "text"),
            values.collect::<Vec<_>>(),
            "{name}"
        );
    }
}

#[test]
fn hive_directories_become_columns() {
    let dataset = open(&golden("hive")).unwrap();
    let names: Vec<&str> = dataset
        .files()
        .iter()
        .map(|file| file.name.as_str())
        .collect();
    let expected = [
        "chrom=2/fold=0/part-0.parquet",
        "chrom=10/fold=1/part-0.parquet",
        "chrom=X/fold=0/part-0.parquet",
    ];
    assert_eq!(names, expected);
    let chroms = ["2", "10", "X"].map(|text| Some(text.to_owned()));
    assert_eq!(texts(&dataset, "chrom"), chroms);
    assert_eq!(numbers(&dataset, "fold"), [Some(0.0), Some(1.0), Some(0.0)]);
    assert_eq!(numbers(&dataset, "x"), [Some(1.0), Some(2.0), Some(3.0)]);
}
