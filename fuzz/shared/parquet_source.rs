//! Parquet files: opened, and every column read to its end, within small limits.

use std::io::Write;

use rowmill::{
    Values,
    internals::source::{Dataset, LaneReader, OpenOptions},
    options::Limits,
};

/// Files that claim more rows are not read: a page of one repeated value holds billions, rightly.
const ROWS_MAX: u64 = 1 << 16;

/// Fewer than a row group usually has, so that columns are read in several slices.
const SLICE_ROWS: usize = 1_000;

pub(crate) fn run(input: &[u8]) {
    let mut file = tempfile::Builder::new()
        .suffix(".parquet")
        .tempfile()
        .expect("a temporary file");
    file.write_all(input).expect("room for a small file");
    let limits = Limits {
        columns_max: 1_000,
        row_groups_max: 1_000,
        footer_bytes_max: 1 << 20,
        page_bytes_max: 1 << 20,
        text_value_bytes_max: 1 << 12,
        ..Limits::default()
    };
    let path = file.path().to_str().expect("temporary names are UTF-8");
    let Ok(dataset) = Dataset::open(path, &OpenOptions::new(&limits)) else {
        return;
    };
    assert!(dataset.schema().fields.len() <= limits.columns_max);
    assert!(dataset.row_groups().len() <= limits.row_groups_max);
    if dataset.rows() > ROWS_MAX {
        return;
    }
    let mut reader = LaneReader::new(&dataset);
    for row_group in 0..dataset.row_groups().len() {
        for column in 0..dataset.schema().fields.len() {
            read(&mut reader, &dataset, row_group, column);
        }
    }
}

/// Reads a column of a row group: all its rows, or an error.
fn read(reader: &mut LaneReader<'_>, dataset: &Dataset, row_group: usize, column: usize) {
    if reader.open(row_group).is_err() || reader.start_column(column).is_err() {
        return;
    }
    let mut values = Values::F32(Vec::new());
    let mut rows = 0;
    loop {
        match reader.next_slice(SLICE_ROWS, &mut values) {
            Ok(0) => break,
            Ok(read) => {
                assert!(read <= SLICE_ROWS);
                assert_eq!(values.len(), read);
                rows += read as u64;
            }
            Err(_) => return,
        }
    }
    assert_eq!(rows, dataset.row_groups()[row_group].rows);
}
