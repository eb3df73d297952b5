//! A lane's reader: one file, one row group, one column at a time.

use std::fmt;

use parquet::file::metadata::ParquetMetaData;

use crate::{
    data::{TextValues, ValueType, Values, batch::MISSING_TEXT},
    error::{Error, Place, Result},
    platform::{self, PositionedFile},
    source::{
        chunk::{Chunk, ChunkBuffer, ChunkRange},
        column::{ColumnCursor, Scratch, is_decodable},
        dataset::{Constant, DataFile, Dataset, RowGroup},
        footer,
        guard::{damaged, guarded},
        pages::{self, ChunkFigures, PagesError},
    },
};

/// Reads row groups of a dataset, a column at a time, in slices.
///
/// ```text
/// open(row group) -> start_column(c) -> next_slice* -> start_column(d) -> ... -> open(...)
/// ```
///
/// One a reading thread. Memory: the footer of one file, and one chunk's bytes, page and
/// dictionary; see [`crate::source::estimate::DecodeEstimate::lane_bytes`].
pub struct LaneReader<'a> {
    dataset: &'a Dataset,
    file: Option<OpenFile>,
    row_group: Option<RowGroup>,
    current: Option<Current>,
    buffer: ChunkBuffer,
    scratch: Scratch,
    bytes_read: u64,
}

/// The file that is being read, with its footer.
struct OpenFile {
    index: usize,
    file: PositionedFile,
    metadata: ParquetMetaData,
}

/// The column that is being read.
struct Current {
    column: usize,
    rows_left: usize,
    source: ColumnSource,
}

enum ColumnSource {
    /// Every row has the same value.
    Constant(Constant),
    /// Decoded from the file.
    Chunk(Box<ColumnCursor>),
}

impl<'a> LaneReader<'a> {
    /// A reader that has nothing open yet.
    pub fn new(dataset: &'a Dataset) -> Self {
        Self {
            dataset,
            file: None,
            row_group: None,
            current: None,
            buffer: ChunkBuffer::default(),
            scratch: Scratch::new(dataset.limits.text_value_bytes_max),
            bytes_read: 0,
        }
    }

    /// Opens a row group, by its index in [`Dataset::row_groups`].
    ///
    /// # Errors
    /// [`Error::InputChanged`] if the file is not what it was when the dataset was opened.
    pub fn open(&mut self, row_group: usize) -> Result<()> {
        self.close_column();
        self.row_group = None;
        let row_group = self.dataset.row_groups()[row_group];
        let is_open = self
            .file
            .as_ref()
            .is_some_and(|f| f.index == row_group.file);
        if is_open {
            self.check_unchanged(row_group.file)?;
        } else {
            self.file = None;
            self.file = Some(self.open_file(row_group.file)?);
        }
        self.row_group = Some(row_group);
        Ok(())
    }

    /// Turns to a column of the open row group. Any order, any number of times.
    ///
    /// # Errors
    /// A column that cannot be read; a damaged or changed file.
    pub fn start_column(&mut self, column: usize) -> Result<()> {
        self.close_column();
        self.dataset.check_column(column)?;
        let row_group = self.row_group.expect("a row group is open");
        let source = match self.dataset.leaf(row_group.file, column) {
            Some(_) => {
                let started = self.start_chunk(row_group, column);
                ColumnSource::Chunk(Box::new(started.map_err(|error| self.or_changed(error))?))
            }
            None => ColumnSource::Constant(self.dataset.constant(row_group.file, column)),
        };
        self.current = Some(Current {
            column,
            rows_left: row_group.rows as usize,
            source,
        });
        Ok(())
    }

    /// Turns to a column of the open row group, past its first rows. Whole pages are passed over
    /// without being decoded.
    ///
    /// # Errors
    /// As [`LaneReader::start_column`]; a column with fewer rows.
    pub fn start_column_at(&mut self, column: usize, first_row: usize) -> Result<()> {
        self.start_column(column)?;
        if first_row == 0 {
            return Ok(());
        }
        let mut current = self.current.take().expect("a column was started");
        assert!(first_row <= current.rows_left, "a row of the row group");
        if let ColumnSource::Chunk(cursor) = &mut current.source {
            let place = || place(self.dataset, self.row_group, column);
            let skipped = guarded(&place, || cursor.skip(first_row)).and_then(|skipped| {
                if skipped == first_row {
                    return Ok(());
                }
                Err(damaged(
                    place(),
                    format!("has {skipped} rows where {first_row} are passed over"),
                ))
            });
            skipped.map_err(|error| self.or_changed(error))?;
        }
        current.rows_left -= first_row;
        self.current = Some(current);
        Ok(())
    }

