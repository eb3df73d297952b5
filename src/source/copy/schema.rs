//! The columns of an output file: their types, and what else its footer says.

use std::{collections::HashMap, sync::Arc};

use parquet::{
    file::metadata::{KeyValue, ParquetMetaData},
    schema::types::{Type, TypePtr},
};

use crate::source::copy::arrow;
use crate::{
    data::Absent,
    error::{Error, Place, Result},
    platform::PositionedFile,
    source::{dataset::Dataset, footer},
};

/// The key under which Arrow writers keep their own schema.
const ARROW_SCHEMA: &str = "ARROW:schema";

/// An input file, opened with all that its footer says.
pub(super) struct InputFile {
    pub(super) file: PositionedFile,
    pub(super) metadata: ParquetMetaData,
}

impl InputFile {
    /// Opens a file of a dataset and makes sure that it is the one that was opened before.
    pub(super) fn open(dataset: &Dataset, file: usize) -> Result<Self> {
        let data_file = &dataset.files()[file];
        let path = &data_file.path;
        let io_error = |error| Error::io("read", path, error);
        let changed = |what: String| Error::InputChanged {
            path: path.clone(),
            what,
        };
        let opened = PositionedFile::open_read(path).map_err(io_error)?;
        let now = opened.identity().map_err(io_error)?;
        if let Some(what) = data_file.identity.difference(&now) {
            return Err(changed(what));
        }
        let footer = footer::read_whole(&opened, path, now.size, dataset.limits.footer_bytes_max)?;
        if footer.hash != data_file.footer_hash {
            return Err(changed("its footer differs".to_owned()));
        }
        Ok(Self {
            file: opened,
            metadata: footer.metadata,
        })
    }

    /// The top-level fields.
    pub(super) fn fields(&self) -> &[TypePtr] {
        self.metadata
            .file_metadata()
            .schema_descr()
            .root_schema()
            .get_fields()
    }

    /// The column chunks of a top-level field.
    pub(super) fn leaves(&self, field: usize) -> impl Iterator<Item = usize> + '_ {
        let schema = self.metadata.file_metadata().schema_descr();
        (0..schema.num_columns()).filter(move |leaf| schema.get_column_root_idx(*leaf) == field)
    }
}

/// The columns of an output file.
pub(super) struct Columns {
    /// Types in the output's order.
    pub(super) fields: Vec<TypePtr>,
    /// The value of each column in an input file that lacks it.
    pub(super) absent: Vec<Absent>,
    /// The name of the schema's root.
    pub(super) root: String,
    pub(super) key_values: Option<Vec<KeyValue>>,
    pub(super) created_by: Option<String>,
}

impl Columns {
    /// The kept columns of one file in its own order; `None` if it has none of them.
    pub(super) fn of_file(dataset: &Dataset, file: usize, kept: &[bool]) -> Result<Option<Self>> {
        let input = InputFile::open(dataset, file)?;
        let index = name_index(dataset);
        let is_kept: Vec<bool> = input
            .fields()
            .iter()
            .map(|field| kept[index[field.name()]])
            .collect();
        let fields: Vec<TypePtr> = (input.fields().iter().zip(&is_kept))
            .filter(|(_, kept)| **kept)
            .map(|(field, _)| Arc::clone(field))
            .collect();
        let absent = vec![Absent::Missing; fields.len()];
        let columns = Self::new(&input, fields, absent, Some(&is_kept));
        Ok((!columns.fields.is_empty()).then_some(columns))
    }

    fn new(
        input: &InputFile,
        fields: Vec<TypePtr>,
        absent: Vec<Absent>,
        kept: Option<&[bool]>,
    ) -> Self {
        let about = input.metadata.file_metadata();
        let key_value = |pair: &KeyValue| {
            if pair.key != ARROW_SCHEMA {
                return Some(pair.clone());
            }
            let trimmed = arrow::trimmed(pair.value.as_deref()?, kept?)?;
            Some(KeyValue::new(pair.key.clone(), trimmed))
        };
        let pairs = about.key_value_metadata();
        Self {
            fields,
            absent,
            root: about.schema_descr().name().to_owned(),
            key_values: pairs.map(|pairs| pairs.iter().filter_map(key_value).collect()),
            created_by: about.created_by().map(str::to_owned),
        }
    }

