//! One output file: temporary name, chunks, footer, reading back, rename.

use std::{
    hash::Hasher,
    io::{self, BufReader, BufWriter, Read},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use parquet::{
    column::writer::ColumnCloseResult,
    errors::ParquetError,
    file::{
        metadata::ColumnChunkMetaData,
        properties::WriterProperties,
        reader::{ChunkReader, Length},
        writer::{SerializedFileWriter, SerializedRowGroupWriter},
    },
};
use twox_hash::XxHash3_64;

use crate::{
    error::{Error, Place, Result},
    platform::{PositionedFile, atomic::PendingFile, stop::Stop},
    source::{
        copy::{
            constant,
            schema::{Columns, InputFile},
            summary::CopySummary,
        },
        dataset::Dataset,
        footer,
        guard::{damaged, write_error},
    },
};

/// Bytes read from an input file at a time.
const READ_BYTES: usize = 1 << 18;

/// Bytes written to an output file at a time; the Parquet writer's own pieces are of 8 KiB.
const WRITE_BYTES: usize = 1 << 18;

/// The most bytes of a footer that is read back: it was just written by us.
const FOOTER_BYTES_MAX: u64 = 1 << 31;

/// A file that is being written.
pub(super) struct OutputFile {
    path: PathBuf,
    columns: Columns,
    writer: SerializedFileWriter<BufWriter<PendingFile>>,
    rows: u64,
    /// The expected content of each row group when it is read back.
    written: Vec<WrittenRowGroup>,
}

/// Rows, and a hash of the bytes of all chunks that were copied (not of constant ones).
struct WrittenRowGroup {
    rows: i64,
    /// The output's column chunks that were copied.
    copied: Vec<u32>,
    hash: u64,
}

impl OutputFile {
    /// Starts a file under a temporary name beside `path`.
    pub(super) fn create(path: &Path, columns: Columns) -> Result<Self> {
        let fail = |error| write_error(path, error);
        let file = PendingFile::create(path)?;
        let schema = columns.root_type().map_err(fail)?;
        let mut properties = WriterProperties::builder()
            .set_compression(constant::COMPRESSION)
            .set_offset_index_disabled(true)
            .set_key_value_metadata(columns.key_values.clone());
        if let Some(created_by) = &columns.created_by {
            // Readers know by the writer's name which statistics to believe.
            properties = properties.set_created_by(created_by.clone());
        }
        let properties = Arc::new(properties.build());
        let file = BufWriter::with_capacity(WRITE_BYTES, file);
        let writer = SerializedFileWriter::new(file, schema, properties).map_err(fail)?;
        Ok(Self {
            path: path.to_path_buf(),
            columns,
            writer,
            rows: 0,
            written: Vec::new(),
        })
    }

    /// Appends all row groups of an input file.
    pub(super) fn append(&mut self, dataset: &Dataset, file: usize, stop: &Stop) -> Result<()> {
        let input = InputFile::open(dataset, file)?;
        let input_path = &dataset.files()[file].path;
        let leaves = self.leaves(&input);
        for (index, row_group) in input.metadata.row_groups().iter().enumerate() {
            stop.check()?;
            let rows = row_group.num_rows();
            if rows == 0 {
                continue;
            }
            let path = &self.path;
            let fail = |error| failed(error, Place::file(input_path).row_group(index), path);
            let mut output = self
                .writer
                .next_row_group()
                .map_err(|error| write_error(&self.path, error))?;
            let mut written = WrittenRowGroup {
                rows,
                copied: Vec::new(),
                hash: 0,
            };
            let hasher = Arc::new(Mutex::new(XxHash3_64::new()));
            let mut chunks = 0;
            for (column, leaves) in leaves.iter().enumerate() {
                let copied = match leaves {
                    Some(leaves) => leaves.iter().try_for_each(|leaf| {
                        written.copied.push(chunks);
                        chunks += 1;
                        let chunk = row_group.column(*leaf);
                        copy_chunk(&mut output, &input.file, chunk, rows, &hasher)
                    }),
                    None => {
                        chunks += 1;
                        constant::write(&mut output, self.columns.absent[column], rows as usize)
                    }
                };
                copied.map_err(fail)?;
            }
            output
                .close()
                .map_err(|error| write_error(&self.path, error))?;
            written.hash = hasher.lock().map_or(0, |hasher| hasher.finish());
            self.written.push(written);
            self.rows += rows as u64;
        }
        let now = input.file.identity();
        let now = now.map_err(|error| Error::io("read", input_path, error))?;
        match dataset.files()[file].identity.difference(&now) {
            Some(what) => Err(Error::InputChanged {
                path: input_path.clone(),
                what,
            }),
            None => Ok(()),
        }
    }

    /// The input's column chunks of each output column; `None` where the file does not have it.
    fn leaves(&self, input: &InputFile) -> Vec<Option<Vec<usize>>> {
        let place = |name: &str| input.fields().iter().position(|field| field.name() == name);
        let leaves = |name: &str| place(name).map(|field| input.leaves(field).collect());
        let fields = self.columns.fields.iter();
        fields.map(|field| leaves(field.name())).collect()
    }

    /// Writes the footer, reads everything back, and renames the file into place.
    pub(super) fn finish(self) -> Result<CopySummary> {
        let Self {
            path,
            writer,
            columns,
            rows,
            written,
        } = self;
        let buffered = writer
            .into_inner()
            .map_err(|error| write_error(&path, error))?;
        let file = buffered
            .into_inner()
            .map_err(|error| Error::io("write", &path, error.into_error()))?;
        check_written(file.temporary_path(), &path, &columns, rows, &written)?;
        let bytes = file.persist()?;
        Ok(CopySummary {
            files: 1,
            rows,
            bytes,
        })
    }
}

/// The error of a chunk's copy: of the output, or of a damaged input.
fn failed(error: ParquetError, place: Place, path: &Path) -> Error {
    match error {
        ParquetError::External(source) if is_of_input(source.as_ref()) => {
            Error::io("read", place.path, io::Error::other(source))
        }
        ParquetError::General(message) if message.contains("splice") => {
            damaged(place, "ends inside a column chunk")
        }
        other => write_error(path, other),
    }
}

/// Copies one chunk's bytes and hashes them on the way.
fn copy_chunk(
    output: &mut SerializedRowGroupWriter<'_, BufWriter<PendingFile>>,
    file: &PositionedFile,
    chunk: &ColumnChunkMetaData,
    rows: i64,
    hasher: &Arc<Mutex<XxHash3_64>>,
) -> Result<(), ParquetError> {
    let source = SourceChunk {
        file: file.clone(),
        hasher: Arc::clone(hasher),
    };
    let close = ColumnCloseResult {
        bytes_written: chunk.compressed_size() as u64,
        rows_written: rows as u64,
        metadata: chunk.clone(),
        bloom_filter: None,
        column_index: None,
        offset_index: None,
    };
    output.append_column(&source, close)
}

/// Reads the file back from the disk's cache and compares it with what was copied.
fn check_written(
    temporary: &Path,
    path: &Path,
    columns: &Columns,
    rows: u64,
    written: &[WrittenRowGroup],
) -> Result<()> {
    let io_error = |error| Error::io("read back", path, error);
    let differs = |what: &str| {
        Error::format(
            path,
            format!(
                "{what} when it was read back; the disk or the memory of this machine is faulty"
            ),
        )
    };
    let file = PositionedFile::open_read(temporary).map_err(io_error)?;
    let size = file.len().map_err(io_error)?;
    let footer = footer::read_whole(&file, temporary, size, FOOTER_BYTES_MAX)?;
    let metadata = &footer.metadata;
    let about = metadata.file_metadata();
    if about.num_rows() != rows as i64 || metadata.num_row_groups() != written.len() {
        return Err(differs("its rows differed"));
    }
    if about.schema_descr().root_schema().get_fields() != columns.fields {
        return Err(differs("its columns differed"));
    }
    let mut buffer = vec![0u8; READ_BYTES];
    for (row_group, expected) in metadata.row_groups().iter().zip(written) {
        if row_group.num_rows() != expected.rows {
            return Err(differs("the rows of a row group differed"));
        }
        let mut hasher = XxHash3_64::new();
        for chunk in &expected.copied {
            let (start, length) = row_group.column(*chunk as usize).byte_range();
            let end = start + length;
            let mut at = start;
            while at < end {
                let part = &mut buffer[..READ_BYTES.min((end - at) as usize)];
                file.read_exact_at(part, at).map_err(io_error)?;
                hasher.write(part);
                at += part.len() as u64;
            }
        }
        if hasher.finish() != expected.hash {
            return Err(differs("its bytes differed"));
        }
    }
    Ok(())
}

/// An input file as the library wants to read it.
struct SourceChunk {
    file: PositionedFile,
    hasher: Arc<Mutex<XxHash3_64>>,
}

impl Length for SourceChunk {
    fn len(&self) -> u64 {
        self.file.len().unwrap_or(0)
    }
}

impl ChunkReader for SourceChunk {
    type T = HashedReader;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        let reader = PositionedReader {
            file: self.file.clone(),
            position: start,
            length: self.len(),
        };
        Ok(HashedReader {
            reader: BufReader::with_capacity(READ_BYTES, reader),
            hasher: Arc::clone(&self.hasher),
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let mut bytes = vec![0u8; length];
        self.file.read_exact_at(&mut bytes, start)?;
        Ok(bytes.into())
    }
}

/// Hashes what is read through it.
struct HashedReader {
    reader: BufReader<PositionedReader>,
    hasher: Arc<Mutex<XxHash3_64>>,
}

impl Read for HashedReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.reader.read(buffer)?;
        if let Ok(mut hasher) = self.hasher.lock() {
            hasher.write(&buffer[..bytes]);
        }
        Ok(bytes)
    }
}

/// Reads a file from a position on.
struct PositionedReader {
    file: PositionedFile,
    position: u64,
    length: u64,
}

impl Read for PositionedReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.length.saturating_sub(self.position);
        let bytes = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        self.file
            .read_exact_at(&mut buffer[..bytes], self.position)
            .map_err(|error| io::Error::new(error.kind(), InputFailed(error)))?;
        self.position += bytes as u64;
        Ok(bytes)
    }
}

fn is_of_input(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    let io_error = error.downcast_ref::<io::Error>();
    io_error
        .and_then(io::Error::get_ref)
        .is_some_and(|inner| inner.is::<InputFailed>())
}

/// An error of the input, as distinct from one of the output.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct InputFailed(io::Error);
