//! The unified schema: the union of the files' columns, and where each file keeps each of them.

use std::{collections::HashMap, path::PathBuf};

use parquet::schema::types::SchemaDescriptor;

use crate::source::file_type::{FileType, Quantity};
use crate::{
    data::{Absent, Field, Schema, ValueType},
    error::{Error, Place, Result},
};

/// A column of the unified schema in one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Leaf {
    /// Index into the unified schema.
    pub(super) column: u32,
    /// Index among the file's column chunks; nothing where the type is no feature.
    pub(super) leaf: u32,
    /// The type in the file.
    pub(super) file_type: FileType,
}

/// The columns of a file, by unified index; files of the same columns share one.
pub(super) type Layout = Box<[Leaf]>;

/// A column that means different things in two files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Conflict {
    first: (FileType, PathBuf),
    second: (FileType, PathBuf),
}

impl Conflict {
    /// Both types and where they are, for messages about the column.
    fn file_type(&self) -> String {
        let ((first, first_path), (second, second_path)) = (&self.first, &self.second);
        let (first_path, second_path) = (first_path.display(), second_path.display());
        format!("{first} in {first_path} but {second} in {second_path}")
    }

    /// The error that selecting the column raises.
    pub(super) fn error(&self, column: &str) -> Error {
        let ((first, first_path), (second, second_path)) = (&self.first, &self.second);
        Error::Dataset(format!(
            "column `{column}` is {first} in {} and {second} in {}; write one of them again with \
             the other's type, or use --exclude {column}",
            first_path.display(),
            second_path.display()
        ))
    }
}

/// A column, as it is in the files read so far.
#[derive(Debug, Default)]
struct Column {
    name: String,
    /// The different types, in order of appearance.
    types: Vec<FileType>,
    /// The first type that is not `null`, and its file.
    first: Option<(FileType, PathBuf)>,
    conflict: Option<Conflict>,
}

impl Column {
    fn merge(&mut self, file_type: FileType, path: &std::path::Path) {
        if !self.types.contains(&file_type) {
            self.types.push(file_type);
        }
        if file_type.quantity() == Quantity::Null {
            return;
        }
        match &self.first {
            None => self.first = Some((file_type, path.to_path_buf())),
            Some(first) => {
                if first.0.quantity() != file_type.quantity() && self.conflict.is_none() {
                    self.conflict = Some(Conflict {
                        first: first.clone(),
                        second: (file_type, path.to_path_buf()),
                    });
                }
            }
        }
    }

    /// The narrowest type that holds every value of every file exactly.
    fn value_type(&self) -> Option<ValueType> {
        if self.conflict.is_some() {
            return None;
        }
        match self.first {
            Some((first, _)) if first.quantity() == Quantity::Number => {
                let narrow = self.types.iter().all(|file_type| file_type.fits_f32());
                Some(if narrow {
                    ValueType::F32
                } else {
                    ValueType::F64
                })
            }
            Some((first, _)) => first.value_type(),
            None => Some(ValueType::F32),
        }
    }

    fn file_type(&self) -> String {
        if let Some(conflict) = &self.conflict {
            return conflict.file_type();
        }
        let mut names: Vec<String> = Vec::new();
        for name in self.types.iter().map(FileType::to_string) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.join(", ")
    }
}

/// Builds the unified schema a file at a time.
#[derive(Debug, Default)]
pub(super) struct Unifier {
    columns: Vec<Column>,
    index: HashMap<String, u32>,
    layouts: Vec<Layout>,
    layout_index: HashMap<Layout, u32>,
    columns_max: usize,
}

/// The result: schema, conflicts by column, layouts.
#[derive(Debug)]
pub(super) struct UnifiedSchema {
    pub(super) schema: Schema,
    pub(super) conflicts: Vec<Option<Conflict>>,
    pub(super) layouts: Vec<Layout>,
}

impl Unifier {
    pub(super) fn new(columns_max: usize) -> Self {
        Self {
            columns_max,
            ..Self::default()
        }
    }

