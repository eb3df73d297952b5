//! Streams as the Arrow library writes them, whole, cut off and damaged.

use std::{io::Cursor, sync::Arc};

use arrow_array::{
    ArrayRef, BooleanArray, DictionaryArray, Float32Array, Float64Array, Int8Array, Int64Array,
    RecordBatch, StringArray, StringViewArray, TimestampMillisecondArray, types::Int8Type,
};
use arrow_ipc::writer::{FileWriter, StreamWriter};

use super::*;
use crate::{
    data::{Absent, Field, ValueType, Values},
    error::Result,
};

fn batches() -> Vec<RecordBatch> {
    let batch = |first: i64, rows: i64| {
        let numbers = || first..first + rows;
        let known = |number: i64| (number % 3 != 0).then_some(number);
        let columns: Vec<(&str, ArrayRef)> = vec![
            (
                "long",
                Arc::new(Int64Array::from_iter(numbers().map(known))),
            ),
            (
                "single",
                Arc::new(Float32Array::from_iter(
                    numbers().map(|n| known(n).map(|n| n as f32)),
                )),
            ),
            (
                "double",
                Arc::new(Float64Array::from_iter_values(
                    numbers().map(|n| n as f64 / 4.0),
                )),
            ),
            (
                "byte",
                Arc::new(Int8Array::from_iter_values(numbers().map(|n| n as i8))),
            ),
            (
                "flag",
                Arc::new(BooleanArray::from_iter(
                    numbers().map(|n| known(n).map(|n| n % 2 == 0)),
                )),
            ),
            (
                "text",
                Arc::new(StringArray::from_iter(
                    numbers().map(|n| known(n).map(|n| format!("t{}", n % 4))),
                )),
            ),
            (
                "view",
                Arc::new(StringViewArray::from_iter(numbers().map(|n| {
                    known(n).map(|n| format!("a long text, number {}", n % 5))
                }))),
            ),
            (
                "encoded",
                Arc::new(DictionaryArray::<Int8Type>::from_iter(
                    numbers().map(|n| known(n).map(|n| ["x", "y"][n as usize % 2])),
                )),
            ),
            (
                "time",
                Arc::new(TimestampMillisecondArray::from_iter_values(numbers())),
            ),
        ];
        RecordBatch::try_from_iter_with_nullable(
            columns.into_iter().map(|(name, array)| (name, array, true)),
        )
        .unwrap()
    };
    vec![batch(0, 10), batch(10, 0), batch(10, 7)]
}

fn stream_of(batches: &[RecordBatch]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = StreamWriter::try_new(&mut bytes, &batches[0].schema()).unwrap();
    batches
        .iter()
        .for_each(|batch| writer.write(batch).unwrap());
    writer.finish().unwrap();
    drop(writer);
    bytes
}

fn open(bytes: &[u8], message_bytes_max: u64) -> Result<ArrowStream> {
    ArrowStream::open(Box::new(Cursor::new(bytes.to_vec())), message_bytes_max, 1)
}

/// All values as text, a list a row.
fn rows(stream: &mut ArrowStream, rows_max: usize) -> Result<Vec<Vec<String>>> {
    let schema = stream.schema().clone();
    let columns: Vec<usize> = (0..schema.fields.len()).collect();
    let mut values = vec![Values::F32(Vec::new()); columns.len()];
    let mut found = Vec::new();
    loop {
        let rows = stream.next_rows(&schema, &columns, rows_max, &mut values)?;
        if rows == 0 {
            return Ok(found);
        }
        for row in 0..rows {
            let text = |values: &Values| match values {
                Values::F32(values) => values[row].to_string(),
                Values::F64(values) => values[row].to_string(),
                Values::Text(text) if text.ids[row] == u32::MAX => "NaN".to_owned(),
                Values::Text(text) => text.value(text.ids[row]).to_owned(),
            };
            found.push(values.iter().map(text).collect());
        }
    }
}

#[test]
fn rows_come_in_slices_of_any_length_with_the_types_of_parquet() {
    let bytes = stream_of(&batches());
    for rows_max in [1, 4, 100] {
        let mut stream = open(&bytes, 1 << 20).unwrap();
        let types: Vec<_> = stream
            .schema()
            .fields
            .iter()
            .map(|field| field.value_type)
            .collect();
        use ValueType::{F32, F64, Text};
        let expected = [F64, F32, F64, F32, F32, Text, Text, Text, F64];
        assert_eq!(types, expected.map(Some));
        let found = rows(&mut stream, rows_max).unwrap();
        assert_eq!(found.len(), 17);
        assert_eq!(
            found[11],
            [
                "11",
                "11",
                "2.75",
                "11",
                "0",
                "t3",
                "a long text, number 1",
                "y",
                "11000"
            ]
        );
        let missing: Vec<usize> = (0..9)
            .filter(|column| found[12][*column] == "NaN")
            .collect();
        assert_eq!(missing, [0, 1, 4, 5, 6, 7]);
        assert_eq!(stream.bytes_read(), bytes.len() as u64);
    }
}