    /// Reads the next rows of the column, at most `rows_max`; `values` is emptied first and takes
    /// the column's kind. Returns the number of rows: 0 at the end.
    ///
    /// # Errors
    /// A damaged or changed file. The column has to be started again then.
    pub fn next_slice(&mut self, rows_max: usize, values: &mut Values) -> Result<usize> {
        assert!(rows_max > 0, "a slice has rows");
        let mut current = self.current.take().expect("a column is started");
        prepare(values, self.value_type(current.column));
        let rows = rows_max.min(current.rows_left);
        if rows == 0 {
            self.current = Some(current);
            return Ok(0);
        }
        match &mut current.source {
            ColumnSource::Constant(constant) => fill(values, constant, rows),
            ColumnSource::Chunk(cursor) => {
                let read = Self::read_chunk(cursor, rows, &mut self.scratch, values, &|| {
                    place(self.dataset, self.row_group, current.column)
                });
                read.map_err(|error| self.or_changed(error))?;
            }
        }
        assert_eq!(values.len(), rows, "rows of a slice");
        current.rows_left -= rows;
        let finished = current.rows_left == 0;
        if finished && let ColumnSource::Chunk(_) = current.source {
            // The values are what the footer promised only if nobody wrote meanwhile.
            current.source = ColumnSource::Constant(Constant::Missing);
            self.scratch.release();
            self.check_unchanged(self.row_group.expect("a row group is open").file)?;
        }
        self.current = Some(current);
        Ok(rows)
    }

    /// Reads a whole column of the open row group.
    ///
    /// # Errors
    /// As [`LaneReader::start_column`] and [`LaneReader::next_slice`].
    pub fn read_column(&mut self, column: usize, values: &mut Values) -> Result<usize> {
        self.start_column(column)?;
        let rows = self.row_group.expect("a row group is open").rows as usize;
        self.next_slice(rows, values)
    }

    /// Compressed bytes of the columns read so far.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Bytes held between columns, by capacity.
    pub fn heap_bytes(&self) -> usize {
        let footer = self.file.as_ref().map_or(0, |f| f.metadata.memory_size());
        self.buffer.heap_bytes() + self.scratch.heap_bytes() + footer
    }

    fn close_column(&mut self) {
        self.current = None;
        self.scratch.release();
    }

    fn value_type(&self, column: usize) -> ValueType {
        let value_type = self.dataset.schema().fields[column].value_type;
        value_type.expect("a started column was checked")
    }

