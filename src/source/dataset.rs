//! A dataset: its files, row groups and unified schema.

use std::{hash::Hasher, ops::Range, path::PathBuf};

use twox_hash::XxHash3_64;

use crate::{
    data::{Absent, Field, Schema, ValueType},
    error::{Error, Result},
    limits::Limits,
    platform::FileIdentity,
    source::{
        cost::ColumnCost,
        unify::{self, Conflict, Layout, Leaf},
    },
};

/// One file. Of its footer only sums stay in memory.
#[derive(Debug, Clone)]
pub struct DataFile {
    /// The path to open.
    pub path: PathBuf,
    /// The path below what the user named, with `/`.
    pub name: String,
    /// Bytes on disk.
    pub bytes: u64,
    /// Rows.
    pub rows: u64,
    /// Its row groups among [`Dataset::row_groups`].
    pub row_groups: Range<usize>,
    /// True for files of the dataset beside ([`crate::source::OpenOptions::beside`]), whose names are below that.
    pub is_beside: bool,
    pub(super) identity: FileIdentity,
    pub(super) footer_hash: u64,
    pub(super) layout: u32,
    pub(super) partitions: Vec<(u32, Constant)>,
}

impl DataFile {
    /// The hash of the file's footer: its schema, row groups and where their bytes lie.
    pub fn footer_hash(&self) -> u64 {
        self.footer_hash
    }

    /// The time of the last change, in nanoseconds since 1970.
    pub fn modified_nanoseconds(&self) -> i128 {
        self.identity.modified_nanoseconds
    }
}

/// The one value that a column has in a whole file.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Constant {
    /// NaN, or no text.
    Missing,
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
}

/// One row group. Row groups without rows are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowGroup {
    /// Index into [`Dataset::files`].
    pub file: usize,
    /// Its index in the file.
    pub index_in_file: usize,
    /// The dataset-wide number of its first row.
    pub first_row: u64,
    /// Rows.
    pub rows: u64,
    /// Compressed bytes of all columns.
    pub bytes: u64,
}

/// A Parquet dataset that was opened: nothing of it but sums and names is in memory.
#[derive(Debug)]
pub struct Dataset {
    pub(super) schema: Schema,
    pub(super) conflicts: Vec<Option<Conflict>>,
    pub(super) layouts: Vec<Layout>,
    pub(super) files: Vec<DataFile>,
    pub(super) row_groups: Vec<RowGroup>,
    pub(super) rows: u64,
    pub(super) costs: Vec<ColumnCost>,
    pub(super) footer_bytes_max: u64,
    pub(super) limits: Limits,
}

impl Dataset {
    /// A stream's columns: without files, and so far without rows.
    pub fn of_stream(schema: Schema, limits: &Limits) -> Self {
        let columns = schema.fields.len();
        Self {
            schema,
            conflicts: (0..columns).map(|_| None).collect(),
            layouts: Vec::new(),
            files: Vec::new(),
            row_groups: Vec::new(),
            rows: 0,
            costs: vec![ColumnCost::default(); columns],
            footer_bytes_max: 0,
            limits: limits.clone(),
        }
    }

    /// Counts the rows of a stream.
    ///
    /// # Panics
    /// If there are files, which say how many rows there are.
    pub fn set_stream_rows(&mut self, rows: u64) {
        assert!(self.files.is_empty(), "a stream has no files");
        self.rows = rows;
    }

    /// Declares the numeric columns that are 0 where a file does not have them, by name; the
    /// others are missing there.
    pub fn mark_absent_zero(&mut self, absent_is_zero: &dyn Fn(&str) -> bool) {
        for field in &mut self.schema.fields {
            let numeric = matches!(field.value_type, Some(ValueType::F32 | ValueType::F64));
            field.absent = if numeric && absent_is_zero(&field.name) {
                Absent::Zero
            } else {
                Absent::Missing
            };
        }
    }