#[test]
fn a_column_that_the_stream_lacks_is_missing_or_zero() {
    let mut stream = open(&stream_of(&batches()), 1 << 20).unwrap();
    let mut schema = stream.schema().clone();
    for (value_type, absent) in [
        (ValueType::Text, Absent::Missing),
        (ValueType::F32, Absent::Zero),
    ] {
        schema.fields.push(Field {
            name: format!("{value_type:?}"),
            value_type: Some(value_type),
            file_type: "absent".to_owned(),
            absent,
        });
    }
    let mut values = vec![Values::F32(Vec::new()); 2];
    let rows = stream.next_rows(&schema, &[9, 10], 3, &mut values).unwrap();
    assert_eq!(rows, 3);
    assert!(matches!(&values[0], Values::Text(text) if text.ids == [u32::MAX; 3]));
    assert_eq!(values[1], Values::F32(vec![0.0; 3]));
}

#[test]
fn a_stream_cut_off_anywhere_is_an_error() {
    let bytes = stream_of(&batches());
    for length in 0..bytes.len() {
        let found = open(&bytes[..length], 1 << 20).and_then(|mut stream| rows(&mut stream, 5));
        let error = found.unwrap_err().to_string();
        // Before the first length is whole, nothing says that it was to be a stream.
        let part = if length < 8 {
            "an Arrow stream"
        } else {
            "ends"
        };
        assert!(
            error.contains("Arrow stream") && error.contains(part),
            "{length} of {}: {error}",
            bytes.len()
        );
    }
}

#[test]
fn what_comes_after_the_end_is_not_lost_without_a_word() {
    let bytes = stream_of(&batches());
    for more in [&bytes[..], b"\n", &[&[0; 5_000][..], b"x"].concat()] {
        let mut stream = open(&[&bytes[..], more].concat(), 1 << 20).unwrap();
        let error = rows(&mut stream, 5).unwrap_err().to_string();
        assert!(
            error.contains("after the end of the Arrow stream (17 rows)"),
            "{error}"
        );
    }
    let filled = [&bytes[..], &[0; 5_000]].concat();
    let mut stream = open(&filled, 1 << 20).unwrap();
    assert_eq!(rows(&mut stream, 5).unwrap().len(), 17);
}

#[test]
fn damaged_streams_are_errors_or_other_values_but_never_a_panic() {
    let bytes = stream_of(&batches());
    let mut refused = 0;
    for place in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x41;
        let found = open(&damaged, 1 << 20).and_then(|mut stream| rows(&mut stream, 5));
        refused += usize::from(found.is_err());
    }
    assert!(refused > 100, "{refused} of {}", bytes.len());
}

#[test]
fn what_is_no_stream_is_said_so() {
    let error = open(b"", 1 << 20).err().unwrap().to_string();
    assert!(
        error.contains("is empty") && error.contains("check that the command"),
        "{error}"
    );
    let mut file = Vec::new();
    let mut writer = FileWriter::try_new(&mut file, &batches()[0].schema()).unwrap();
    writer.write(&batches()[0]).unwrap();
    writer.finish().unwrap();
    drop(writer);
    let error = open(&file, 1 << 20).err().unwrap().to_string();
    assert!(
        error.contains("is an Arrow IPC file") && error.contains("new_stream"),
        "{error}"
    );
    for bytes in [
        &b"PAR1"[..],
        b"ARRO",
        b"ARROWS",
        b"a,b\n1,2\n",
        &[0xFF; 64],
        &[0; 64],
    ] {
        let error = open(bytes, 1 << 20).err().unwrap().to_string();
        assert!(error.contains("not an Arrow stream"), "{error}");
    }
}

#[test]
fn a_batch_beyond_the_bound_is_refused_before_it_is_read() {
    let mut stream = open(&stream_of(&batches()), 256).unwrap();
    let error = rows(&mut stream, 5).unwrap_err().to_string();
    assert!(
        error.contains("record batch of") && error.contains("--memory 1MiB"),
        "{error}"
    );
}

#[test]
fn the_memory_that_a_long_batch_asks_for_would_do() {
    let values: ArrayRef = Arc::new(Float64Array::from(vec![1.0; 100_000]));
    let bytes = stream_of(&[RecordBatch::try_from_iter([("a", values)]).unwrap()]);
    let read = |memory: u64| {
        let reader = Box::new(Cursor::new(bytes.clone()));
        ArrowStream::open(reader, memory, 8).and_then(|mut stream| rows(&mut stream, 1_000))
    };
    let error = read(1 << 20).unwrap_err().to_string();
    let (_, asked) = error.split_once("use --memory ").unwrap();
    let mebibytes: u64 = asked.split_once("MiB").unwrap().0.parse().unwrap();
    assert_eq!(read(mebibytes << 20).unwrap().len(), 100_000);
    assert!(read((mebibytes - 1) << 20).is_err());
}

#[test]
fn a_compressed_stream_is_called_so() {
    // Of pyarrow, whose dictionaries are compressed too.
    for bytes in [
        &include_bytes!("golden/zstd.arrows")[..],
        include_bytes!("golden/lz4_dictionary.arrows"),
    ] {
        let mut stream = open(bytes, 1 << 20).unwrap();
        let error = rows(&mut stream, 5).unwrap_err().to_string();
        assert!(
            error.contains("is compressed") && error.contains("without compression"),
            "{error}"
        );
    }
}

#[test]
fn two_columns_of_one_name_are_refused() {
    let column = || -> ArrayRef { Arc::new(Int8Array::from(vec![1])) };
    let batch = RecordBatch::try_from_iter([("a", column()), ("a", column())]).unwrap();
    let error = open(&stream_of(&[batch]), 1 << 20)
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("two columns `a`"), "{error}");
}
