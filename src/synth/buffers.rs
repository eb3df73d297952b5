//! One row group of one shard, column-major, and the shard's column layout.

use crate::synth::{
    features::{FLOATS, INTEGERS, Row, TEXTS},
    kmers::Kmer,
    plan::Plan,
    random::{Stream, StreamKind},
};
use crate::{
    data::TextValues,
    source::write::{ColumnData, ColumnKind, ColumnSpec},
};

/// Bytes of one row group's values, about.
const ROW_GROUP_BYTES: usize = 32 << 20;

/// Rows of a row group at least, however wide it is, and at most, however narrow.
const ROW_GROUP_ROWS: (usize, usize) = (1_024, 65_536);

/// Values looked back at before a text joins the dictionary again.
const TEXT_LOOK_BACK: usize = 4;

/// Integer columns that some shards hold as floats, as a table with nulls often does.
const WIDENED: [&str; 3] = ["num_exons", "n_splice_sites", "transcript_length"];

/// The source of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Text(usize),
    Integer(usize),
    Float(usize),
    Kmer(usize),
}

/// The values of one column.
#[derive(Debug)]
enum Column {
    Text(TextValues),
    Integer(Vec<Option<i64>>),
    Float(Vec<f64>),
}

/// The rows of a row group that is being filled; recycled for the next one.
#[derive(Debug)]
pub(super) struct Buffers {
    specs: Vec<ColumnSpec>,
    origins: Vec<Origin>,
    columns: Vec<Column>,
    rows: usize,
    rows_max: usize,
}

/// One row's values in canonical order.
pub(super) struct RowValues<'a> {
    pub(super) texts: [(&'static str, &'a str); TEXTS],
    pub(super) row: &'a Row,
    pub(super) kmers: &'a [u8],
}

impl Buffers {
    /// Lays out a shard's columns. `names` is any row; `present` are the k-mers the shard has.
    pub(super) fn new(
        plan: &Plan,
        shard: usize,
        names: &RowValues<'_>,
        kmers: &[Kmer],
        present: &[bool],
    ) -> Self {
        let mut layout = canonical_layout(names, kmers, present);
        if plan.ragged && shard % 3 == 2 {
            for (_, spec) in &mut layout {
                if WIDENED.contains(&spec.name.as_str()) {
                    spec.kind = ColumnKind::F64;
                }
            }
        }
        if plan.ragged && shard > 0 {
            shuffle(&mut layout, plan.seed, shard);
        }
        let (rows_least, rows_most) = ROW_GROUP_ROWS;
        let rows_max = (ROW_GROUP_BYTES / (8 * layout.len())).clamp(rows_least, rows_most);
        let (origins, specs): (Vec<Origin>, Vec<ColumnSpec>) = layout.into_iter().unzip();
        let column = |spec: &ColumnSpec| match spec.kind {
            ColumnKind::Text => Column::Text(TextValues::default()),
            ColumnKind::I64 => Column::Integer(Vec::with_capacity(rows_max)),
            _ => Column::Float(Vec::with_capacity(rows_max)),
        };
        Self {
            columns: specs.iter().map(column).collect(),
            specs,
            origins,
            rows: 0,
            rows_max,
        }
    }

    /// Names and types of the columns.
    pub(super) fn specs(&self) -> &[ColumnSpec] {
        &self.specs
    }

    /// Rows held.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// True if the row group is full.
    pub(super) fn is_full(&self) -> bool {
        self.rows == self.rows_max
    }