    /// The schema's root.
    pub(super) fn root_type(&self) -> parquet::errors::Result<TypePtr> {
        let root = Type::group_type_builder(&self.root)
            .with_fields(self.fields.clone())
            .build()?;
        Ok(Arc::new(root))
    }
}

fn name_index(dataset: &Dataset) -> HashMap<&str, usize> {
    let fields = dataset.schema().fields.iter().enumerate();
    fields
        .map(|(index, field)| (field.name.as_str(), index))
        .collect()
}

/// The kept columns of all files, if every file that has one stores it alike.
pub(super) fn one_schema(dataset: &Dataset, kept: &[bool]) -> Result<Columns> {
    let index = name_index(dataset);
    let mut types: Vec<Option<(TypePtr, usize)>> = vec![None; kept.len()];
    let mut first: Option<InputFile> = None;
    let mut all_alike = true;
    for (file, data_file) in dataset.own_files().iter().enumerate() {
        if let Some((column, _)) = data_file
            .partitions
            .iter()
            .find(|(column, _)| kept[*column as usize])
        {
            let name = dataset.schema().fields[*column as usize].name.clone();
            return Err(Error::input(
                Place::file(&data_file.path).column(name),
                "is in the directory names and not in the files, so one file cannot hold it; write a directory \
                 instead",
            ));
        }
        let input = InputFile::open(dataset, file)?;
        for field in input.fields() {
            let column = index[field.name()];
            match &types[column] {
                None => types[column] = Some((Arc::clone(field), file)),
                Some((known, other)) if known != field && kept[column] => {
                    return Err(differs(dataset, field.name(), *other, file));
                }
                Some(_) => {}
            }
        }
        let first = &*first.get_or_insert(input);
        all_alike &= data_file.layout == dataset.files()[0].layout;
        let is_required = |column: &usize| {
            let is_absent = dataset.leaf(file, *column).is_none();
            let field = types[*column].as_ref();
            let required = field.is_some_and(|(field, _)| !field.is_optional());
            let zero = dataset.schema().fields[*column].absent == Absent::Zero;
            kept[*column] && is_absent && required && !zero
        };
        debug_assert!(!first.fields().is_empty());
        if let Some(column) = (0..kept.len()).find(is_required) {
            return Err(required(dataset, column, file));
        }
    }
    let first = first.expect("a dataset has files");
    let (mut fields, mut absent) = (Vec::new(), Vec::new());
    for (column, found) in types.into_iter().enumerate() {
        if let (Some((field, _)), true) = (found, kept[column]) {
            fields.push(field);
            absent.push(dataset.schema().fields[column].absent);
        }
    }
    // An Arrow schema is of one file's columns in their order.
    let flags: Vec<bool> = first
        .fields()
        .iter()
        .map(|field| kept[index[field.name()]])
        .collect();
    Ok(Columns::new(
        &first,
        fields,
        absent,
        all_alike.then_some(&flags[..]),
    ))
}

fn differs(dataset: &Dataset, column: &str, one: usize, other: usize) -> Error {
    let path = |file: usize| dataset.files()[file].path.display();
    Error::Dataset(format!(
        "column `{column}` is stored differently in {} and {}, so one file cannot hold both; write a directory instead",
        path(one),
        path(other)
    ))
}

fn required(dataset: &Dataset, column: usize, file: usize) -> Error {
    Error::Dataset(format!(
        "column `{}` does not allow nulls and {} does not have it, so one file cannot hold both; write a \
         directory instead",
        dataset.schema().fields[column].name,
        dataset.files()[file].path.display()
    ))
}
