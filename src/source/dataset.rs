//! A dataset: its files, row groups and unified schema, read from the footers one at a time.

use std::{fmt, hash::Hasher, ops::Range, path::PathBuf};

use parquet::file::metadata::RowGroupMetaData;
use twox_hash::XxHash3_64;

use super::{
    cost::ColumnCost,
    discover::{Found, HIVE_MISSING, discover},
    file_type::FileType,
    footer,
    positioned::{FileIdentity, PositionedFile},
    unify::{self, Conflict, Layout, Leaf, Unified, Unifier},
};
use crate::{
    data::{Absent, Schema, ValueType},
    error::{Error, Place, Result},
    limits::Limits,
};

/// How a dataset is opened.
#[derive(Clone, Copy)]
pub struct OpenOptions<'a> {
    /// Bounds on files, columns, footers and pages.
    pub limits: &'a Limits,
    /// Whether a column of this name is 0 (and not missing) where a file does not have it.
    pub absent_is_zero: &'a dyn Fn(&str) -> bool,
}

impl<'a> OpenOptions<'a> {
    /// Absent columns are missing.
    pub fn new(limits: &'a Limits) -> Self {
        Self {
            limits,
            absent_is_zero: &|_| false,
        }
    }
}

impl fmt::Debug for OpenOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenOptions")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

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
    pub(super) identity: FileIdentity,
    pub(super) footer_hash: u64,
    pub(super) layout: u32,
    pub(super) partitions: Vec<(u32, Constant)>,
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
    schema: Schema,
    conflicts: Vec<Option<Conflict>>,
    layouts: Vec<Layout>,
    files: Vec<DataFile>,
    row_groups: Vec<RowGroup>,
    rows: u64,
    pub(super) costs: Vec<ColumnCost>,
    pub(super) footer_bytes_max: u64,
    pub(super) limits: Limits,
}

