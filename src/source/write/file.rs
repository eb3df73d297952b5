//! The file: schema, temporary name, row groups, and the rename to its final name.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use parquet::{
    basic::{self, LogicalType, Repetition, Type as PhysicalType, ZstdLevel},
    file::{
        properties::{EnabledStatistics, WriterProperties},
        writer::SerializedFileWriter,
    },
    schema::types::Type,
};

use crate::{
    error::Result,
    platform::atomic::PendingFile,
    source::{
        guard::write_error,
        write::{
            column::ColumnBuffers,
            data::ColumnData,
            options::{ColumnKind, ColumnSpec, Compression, WriteOptions},
        },
    },
};

/// Writes a Parquet file row group by row group; the file appears under its name on
/// [`TableWriter::finish`] and not before.
#[derive(Debug)]
pub struct TableWriter {
    path: PathBuf,
    columns: Vec<ColumnSpec>,
    writer: SerializedFileWriter<PendingFile>,
    buffers: ColumnBuffers,
    rows: u64,
}

impl TableWriter {
    /// Starts a table at `path`, under a temporary name in the same directory.
    ///
    /// # Errors
    /// [`crate::error::Error::Io`] if the directory cannot be written.
    pub fn create(
        path: impl AsRef<Path>,
        columns: &[ColumnSpec],
        options: &WriteOptions,
    ) -> Result<Self> {
        assert!(!columns.is_empty(), "a table has columns");
        let path = path.as_ref().to_path_buf();
        let file = PendingFile::create(&path)?;
        let schema = Arc::new(schema_of(columns).map_err(|error| write_error(&path, error))?);
        let properties = Arc::new(properties_of(options));
        let writer = SerializedFileWriter::new(file, schema, properties)
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
    /// [`crate::error::Error::Io`] if the disk refuses.
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

    /// Writes the footer, syncs, and renames the file into place. Returns its size in bytes.
    ///
    /// # Errors
    /// [`crate::error::Error::Io`] if the disk refuses; nothing is left behind then.
    pub fn finish(self) -> Result<u64> {
        let Self { path, writer, .. } = self;
        let file = writer
            .into_inner()
            .map_err(|error| write_error(&path, error))?;
        file.persist()
    }
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
