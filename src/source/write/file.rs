//! The file: schema, temporary name, row groups, and the rename that makes it real.

use std::{
    fs::{File, Permissions},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use parquet::{
    basic::{self, LogicalType, Repetition, Type as PhysicalType, ZstdLevel},
    errors::ParquetError,
    file::{
        properties::{EnabledStatistics, WriterProperties},
        writer::SerializedFileWriter,
    },
    schema::types::Type,
};
use tempfile::NamedTempFile;

use crate::source::write::{ColumnData, column::ColumnBuffers};
use crate::{
    error::{Error, Result},
    platform::atomic::TEMPORARY_SUFFIX,
};

/// The type of a written column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// UTF-8 strings.
    Text,
    /// Doubles.
    F64,
    /// Floats.
    F32,
    /// 64-bit integers.
    I64,
    /// 32-bit integers.
    I32,
    /// Unsigned 8-bit integers.
    U8,
    /// Booleans.
    Bool,
}

/// One column of a table to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnSpec {
    /// The name, unique in the table.
    pub name: String,
    /// The type.
    pub kind: ColumnKind,
    /// Whether rows may be null; NaN is null then.
    pub nullable: bool,
}

impl ColumnSpec {
    /// A column without nulls.
    pub fn required(name: impl Into<String>, kind: ColumnKind) -> Self {
        Self {
            name: name.into(),
            kind,
            nullable: false,
        }
    }

    /// A column whose rows may be null.
    pub fn nullable(name: impl Into<String>, kind: ColumnKind) -> Self {
        Self {
            nullable: true,
            ..Self::required(name, kind)
        }
    }
}

/// How pages are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// Not at all.
    None,
    /// Fast, about half.
    Snappy,
    /// Level 1: smaller, still fast.
    #[default]
    Zstd,
}

/// How a table is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteOptions {
    /// Of every column.
    pub compression: Compression,
    /// Whether columns of few distinct values are written through a dictionary.
    pub dictionary: bool,
    /// Bytes of a data page before compression, about.
    pub page_bytes: usize,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self {
            compression: Compression::default(),
            dictionary: true,
            page_bytes: 256 << 10,
        }
    }
}

/// Writes a Parquet file row group by row group; the file appears under its name on
/// [`TableWriter::finish`] and not before.
#[derive(Debug)]
pub struct TableWriter {
    path: PathBuf,
    columns: Vec<ColumnSpec>,
    writer: SerializedFileWriter<NamedTempFile>,
    buffers: ColumnBuffers,
    rows: u64,
}

impl TableWriter {
    /// Starts a table at `path`, under a temporary name in the same directory.
    ///
    /// # Errors
    /// [`Error::Io`] if the directory cannot be written.
    pub fn create(
        path: impl AsRef<Path>,
        columns: &[ColumnSpec],
        options: &WriteOptions,
    ) -> Result<Self> {
        assert!(!columns.is_empty(), "a table has columns");
        let path = path.as_ref().to_path_buf();
        let temporary = temporary_beside(&path)?;
        let schema = Arc::new(schema_of(columns).map_err(|error| write_error(&path, error))?);
        let properties = Arc::new(properties_of(options));
        let writer = SerializedFileWriter::new(temporary, schema, properties)
            .map_err(|error| write_error(&path, error))?;
        Ok(Self {
            path,
            columns: columns.to_vec(),
            writer,
            buffers: ColumnBuffers::default(),
            rows: 0,
        })
    }