    /// Adds a column that no file has and returns its index: every value is missing, or 0 if the field
    /// says so.
    pub fn add_absent_column(&mut self, field: Field) -> usize {
        self.schema.fields.push(field);
        self.conflicts.push(None);
        self.costs.push(ColumnCost::default());
        self.schema.fields.len() - 1
    }

    /// The union of the files' columns.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The files in natural name order, those of the dataset beside last.
    pub fn files(&self) -> &[DataFile] {
        &self.files
    }

    /// The files of the dataset itself: all but those of the dataset beside.
    pub fn own_files(&self) -> &[DataFile] {
        let own = self.files.partition_point(|file| !file.is_beside);
        &self.files[..own]
    }

    /// True if a file stores a column, or its directory names it.
    pub fn has_column(&self, file: usize, column: usize) -> bool {
        let partitions = &self.files[file].partitions;
        let is_named = partitions.iter().any(|(key, _)| *key as usize == column);
        is_named || self.leaf(file, column).is_some()
    }

    /// The row groups in the order of the rows.
    pub fn row_groups(&self) -> &[RowGroup] {
        &self.row_groups
    }

    /// Rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Compressed bytes of the given columns over all files.
    pub fn column_bytes(&self, columns: &[usize]) -> u64 {
        columns.iter().map(|&c| self.costs[c].compressed_sum).sum()
    }

    /// The identity of the data: a hash of the files' names (below what the user named), sizes and
    /// footers. A copy of the dataset elsewhere has the same.
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = XxHash3_64::new();
        hasher.write(&(self.files.len() as u64).to_le_bytes());
        for file in &self.files {
            hasher.write(&(file.name.len() as u64).to_le_bytes());
            hasher.write(file.name.as_bytes());
            hasher.write(&file.bytes.to_le_bytes());
            hasher.write(&file.footer_hash.to_le_bytes());
        }
        hasher.finish()
    }

    /// Checks that a column can be read.
    ///
    /// # Errors
    /// A column whose type differs between files, with both files; a type that is no feature.
    pub fn check_column(&self, column: usize) -> Result<()> {
        let field = &self.schema.fields[column];
        if let Some(conflict) = &self.conflicts[column] {
            return Err(conflict.error(&field.name));
        }
        if field.value_type.is_none() {
            return Err(Error::Dataset(format!(
                "column `{name}` is a {} and cannot be used; leave it out with --exclude {name}",
                field.file_type,
                name = field.name
            )));
        }
        Ok(())
    }

    /// Bytes held, by capacity.
    pub fn heap_bytes(&self) -> usize {
        let files: usize = self
            .files
            .iter()
            .map(|file| {
                file.path.capacity() + file.name.capacity() + file.partitions.capacity() * 40
            })
            .sum();
        let layouts: usize = self
            .layouts
            .iter()
            .map(|layout| size_of_val(&**layout))
            .sum();
        let fields: usize = self
            .schema
            .fields
            .iter()
            .map(|f| f.name.capacity() + 64)
            .sum();
        files
            + self.files.capacity() * size_of::<DataFile>()
            + self.row_groups.capacity() * size_of::<RowGroup>()
            + self.costs.capacity() * size_of::<ColumnCost>()
            + layouts
            + fields
    }

    /// The place of a column in a file, if the file has it.
    pub(super) fn leaf(&self, file: usize, column: usize) -> Option<Leaf> {
        let layout = &self.layouts[self.files[file].layout as usize];
        unify::find(layout, column as u32)
    }

    /// The value of a column in a file that does not store it.
    pub(super) fn constant(&self, file: usize, column: usize) -> Constant {
        let partitions = &self.files[file].partitions;
        let named = partitions.iter().find(|(key, _)| *key as usize == column);
        match named {
            Some((_, constant)) => constant.clone(),
            None if self.schema.fields[column].absent == Absent::Zero => Constant::Number(0.0),
            None => Constant::Missing,
        }
    }
}