impl Dataset {
    /// Opens a file, a directory or a glob and reads every file's footer.
    ///
    /// # Errors
    /// Whatever makes the path no dataset or a file no Parquet; conflicting column types only when
    /// the column is selected, by [`Dataset::check_column`].
    pub fn open(path_or_glob: &str, options: &OpenOptions<'_>) -> Result<Self> {
        let found = discover(path_or_glob, options.limits.files_max)?;
        let mut opening = Opening::new(options.limits);
        for file in found {
            opening.add(file)?;
        }
        let mut dataset = opening.finish()?;
        dataset.mark_absent_zero(options.absent_is_zero);
        Ok(dataset)
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

    /// The union of the files' columns.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The files in natural name order.
    pub fn files(&self) -> &[DataFile] {
        &self.files
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

    /// What the data are: a hash of the files' names (below what the user named), sizes and
    /// footers. Copying the dataset elsewhere keeps it.
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

    /// Whether a column can be read.
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

    /// Where a file keeps a column, if it has it.
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

/// A dataset while its footers are read.
struct Opening<'a> {
    limits: &'a Limits,
    unifier: Unifier,
    files: Vec<DataFile>,
    found: Vec<Found>,
    row_groups: Vec<RowGroup>,
    rows: u64,
    costs: Vec<ColumnCost>,
    footer_bytes_max: u64,
}

impl<'a> Opening<'a> {
    fn new(limits: &'a Limits) -> Self {
        Self {
            limits,
            unifier: Unifier::new(limits.columns_max),
            files: Vec::new(),
            found: Vec::new(),
            row_groups: Vec::new(),
            rows: 0,
            costs: Vec::new(),
            footer_bytes_max: 0,
        }
    }

    /// Reads one footer and keeps its sums.
    fn add(&mut self, found: Found) -> Result<()> {
        let path = &found.path;
        let io_error = |error| Error::io("read", path, error);
        let file = PositionedFile::open_read(path).map_err(io_error)?;
        let identity = file.identity().map_err(io_error)?;
        let footer = footer::read(&file, path, identity.size, self.limits.footer_bytes_max)?;
        let metadata = &footer.metadata;
        let layout = self
            .unifier
            .add_file(metadata.file_metadata().schema_descr(), path)?;
        let (first_row_group, first_row) = (self.row_groups.len(), self.rows);
        for (index, row_group) in metadata.row_groups().iter().enumerate() {
            self.add_row_group(index, row_group, layout)?;
        }
        let parsed_bytes = metadata.memory_size() as u64;
        let footer_bytes = identity.size - footer.data_end;
        self.footer_bytes_max = self.footer_bytes_max.max(parsed_bytes + footer_bytes);
        self.files.push(DataFile {
            path: found.path.clone(),
            name: found.name.clone(),
            bytes: identity.size,
            rows: self.rows - first_row,
            row_groups: first_row_group..self.row_groups.len(),
            identity,
            footer_hash: footer.hash,
            layout,
            partitions: Vec::new(),
        });
        self.found.push(found);
        Ok(())
    }

    fn add_row_group(
        &mut self,
        index: usize,
        row_group: &RowGroupMetaData,
        layout: u32,
    ) -> Result<()> {
        let rows = row_group.num_rows() as u64;
        if rows == 0 {
            return Ok(());
        }
        if self.row_groups.len() == self.limits.row_groups_max {
            return Err(Error::Dataset(format!(
                "the dataset has more than {} row groups; write it with larger ones",
                self.limits.row_groups_max
            )));
        }
        for leaf in self.unifier.layout(layout) {
            let column = leaf.column as usize;
            if self.costs.len() <= column {
                self.costs.resize(column + 1, ColumnCost::default());
            }
            let chunk = row_group.column(leaf.leaf as usize);
            self.costs[column].add(chunk, self.limits.page_bytes_max);
        }
        self.row_groups.push(RowGroup {
            file: self.files.len(),
            index_in_file: index,
            first_row: self.rows,
            rows,
            bytes: row_group.compressed_size().max(0) as u64,
        });
        self.rows += rows;
        Ok(())
    }

    /// Names the columns of directories, now that all their values are known.
    fn add_partitions(&mut self) -> Result<()> {
        let mut keys: Vec<(String, bool)> = Vec::new();
        for partition in self.found.iter().flat_map(|found| &found.partitions) {
            let numeric = partition.value == HIVE_MISSING || number(&partition.value).is_some();
            match keys.iter_mut().find(|(key, _)| *key == partition.key) {
                Some((_, all_numeric)) => *all_numeric &= numeric,
                None => keys.push((partition.key.clone(), numeric)),
            }
        }
        for (found, file) in self.found.iter().zip(&mut self.files) {
            for partition in &found.partitions {
                let numeric = keys.iter().any(|(key, all)| *key == partition.key && *all);
                let file_type = if numeric {
                    FileType::Float { bits: 64 }
                } else {
                    FileType::Text
                };
                let column = self.unifier.add_partition(
                    &partition.key,
                    file_type,
                    file.layout,
                    &found.path,
                )?;
                let constant = match number(&partition.value) {
                    _ if partition.value == HIVE_MISSING => Constant::Missing,
                    Some(value) if numeric => Constant::Number(value),
                    _ => Constant::Text(partition.value.clone()),
                };
                file.partitions
                    .extend(column.map(|column| (column, constant)));
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Dataset> {
        self.add_partitions()?;
        let Unified {
            schema,
            conflicts,
            layouts,
        } = self.unifier.finish();
        self.costs
            .resize(schema.fields.len(), ColumnCost::default());
        if schema.fields.is_empty() {
            let path = self.files.first().map(|file| file.path.clone());
            let place = Place::file(path.unwrap_or_default());
            return Err(Error::input(place, "has no columns; write it again"));
        }
        Ok(Dataset {
            schema,
            conflicts,
            layouts,
            files: self.files,
            row_groups: self.row_groups,
            rows: self.rows,
            costs: self.costs,
            footer_bytes_max: self.footer_bytes_max,
            limits: self.limits.clone(),
        })
    }
}

/// A finite number in a directory's name.
fn number(text: &str) -> Option<f64> {
    let digits = text.bytes().any(|byte| byte.is_ascii_digit());
    let value: f64 = text.parse().ok()?;
    (digits && value.is_finite()).then_some(value)
}