    /// Adds a file's columns. Returns the index of its layout.
    pub(super) fn add_file(
        &mut self,
        schema: &SchemaDescriptor,
        path: &std::path::Path,
    ) -> Result<u32> {
        let mut layout: Vec<Leaf> = Vec::with_capacity(schema.root_schema().get_fields().len());
        for (leaf, root) in first_leaves(schema) {
            let field = &schema.root_schema().get_fields()[root];
            let file_type = if field.is_primitive() {
                FileType::of_leaf(&schema.column(leaf))
            } else {
                FileType::of_group(field)
            };
            let column = self.column(field.name())?;
            self.columns[column as usize].merge(file_type, path);
            layout.push(Leaf {
                column,
                leaf: leaf as u32,
                file_type,
            });
        }
        layout.sort_by_key(|leaf| leaf.column);
        if let Some(twice) = layout
            .windows(2)
            .find(|pair| pair[0].column == pair[1].column)
        {
            let name = &self.columns[twice[0].column as usize].name;
            let place = Place::file(path).column(name.clone());
            return Err(Error::input(place, "appears twice; rename one of them"));
        }
        Ok(self.intern(layout.into()))
    }

    /// A layout by its index.
    pub(super) fn layout(&self, index: u32) -> &[Leaf] {
        &self.layouts[index as usize]
    }

    /// Adds a column that a file's directory names, unless the file has it itself.
    pub(super) fn add_partition(
        &mut self,
        key: &str,
        file_type: FileType,
        layout: u32,
        path: &std::path::Path,
    ) -> Result<Option<u32>> {
        let column = self.column(key)?;
        if find(&self.layouts[layout as usize], column).is_some() {
            return Ok(None);
        }
        self.columns[column as usize].merge(file_type, path);
        Ok(Some(column))
    }

    /// The index of a column, which is added if it is new.
    fn column(&mut self, name: &str) -> Result<u32> {
        if let Some(&index) = self.index.get(name) {
            return Ok(index);
        }
        if self.columns.len() == self.columns_max {
            return Err(Error::Dataset(format!(
                "the dataset has more than {} columns; write it with fewer",
                self.columns_max
            )));
        }
        let index = self.columns.len() as u32;
        self.index.insert(name.to_owned(), index);
        self.columns.push(Column {
            name: name.to_owned(),
            ..Column::default()
        });
        Ok(index)
    }

    fn intern(&mut self, layout: Layout) -> u32 {
        if let Some(&index) = self.layout_index.get(&layout) {
            return index;
        }
        let index = self.layouts.len() as u32;
        self.layout_index.insert(layout.clone(), index);
        self.layouts.push(layout);
        index
    }

    pub(super) fn finish(self) -> UnifiedSchema {
        let fields = self.columns.iter().map(|column| Field {
            name: column.name.clone(),
            value_type: column.value_type(),
            file_type: column.file_type(),
            absent: Absent::Missing,
        });
        UnifiedSchema {
            schema: Schema {
                fields: fields.collect(),
            },
            conflicts: self.columns.into_iter().map(|c| c.conflict).collect(),
            layouts: self.layouts,
        }
    }
}

/// The first leaf of every top-level field: (leaf, field).
fn first_leaves(schema: &SchemaDescriptor) -> Vec<(usize, usize)> {
    let mut leaves: Vec<(usize, usize)> = Vec::new();
    for leaf in 0..schema.num_columns() {
        let root = schema.get_column_root_idx(leaf);
        if leaves.last().is_none_or(|&(_, last)| last != root) {
            leaves.push((leaf, root));
        }
    }
    leaves
}

/// A column's place in a file, if the file has it.
pub(super) fn find(layout: &[Leaf], column: u32) -> Option<Leaf> {
    let index = layout.binary_search_by_key(&column, |leaf| leaf.column);
    index.ok().map(|index| layout[index])
}
