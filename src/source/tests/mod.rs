//! The room's tests: files of other writers, ragged datasets, damaged and changing files, lanes.

mod damage;
mod golden;
mod lanes;
mod ragged;

use std::path::{Path, PathBuf};

use super::{
    Dataset, LaneReader, OpenOptions,
    write::{ColumnData, ColumnKind, ColumnSpec, Compression, TableWriter, WriteOptions},
};
use crate::{
    data::{Values, batch::MISSING_TEXT},
    error::Result,
    limits::Limits,
};

/// A file written by another writer, kept in the repository.
fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/data/source")
        .join(name)
}

fn open(path: &Path) -> Result<Dataset> {
    let limits = Limits::default();
    Dataset::open(path.to_str().unwrap(), &OpenOptions::new(&limits))
}

/// A value that compares equal to itself, NaN too.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Cell {
    Number(u64),
    Text(Option<String>),
}

fn cells(values: &Values) -> Vec<Cell> {
    let number = |value: f64| {
        Cell::Number(if value.is_nan() {
            u64::MAX
        } else {
            value.to_bits()
        })
    };
    match values {
        Values::F32(values) => values.iter().map(|&value| number(value.into())).collect(),
        Values::F64(values) => values.iter().map(|&value| number(value)).collect(),
        Values::Text(text) => {
            let value = |&id| (id != MISSING_TEXT).then(|| text.value(id).to_owned());
            text.ids.iter().map(|id| Cell::Text(value(id))).collect()
        }
    }
}

/// Reads a column of all row groups, in slices of `rows_max`.
fn read_in_slices(dataset: &Dataset, column: usize, rows_max: usize) -> Result<Vec<Cell>> {
    let mut reader = LaneReader::new(dataset);
    let mut values = Values::F32(Vec::new());
    let mut all = Vec::new();
    for row_group in 0..dataset.row_groups().len() {
        reader.open(row_group)?;
        reader.start_column(column)?;
        while reader.next_slice(rows_max, &mut values)? > 0 {
            all.extend(cells(&values));
        }
    }
    Ok(all)
}

fn read(dataset: &Dataset, name: &str) -> Result<Vec<Cell>> {
    let column = dataset.schema().index_of(name).expect("the column");
    read_in_slices(dataset, column, 1 << 20)
}

/// Reads every column that can be read, name after name.
fn read_all(dataset: &Dataset) -> Result<Vec<(String, Vec<Cell>)>> {
    let fields = dataset.schema().fields.iter().enumerate();
    let readable = fields.filter(|(_, field)| field.value_type.is_some());
    readable
        .map(|(column, field)| Ok((field.name.clone(), read_in_slices(dataset, column, 64)?)))
        .collect()
}

fn numbers(dataset: &Dataset, name: &str) -> Vec<Option<f64>> {
    let number = |cell| match cell {
        Cell::Number(u64::MAX) => None,
        Cell::Number(bits) => Some(f64::from_bits(bits)),
        Cell::Text(_) => panic!("`{name}` is text"),
    };
    read(dataset, name)
        .unwrap()
        .into_iter()
        .map(number)
        .collect()
}

fn texts(dataset: &Dataset, name: &str) -> Vec<Option<String>> {
    let text = |cell| match cell {
        Cell::Text(text) => text,
        Cell::Number(_) => panic!("`{name}` is a number"),
    };
    read(dataset, name).unwrap().into_iter().map(text).collect()
}

/// Writes one row group of columns.
fn write(path: &Path, columns: &[(&str, ColumnKind, ColumnData<'_>)], compression: Compression) {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).unwrap();
    }
    let specs: Vec<_> = columns
        .iter()
        .map(|(name, kind, _)| ColumnSpec::nullable(*name, *kind))
        .collect();
    let data: Vec<_> = columns.iter().map(|(_, _, data)| *data).collect();
    let options = WriteOptions {
        compression,
        dictionary: false,
        ..WriteOptions::default()
    };
    let mut writer = TableWriter::create(path, &specs, &options).unwrap();
    writer.write_row_group(&data).unwrap();
    writer.finish().unwrap();
}
