//! The opening of a dataset: footers are read one at a time, and only sums and names are kept.

use std::fmt;

use parquet::file::metadata::RowGroupMetaData;

use crate::{
    error::{Error, Place, Result},
    limits::Limits,
    platform::PositionedFile,
    source::{
        cost::ColumnCost,
        dataset::{Constant, DataFile, Dataset, RowGroup},
        discover::{FileEntry, HIVE_MISSING, discover},
        file_type::FileType,
        footer,
        unify::{UnifiedSchema, Unifier},
    },
};

/// Options of [`Dataset::open`].
#[derive(Clone, Copy)]
pub struct OpenOptions<'a> {
    /// Bounds on files, columns, footers and pages.
    pub limits: &'a Limits,
    /// True for names of columns that are 0 (and not missing) where a file does not have them.
    pub absent_is_zero: &'a dyn Fn(&str) -> bool,
    /// Another dataset, whose files follow those of the dataset itself.
    pub beside: Option<&'a str>,
}

impl<'a> OpenOptions<'a> {
    /// Absent columns are missing.
    pub fn new(limits: &'a Limits) -> Self {
        Self {
            limits,
            absent_is_zero: &|_| false,
            beside: None,
        }
    }
}

impl fmt::Debug for OpenOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenOptions")
            .field("limits", &self.limits)
            .field("beside", &self.beside)
            .finish_non_exhaustive()
    }
}

impl Dataset {
    /// Opens a file, a directory or a glob and reads every file's footer.
    ///
    /// # Errors
    /// Whatever makes the path no dataset or a file no Parquet; conflicting column types only when
    /// the column is selected, by [`Dataset::check_column`].
    pub fn open(path_or_glob: &str, options: &OpenOptions<'_>) -> Result<Self> {
        let mut dataset = open(path_or_glob, options.beside, options.limits)?;
        dataset.mark_absent_zero(options.absent_is_zero);
        Ok(dataset)
    }
}

/// Opens a file, a directory or a glob, and another one behind it.
fn open(path_or_glob: &str, beside: Option<&str>, limits: &Limits) -> Result<Dataset> {
    let mut builder = DatasetBuilder::new(limits);
    for entry in discover(path_or_glob, limits.files_max)? {
        builder.add(entry, false)?;
    }
    let beside = match beside {
        Some(path) => discover(path, limits.files_max)?,
        None => Vec::new(),
    };
    for entry in beside {
        if builder.files.len() == limits.files_max {
            return Err(Error::Dataset(format!(
                "both datasets together have more than {} files; merge some of them",
                limits.files_max
            )));
        }
        builder.add(entry, true)?;
    }
    builder.finish()
}

/// A dataset while its footers are read.
struct DatasetBuilder<'a> {
    limits: &'a Limits,
    unifier: Unifier,
    files: Vec<DataFile>,
    entries: Vec<FileEntry>,
    row_groups: Vec<RowGroup>,
    rows: u64,
    costs: Vec<ColumnCost>,
    footer_bytes_max: u64,
}

impl<'a> DatasetBuilder<'a> {
    fn new(limits: &'a Limits) -> Self {
        Self {
            limits,
            unifier: Unifier::new(limits.columns_max),
            files: Vec::new(),
            entries: Vec::new(),
            row_groups: Vec::new(),
            rows: 0,
            costs: Vec::new(),
            footer_bytes_max: 0,
        }
    }

    /// Reads one footer and keeps its sums.
    fn add(&mut self, entry: FileEntry, is_beside: bool) -> Result<()> {
        let path = &entry.path;
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
            path: entry.path.clone(),
            name: entry.name.clone(),
            bytes: identity.size,
            rows: self.rows - first_row,
            row_groups: first_row_group..self.row_groups.len(),
            is_beside,
            identity,
            footer_hash: footer.hash,
            layout,
            partitions: Vec::new(),
        });
        self.entries.push(entry);
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
        for partition in self.entries.iter().flat_map(|entry| &entry.partitions) {
            let numeric = partition.value == HIVE_MISSING || number(&partition.value).is_some();
            match keys.iter_mut().find(|(key, _)| *key == partition.key) {
                Some((_, all_numeric)) => *all_numeric &= numeric,
                None => keys.push((partition.key.clone(), numeric)),
            }
        }
        for (entry, file) in self.entries.iter().zip(&mut self.files) {
            for partition in &entry.partitions {
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
                    &entry.path,
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
        let UnifiedSchema {
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
