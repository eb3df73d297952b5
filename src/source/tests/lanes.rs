//! Lanes: slices of any size, many at once, chunks too large for memory.

use std::thread;

use super::*;

/// A file of several row groups whose pages are small.
fn write_groups(path: &Path, groups: usize, rows: usize, page_bytes: usize) {
    let columns = [
        ColumnSpec::nullable("x", ColumnKind::F32),
        ColumnSpec::nullable("y", ColumnKind::F64),
        ColumnSpec::required("n", ColumnKind::I64),
        ColumnSpec::nullable("t", ColumnKind::Text),
    ];
    let options = WriteOptions {
        page_bytes,
        compression: Compression::None,
        dictionary: false,
    };
    let mut writer = TableWriter::create(path, &columns, &options).unwrap();
    for group in 0..groups {
        let i = |row: usize| group * rows + row;
        let x: Vec<f32> = (0..rows)
            .map(|row| {
                if i(row) % 10 == 0 {
                    f32::NAN
                } else {
                    i(row) as f32
                }
            })
            .collect();
        let y: Vec<f64> = (0..rows)
            .map(|row| {
                if i(row) % 3 == 0 {
                    f64::NAN
                } else {
                    i(row) as f64 / 4.0
                }
            })
            .collect();
        let n: Vec<i64> = (0..rows).map(|row| i(row) as i64).collect();
        let names: Vec<String> = (0..rows).map(|row| format!("t{}", i(row) % 1000)).collect();
        let t: Vec<Option<&str>> = names.iter().map(|name| Some(name.as_str())).collect();
        writer
            .write_row_group(&[
                ColumnData::F32(&x),
                ColumnData::F64(&y),
                ColumnData::I64(&n),
                ColumnData::Text(&t),
            ])
            .unwrap();
    }
    writer.finish().unwrap();
}

#[test]
fn slices_of_any_size_join_to_the_same_column() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.parquet");
    write_groups(&path, 3, 5_000, 4_096);
    let dataset = open(&path).unwrap();
    for column in 0..4 {
        let whole = read_in_slices(&dataset, column, 5_000).unwrap();
        assert_eq!(whole.len(), 15_000);
        for rows_max in [1, 7, 4_096, 4_097, 1 << 20] {
            let joined = read_in_slices(&dataset, column, rows_max).unwrap();
            assert!(joined == whole, "column {column} in slices of {rows_max}");
        }
    }
    let n: Vec<Option<f64>> = (0..15_000).map(|i| Some(f64::from(i))).collect();
    assert_eq!(numbers(&dataset, "n"), n);
}

#[test]
fn columns_may_be_left_half_read_and_read_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.parquet");
    write_groups(&path, 2, 1_000, 512);
    let dataset = open(&path).unwrap();
    let mut reader = LaneReader::new(&dataset);
    let mut values = Values::F64(Vec::new());
    reader.open(1).unwrap();
    reader.start_column(3).unwrap();
    reader.next_slice(10, &mut values).unwrap();
    assert_eq!(reader.read_column(2, &mut values).unwrap(), 1_000);
    assert_eq!(reader.next_slice(10, &mut values).unwrap(), 0);
    let Values::F64(n) = &values else {
        panic!("a number")
    };
    assert!(n.is_empty());
    reader.open(0).unwrap();
    reader.read_column(2, &mut values).unwrap();
    assert_eq!(cells(&values)[999], Cell::Number(999f64.to_bits()));
}

/// Trap: one file handle given to several readers shares a cursor and gives wrong data.
#[test]
fn two_lanes_on_one_file_are_right_forty_times_of_forty() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.parquet");
    write_groups(&path, 4, 3_000, 1_024);
    let dataset = open(&path).unwrap();
    let expected: Vec<_> = (0..4)
        .map(|c| read_in_slices(&dataset, c, 3_000).unwrap())
        .collect();
    for _ in 0..20 {
        thread::scope(|scope| {
            for columns in [[0, 2], [1, 3]] {
                let (dataset, expected) = (&dataset, &expected);
                scope.spawn(move || {
                    for column in columns {
                        let read = read_in_slices(dataset, column, 500).unwrap();
                        assert!(read == expected[column], "column {column}");
                    }
                });
            }
        });
    }
}

#[test]
fn a_chunk_too_large_for_memory_is_read_a_page_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.parquet");
    let rows = 1_100_000;
    let options = WriteOptions {
        compression: Compression::None,
        dictionary: false,
        ..WriteOptions::default()
    };
    let columns = [ColumnSpec::required("x", ColumnKind::F64)];
    let mut writer = TableWriter::create(&path, &columns, &options).unwrap();
    let x: Vec<f64> = (0..rows).map(|i| (i as f64).sqrt()).collect();
    writer.write_row_group(&[ColumnData::F64(&x)]).unwrap();
    writer.finish().unwrap();
    let dataset = open(&path).unwrap();
    let mut reader = LaneReader::new(&dataset);
    let mut values = Values::F64(Vec::new());
    let mut start = 0;
    reader.open(0).unwrap();
    reader.start_column(0).unwrap();
    loop {
        let read = reader.next_slice(65_536, &mut values).unwrap();
        if read == 0 {
            break;
        }
        assert_eq!(values, Values::F64(x[start..start + read].to_vec()));
        start += read;
    }
    assert_eq!(start, rows);
    assert!(
        reader.heap_bytes() < 1 << 20,
        "{} bytes held",
        reader.heap_bytes()
    );
}

#[test]
fn a_lane_holds_no_more_than_the_estimate_says() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.parquet");
    write_groups(&path, 3, 5_000, 4_096);
    let dataset = open(&path).unwrap();
    let columns = [0, 1, 2, 3];
    let estimate = dataset.decode_estimate(&columns);
    assert_eq!(estimate.row_bytes, 4 + 8 + 8 + 4);
    assert_eq!(estimate.row_group_bytes, 5_000 * 24);
    let mut reader = LaneReader::new(&dataset);
    let mut values = Values::F64(Vec::new());
    for row_group in 0..3 {
        reader.open(row_group).unwrap();
        for column in columns {
            reader.read_column(column, &mut values).unwrap();
            let held = reader.heap_bytes() as u64;
            assert!(
                held <= estimate.lane_bytes,
                "{held} of {}",
                estimate.lane_bytes
            );
        }
    }
    let sum: u64 = dataset.row_groups().iter().map(|group| group.bytes).sum();
    assert_eq!(reader.bytes_read(), sum);
    assert_eq!(dataset.column_bytes(&columns), sum);
}