    /// Appends a row group; `data` holds the columns in the order of the specification. A row
    /// group of no rows is left out.
    ///
    /// # Errors
    /// [`Error::Io`] if the disk refuses.
    pub fn write_row_group(&mut self, data: &[ColumnData<'_>]) -> Result<()> {
        assert_eq!(data.len(), self.columns.len(), "one slice a column");
        let rows = data[0].len();
        for (column, values) in self.columns.iter().zip(data) {
            assert_eq!(values.len(), rows, "rows of column `{}`", column.name);
        }
        if rows == 0 {
            return Ok(());
        }
        let path = &self.path;
        let fail = |error| write_error(path, error);
        let mut row_group = self.writer.next_row_group().map_err(fail)?;
        for (spec, values) in self.columns.iter().zip(data) {
            let column = row_group.next_column().map_err(fail)?;
            let mut column = column.expect("as many columns as the schema");
            self.buffers
                .write(spec, *values, &mut column)
                .map_err(fail)?;
            column.close().map_err(fail)?;
        }
        row_group.close().map_err(fail)?;
        self.rows += rows as u64;
        Ok(())
    }

    /// Rows written so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes the footer, syncs, and renames the file into place. Answers its size in bytes.
    ///
    /// # Errors
    /// [`Error::Io`] if the disk refuses; nothing is left behind then.
    pub fn finish(self) -> Result<u64> {
        let Self { path, writer, .. } = self;
        let fail = |error| write_error(&path, error);
        let temporary = writer.into_inner().map_err(fail)?;
        persist(temporary, &path)
    }
}

/// Syncs a complete file and renames it into place. Answers its size in bytes.
pub(in crate::source) fn persist(temporary: NamedTempFile, path: &Path) -> Result<u64> {
    let io_error = |error| Error::io("write", path, error);
    temporary.as_file().sync_all().map_err(io_error)?;
    let bytes = temporary.as_file().metadata().map_err(io_error)?.len();
    temporary
        .persist(path)
        .map_err(|error| Error::io("create", path, error.error))?;
    sync_directory_of(path)?;
    Ok(bytes)
}

/// A hidden temporary file in the directory of `path`, readable by all.
pub(in crate::source) fn temporary_beside(path: &Path) -> Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".rowmill-").suffix(TEMPORARY_SUFFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(Permissions::from_mode(0o644));
    }
    builder
        .tempfile_in(directory_of(path))
        .map_err(|error| Error::io("create", path, error))
}

/// The directory a file lies in.
fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Makes a rename survive a power cut.
fn sync_directory_of(path: &Path) -> Result<()> {
    let directory = directory_of(path);
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(|error| Error::io("sync", directory, error))
}

fn schema_of(columns: &[ColumnSpec]) -> parquet::errors::Result<Type> {
    let mut fields = Vec::with_capacity(columns.len());
    for column in columns {
        let (physical, logical) = match column.kind {
            ColumnKind::Text => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)),
            ColumnKind::F64 => (PhysicalType::DOUBLE, None),
            ColumnKind::F32 => (PhysicalType::FLOAT, None),
            ColumnKind::I64 => (PhysicalType::INT64, None),
            ColumnKind::I32 => (PhysicalType::INT32, None),
            ColumnKind::U8 => (PhysicalType::INT32, Some(LogicalType::integer(8, false))),
            ColumnKind::Bool => (PhysicalType::BOOLEAN, None),
        };
        let repetition = if column.nullable {
            Repetition::OPTIONAL
        } else {
            Repetition::REQUIRED
        };
        let field = Type::primitive_type_builder(&column.name, physical)
            .with_logical_type(logical)
            .with_repetition(repetition)
            .build()?;
        fields.push(Arc::new(field));
    }
    Type::group_type_builder("schema")
        .with_fields(fields)
        .build()
}

fn properties_of(options: &WriteOptions) -> WriterProperties {
    let compression = match options.compression {
        Compression::None => basic::Compression::UNCOMPRESSED,
        Compression::Snappy => basic::Compression::SNAPPY,
        Compression::Zstd => basic::Compression::ZSTD(ZstdLevel::default()),
    };
    WriterProperties::builder()
        .set_compression(compression)
        .set_dictionary_enabled(options.dictionary)
        .set_data_page_size_limit(options.page_bytes)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_created_by(concat!("rowmill version ", env!("CARGO_PKG_VERSION")).to_owned())
        .build()
}

/// What the writer said, as the operating system's error where it is one.
pub(in crate::source) fn write_error(path: &Path, error: ParquetError) -> Error {
    let source = match error {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(io_error) => *io_error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    };
    Error::io("write", path, source)
}