    /// Opens a file and checks that it is the one whose footer was read before.
    fn open_file(&self, index: usize) -> Result<OpenFile> {
        let data_file = &self.dataset.files()[index];
        let path = &data_file.path;
        let file = PositionedFile::open_read(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => changed(data_file, "it no longer exists"),
            _ => Error::io("read", path, error),
        })?;
        let now = file
            .identity()
            .map_err(|error| Error::io("read", path, error))?;
        if let Some(what) = data_file.identity.difference(&now) {
            return Err(changed(data_file, what));
        }
        let limit = self.dataset.limits.footer_bytes_max;
        let footer = footer::read(&file, path, now.size, limit)?;
        if footer.hash != data_file.footer_hash {
            return Err(changed(data_file, "its footer differs"));
        }
        Ok(OpenFile {
            index,
            file,
            metadata: footer.metadata,
        })
    }

    /// Refuses a file that was written to, or was replaced.
    fn check_unchanged(&self, index: usize) -> Result<()> {
        let data_file = &self.dataset.files()[index];
        let Some(open) = self.file.as_ref().filter(|open| open.index == index) else {
            return Ok(());
        };
        let now = open.file.identity();
        let now = now.map_err(|error| Error::io("read", &data_file.path, error))?;
        match data_file.identity.difference(&now) {
            Some(what) => Err(changed(data_file, what)),
            None => Ok(()),
        }
    }

    /// An error of reading, or, if the file is no longer the same, that.
    fn or_changed(&self, error: Error) -> Error {
        let Some(row_group) = self.row_group else {
            return error;
        };
        let data_file = &self.dataset.files()[row_group.file];
        let by_name = platform::file::identity(&data_file.path);
        match by_name.map(|now| data_file.identity.difference(&now)) {
            Ok(Some(what)) => changed(data_file, what),
            Err(_) => changed(data_file, "it no longer exists"),
            Ok(None) => self.check_unchanged(row_group.file).err().unwrap_or(error),
        }
    }

    /// Reads a chunk's bytes, walks its page headers, and sets up the decoder.
    fn start_chunk(&mut self, row_group: RowGroup, column: usize) -> Result<ColumnCursor> {
        let dataset = self.dataset;
        let place = || place(dataset, Some(row_group), column);
        let leaf = dataset
            .leaf(row_group.file, column)
            .expect("the file has the column");
        let open = self.file.as_ref().expect("a file is open");
        let metadata = open.metadata.row_group(row_group.index_in_file);
        let metadata = metadata.column(leaf.leaf as usize);
        if metadata.file_path().is_some() {
            let message = "is stored in another file, which is not supported; write it again";
            return Err(Error::input(place(), message));
        }
        if !is_decodable(metadata.column_type(), leaf.file_type) {
            return Err(damaged(
                place(),
                "has a type that contradicts its annotation",
            ));
        }
        let (start, length) = metadata.byte_range();
        let io_error = |error| Error::io("read", &dataset.files()[row_group.file].path, error);
        let range = ChunkRange { start, length };
        let chunk = Chunk::open(&open.file, range, &mut self.buffer).map_err(io_error)?;
        let page_bytes_max = dataset.limits.page_bytes_max;
        let claims = ChunkFigures::new(metadata, row_group.rows, page_bytes_max);
        pages::check(&chunk, claims).map_err(|error| match error {
            PagesError::Io(error) => io_error(error),
            PagesError::Damaged(what) => damaged(place(), what),
            PagesError::TooLarge(what) => Error::input(place(), what),
        })?;
        self.bytes_read += length;
        let rows = row_group.rows as usize;
        guarded(&place, || {
            ColumnCursor::new(chunk, metadata, rows, page_bytes_max, leaf.file_type)
        })
    }

    fn read_chunk(
        cursor: &mut ColumnCursor,
        rows: usize,
        scratch: &mut Scratch,
        values: &mut Values,
        place: &dyn Fn() -> Place,
    ) -> Result<()> {
        let read = guarded(place, || cursor.read(rows, scratch, values))?;
        if read != rows || values.len() != rows {
            let what = format!("ends {} rows too early", rows - read.min(rows));
            return Err(damaged(place(), what));
        }
        Ok(())
    }
}

impl fmt::Debug for LaneReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LaneReader")
            .field("row_group", &self.row_group)
            .field("bytes_read", &self.bytes_read)
            .finish_non_exhaustive()
    }
}

fn place(dataset: &Dataset, row_group: Option<RowGroup>, column: usize) -> Place {
    let name = dataset.schema().fields[column].name.clone();
    let row_group = row_group.expect("a row group is open");
    Place::file(&dataset.files()[row_group.file].path)
        .row_group(row_group.index_in_file)
        .column(name)
}

fn changed(file: &DataFile, what: impl Into<String>) -> Error {
    Error::InputChanged {
        path: file.path.clone(),
        what: what.into(),
    }
}

/// Empties `values` and makes them of the wanted kind, keeping memory where the kind is the same.
fn prepare(values: &mut Values, value_type: ValueType) {
    values.clear();
    match (value_type, &values) {
        (ValueType::F32, Values::F32(_))
        | (ValueType::F64, Values::F64(_))
        | (ValueType::Text, Values::Text(_)) => {}
        (ValueType::F32, _) => *values = Values::F32(Vec::new()),
        (ValueType::F64, _) => *values = Values::F64(Vec::new()),
        (ValueType::Text, _) => *values = Values::Text(TextValues::default()),
    }
}

/// Fills emptied values with one value.
fn fill(values: &mut Values, constant: &Constant, rows: usize) {
    match (values, constant) {
        (Values::F32(out), Constant::Number(value)) => out.resize(rows, *value as f32),
        (Values::F64(out), Constant::Number(value)) => out.resize(rows, *value),
        (Values::F32(out), _) => out.resize(rows, f32::NAN),
        (Values::F64(out), _) => out.resize(rows, f64::NAN),
        (Values::Text(out), Constant::Text(text)) => {
            let id = out.push_value(text);
            out.ids.resize(rows, id);
        }
        (Values::Text(out), _) => out.ids.resize(rows, MISSING_TEXT),
    }
}