    /// Appends a row. O(columns).
    pub(super) fn push(&mut self, values: &RowValues<'_>) {
        for (origin, column) in self.origins.iter().zip(&mut self.columns) {
            match (column, *origin) {
                (Column::Text(text), Origin::Text(index)) => {
                    push_text(text, values.texts[index].1);
                }
                (Column::Integer(integers), Origin::Integer(index)) => {
                    integers.push(values.row.integers[index].1);
                }
                (Column::Float(floats), Origin::Integer(index)) => {
                    let value = values.row.integers[index].1;
                    floats.push(value.map_or(f64::NAN, |value| value as f64));
                }
                (Column::Float(floats), Origin::Float(index)) => {
                    floats.push(values.row.floats[index].1);
                }
                (Column::Float(floats), Origin::Kmer(index)) => {
                    floats.push(f64::from(values.kmers[index]));
                }
                (column, origin) => unreachable!("{column:?} holds no {origin:?}"),
            }
        }
        self.rows += 1;
    }

    /// Lends the row group, one slice a column.
    pub(super) fn with_data<T>(&self, write: impl FnOnce(&[ColumnData<'_>]) -> T) -> T {
        let dictionary = |column: &Column| match column {
            Column::Text(text) => (0..text.dictionary_len())
                .map(|id| text.value(id as u32).to_owned())
                .collect(),
            _ => Vec::new(),
        };
        let owned: Vec<Vec<String>> = self.columns.iter().map(dictionary).collect();
        let dictionaries: Vec<Vec<&str>> = owned
            .iter()
            .map(|values| values.iter().map(String::as_str).collect())
            .collect();
        let data: Vec<ColumnData<'_>> = self
            .columns
            .iter()
            .zip(&dictionaries)
            .map(|(column, values)| match column {
                Column::Text(text) => ColumnData::TextIds {
                    values,
                    ids: &text.ids,
                },
                Column::Integer(integers) => ColumnData::OptionalI64(integers),
                Column::Float(floats) => ColumnData::F64(floats),
            })
            .collect();
        write(&data)
    }

    /// Empties the row group, keeping the memory.
    pub(super) fn clear(&mut self) {
        for column in &mut self.columns {
            match column {
                Column::Text(text) => text.clear(),
                Column::Integer(integers) => integers.clear(),
                Column::Float(floats) => floats.clear(),
            }
        }
        self.rows = 0;
    }
}

/// Columns in the order of the first shard.
fn canonical_layout(
    names: &RowValues<'_>,
    kmers: &[Kmer],
    present: &[bool],
) -> Vec<(Origin, ColumnSpec)> {
    let mut layout = Vec::with_capacity(TEXTS + INTEGERS + FLOATS + kmers.len());
    for (index, (name, _)) in names.texts.iter().enumerate() {
        let spec = ColumnSpec::nullable(*name, ColumnKind::Text);
        layout.push((Origin::Text(index), spec));
    }
    for (index, (name, _)) in names.row.integers.iter().enumerate() {
        let spec = ColumnSpec::nullable(*name, ColumnKind::I64);
        layout.push((Origin::Integer(index), spec));
    }
    for (index, (name, _)) in names.row.floats.iter().enumerate() {
        let spec = ColumnSpec::nullable(*name, ColumnKind::F64);
        layout.push((Origin::Float(index), spec));
    }
    for (index, kmer) in kmers
        .iter()
        .enumerate()
        .filter(|(index, _)| present[*index])
    {
        let spec = ColumnSpec::nullable(&kmer.name, ColumnKind::F64);
        layout.push((Origin::Kmer(index), spec));
    }
    layout
}

/// Puts a shard's columns in an order of its own (Fisher and Yates).
fn shuffle<T>(items: &mut [T], seed: u64, shard: usize) {
    // Keys below belong to the k-mers.
    let stream = &mut Stream::new(seed, (1 << 32) + shard as u64, StreamKind::Columns);
    for place in (1..items.len()).rev() {
        items.swap(place, stream.below(place as u64 + 1) as usize);
    }
}

/// Appends a text, sharing one of the last few dictionary values where it is the same.
fn push_text(text: &mut TextValues, value: &str) {
    let known = text.dictionary_len();
    let id = (known.saturating_sub(TEXT_LOOK_BACK)..known)
        .map(|id| id as u32)
        .rev()
        .find(|&id| text.value(id) == value)
        .unwrap_or_else(|| text.push_value(value));
    text.ids.push(id);
}
