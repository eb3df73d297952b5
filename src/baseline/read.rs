//! Parsing of a baseline table, safe on any bytes: rows, row lengths and the whole are bounded.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Cursor, Read},
    path::{Path, PathBuf},
};

use crate::{
    baseline::{
        columns::{BaselineColumns, ColumnIndexes},
        guard::{LengthError, RowGuard, sniff},
        row::RowParser,
        table::Baseline,
    },
    error::{Error, Place, Result},
    limits::Limits,
    text::size::format_bytes,
};

impl Baseline {
    /// Reads and checks a table with the usual column names ([`BaselineColumns::default`]).
    ///
    /// # Errors
    /// [`Error::Io`] for a file that cannot be read; [`Error::Input`] naming the file, line, column
    /// and value of what is wrong in it.
    pub fn open(path: impl AsRef<Path>, limits: &Limits) -> Result<Self> {
        Self::open_as(path, &BaselineColumns::default(), limits)
    }

    /// Reads and checks a table whose group and site columns have other names.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_as(
        path: impl AsRef<Path>,
        names: &BaselineColumns,
        limits: &Limits,
    ) -> Result<Self> {
        let path = path.as_ref();
        // Asked before opening: opening a pipe that nobody writes to would wait for ever.
        let metadata = fs::metadata(path).map_err(|source| Error::io("read", path, source))?;
        if !metadata.is_file() {
            return Err(Error::input(
                Place::file(path),
                "is not a file; give the path of a baseline TSV or CSV",
            ));
        }
        let file = File::open(path).map_err(|source| Error::io("read", path, source))?;
        Self::from_reader(BufReader::new(file), path, names, limits)
    }

    /// Reads and checks a table from anywhere; `path` is its name in messages.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn from_reader(
        reader: impl Read,
        path: impl Into<PathBuf>,
        names: &BaselineColumns,
        limits: &Limits,
    ) -> Result<Self> {
        let mut table = read(reader, path.into(), names, limits)?;
        table.sort()?;
        Ok(table)
    }
}

/// Reads a table; the caller sorts it.
///
/// # Panics
/// If the limits allow more text than 32 bits can index.
fn read(
    reader: impl Read,
    path: PathBuf,
    names: &BaselineColumns,
    limits: &Limits,
) -> Result<Baseline> {
    assert!(limits.baseline_bytes_max <= u32::MAX as usize);
    let mut reader = BufReader::new(reader);
    let header = first_line(&mut reader, &path, limits)?;
    let delimiter = sniff(&header);
    let guard = RowGuard::new(Cursor::new(header).chain(reader), delimiter, limits);
    let mut csv = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .from_reader(guard);
    let headers = csv
        .headers()
        .map_err(|error| describe(error, &path, names))?;
    let columns: Vec<String> = headers.iter().map(str::to_owned).collect();
    let indexes = ColumnIndexes::find(&columns, names, &path)?;
    let mut table = Baseline::new(path, columns, indexes);
    let mut record = csv::StringRecord::new();
    while csv
        .read_record(&mut record)
        .map_err(|error| describe(error, table.path(), names))?
    {
        let line = record.position().map_or(0, csv::Position::line);
        let parser = RowParser {
            path: table.path(),
            columns: table.columns(),
            indexes,
        };
        let figures = parser.parse(&record, line)?;
        table.push(&record, figures);
        // The row's place in the sorted index is yet to come.
        let bytes = table.heap_bytes() + table.len() * size_of::<u32>();
        if bytes > limits.baseline_bytes_max {
            return Err(too_large(table.path(), limits.baseline_bytes_max, names));
        }
    }
    if table.is_empty() {
        return Err(Error::input(
            Place::file(table.path()),
            "has a header but no rows; give another baseline table, or none",
        ));
    }
    Ok(table)
}

/// Reads the header's line, without a byte order mark.
fn first_line(reader: &mut impl BufRead, path: &Path, limits: &Limits) -> Result<Vec<u8>> {
    let mut line = Vec::new();
    reader
        .take(limits.baseline_row_bytes_max as u64 + 1)
        .read_until(b'\n', &mut line)
        .map_err(|source| Error::io("read", path, source))?;
    if line.starts_with(b"\xef\xbb\xbf") {
        line.drain(..3);
    }
    if line.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::input(
            Place::file(path),
            "is empty or starts with an empty line; a baseline table starts with its header",
        ));
    }
    Ok(line)
}

/// The CSV parser's error in our words.
fn describe(error: csv::Error, path: &Path, names: &BaselineColumns) -> Error {
    let line = error.position().map_or(1, csv::Position::line);
    let wrong = |message: String| Error::input(Place::file(path), message);
    match error.into_kind() {
        csv::ErrorKind::Io(source) => {
            let too_long = source.get_ref().and_then(|inner| inner.downcast_ref());
            match too_long {
                Some(&LengthError::Row { line, bytes_max }) => wrong(format!(
                    "the row at line {line} is longer than {bytes_max} bytes; check it for a missing closing \
                     quote"
                )),
                Some(&LengthError::File { bytes_max }) => too_large(path, bytes_max, names),
                None => Error::io("read", path, source),
            }
        }
        csv::ErrorKind::Utf8 { .. } => wrong(format!(
            "line {line} is not UTF-8; save the table as UTF-8 text"
        )),
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => wrong(format!(
            "line {line} has {len} cells, but the header has {expected_len}; correct or remove it"
        )),
        other => wrong(format!(
            "line {line} cannot be read ({other:?}); correct or remove it"
        )),
    }
}

fn too_large(path: &Path, bytes_max: usize, names: &BaselineColumns) -> Error {
    Error::input(
        Place::file(path),
        format!(
            "is larger than the limit of a baseline table ({}); keep one row for each group and site, and the \
             columns `{}`, `{}`, TP, FP, FN and f1_score",
            format_bytes(bytes_max as u64),
            names.groups.first().map_or("", String::as_str),
            names.sites.first().map_or("", String::as_str),
        ),
    )
}
