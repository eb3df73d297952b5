//! Parsing of a baseline table, safe on any bytes: rows, row lengths and the whole are bounded.

use std::{
    io::{BufRead, BufReader, Cursor, Read},
    path::{Path, PathBuf},
};

use crate::baseline::{
    guard::{RowGuard, TooLong, sniff},
    table::{Baseline, BaselineColumns, BaselineCounts, Parsed, Roles},
};
use crate::{
    error::{Error, Place, Result},
    limits::Limits,
    text::size::format_bytes,
};

/// Cells that mean null, as pandas, polars, R and SQL write them.
const NULLS: [&str; 10] = [
    "", "null", "NULL", "NaN", "nan", "NA", "N/A", "<NA>", "None", "none",
];

/// The largest count: integers up to here survive a spreadsheet's floats.
const COUNT_MAX: f64 = (1u64 << 53) as f64;

/// The most characters of a cell that a message repeats.
const SHOWN_MAX: usize = 60;

/// Reads a table; the caller sorts it.
///
/// # Panics
/// If the limits allow more text than 32 bits can index.
pub(crate) fn read(
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
    let roles = Roles::find(&columns, names, &path)?;
    let mut table = Baseline {
        path,
        columns,
        roles,
        text: String::new(),
        ends: Vec::new(),
        rows: Vec::new(),
        sorted: Vec::new(),
    };
    let mut record = csv::StringRecord::new();
    while csv
        .read_record(&mut record)
        .map_err(|error| describe(error, &table.path, names))?
    {
        let line = record.position().map_or(0, csv::Position::line);
        table.rows.push(table.parse(&record, line)?);
        for cell in &record {
            table.text.push_str(cell);
            table.ends.push(table.text.len() as u32);
        }
        // The row's place in the sorted index is yet to come.
        let bytes = table.heap_bytes() + table.rows.len() * size_of::<u32>();
        if bytes > limits.baseline_bytes_max {
            return Err(too_large(&table.path, limits.baseline_bytes_max, names));
        }
    }
    if table.rows.is_empty() {
        return Err(Error::input(
            Place::file(&table.path),
            "has a header but no rows; give another baseline table, or none",
        ));
    }
    Ok(table)
}

impl Roles {
    /// Finds the columns that mean something.
    fn find(columns: &[String], names: &BaselineColumns, path: &Path) -> Result<Self> {
        let index_of = |name: &str| -> Result<Option<usize>> {
            let mut found = (0..columns.len()).filter(|&index| columns[index] == name);
            let first = found.next();
            match found.next() {
                Some(_) => Err(Error::input(
                    Place::file(path).column(name),
                    "is there twice in the header; rename or remove one of them",
                )),
                None => Ok(first),
            }
        };
        let mut missing: Vec<String> = Vec::new();
        let group = first_of(&names.groups, &index_of)?;
        if group.is_none() {
            missing.push(quoted(&names.groups));
        }
        let mut needed = |name: &str| -> Result<usize> {
            let found = index_of(name)?;
            if found.is_none() {
                missing.push(format!("`{name}`"));
            }
            Ok(found.unwrap_or_default())
        };
        let true_positives = needed("TP")?;
        let false_positives = needed("FP")?;
        let false_negatives = needed("FN")?;
        let site = first_of(&names.sites, &index_of)?;
        if site.is_none() {
            missing.push(quoted(&names.sites));
        }
        let (Some(group), Some(site), true) = (group, site, missing.is_empty()) else {
            return Err(Error::input(
                Place::file(path),
                format!(
                    "lacks the column {}; a baseline table needs a group, a site and the counts TP, \
                     FP and FN, and this one has {}",
                    missing.join(", "),
                    shown(&columns.join(", "))
                ),
            ));
        };
        Ok(Self {
            group,
            site,
            true_positives,
            false_positives,
            false_negatives,
            true_negatives: index_of("TN")?,
            f1: index_of("f1_score")?,
        })
    }
}

/// The first of some names that is a column.
fn first_of(
    names: &[String],
    index_of: &impl Fn(&str) -> Result<Option<usize>>,
) -> Result<Option<usize>> {
    for name in names {
        if let Some(found) = index_of(name)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn quoted(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(" or ")
}

impl Baseline {
    /// Checks the cells of a row that mean something.
    fn parse(&self, record: &csv::StringRecord, line: u64) -> Result<Parsed> {
        assert!(record.len() == self.columns.len());
        for column in [self.roles.group, self.roles.site] {
            if NULLS.contains(&record[column].trim()) {
                return Err(self.wrong(line, column, "is empty; fill it or remove the row"));
            }
        }
        let true_positives = self.count(record, line, self.roles.true_positives)?;
        let false_positives = self.count(record, line, self.roles.false_positives)?;
        let false_negatives = self.count(record, line, self.roles.false_negatives)?;
        let true_negatives = match self.roles.true_negatives {
            Some(column) => self.count(record, line, column)?,
            None => None,
        };
        let counts = match (true_positives, false_positives, false_negatives) {
            (Some(true_positives), Some(false_positives), Some(false_negatives)) => {
                Some(BaselineCounts {
                    true_positives,
                    false_positives,
                    false_negatives,
                    true_negatives,
                })
            }
            (None, None, None) => None,
            (tp, fp, _) => {
                let column = match (tp, fp) {
                    (None, _) => self.roles.true_positives,
                    (_, None) => self.roles.false_positives,
                    _ => self.roles.false_negatives,
                };
                return Err(self.wrong(
                    line,
                    column,
                    "is null where other counts are not; fill TP, FP and FN, or empty all three",
                ));
            }
        };
        let f1 = match self.roles.f1 {
            Some(column) => self.share(record, line, column)?,
            None => None,
        };
        Ok(Parsed { line, counts, f1 })
    }

    /// A whole number, also written `12.0`; `None` for null.
    fn count(&self, record: &csv::StringRecord, line: u64, column: usize) -> Result<Option<u64>> {
        let cell = record[column].trim();
        if NULLS.contains(&cell) {
            return Ok(None);
        }
        match cell.parse::<f64>() {
            Ok(value) if value.fract() == 0.0 && (0.0..=COUNT_MAX).contains(&value) => {
                Ok(Some(value as u64))
            }
            _ => Err(self.wrong(
                line,
                column,
                &format!(
                    "is `{}`, which is not a count; write a whole number",
                    shown(cell)
                ),
            )),
        }
    }

    /// A number from 0 to 1; `None` for null.
    fn share(&self, record: &csv::StringRecord, line: u64, column: usize) -> Result<Option<f64>> {
        let cell = record[column].trim();
        if NULLS.contains(&cell) {
            return Ok(None);
        }
        match cell.parse::<f64>() {
            Ok(value) if value.is_nan() => Ok(None),
            Ok(value) if (0.0..=1.0).contains(&value) => Ok(Some(value)),
            _ => Err(self.wrong(
                line,
                column,
                &format!(
                    "is `{}`; write a number from 0 to 1, or leave it empty",
                    shown(cell)
                ),
            )),
        }
    }

    fn wrong(&self, line: u64, column: usize, message: &str) -> Error {
        let place = Place::file(&self.path).column(&self.columns[column]);
        Error::input(place, format!("line {line} {message}"))
    }
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
                Some(&TooLong::Row { line, bytes_max }) => wrong(format!(
                    "the row at line {line} is longer than {bytes_max} bytes; is a quote left open there?"
                )),
                Some(&TooLong::File { bytes_max }) => too_large(path, bytes_max, names),
                None => Error::io("read", path, source),
            }
        }
        csv::ErrorKind::Utf8 { .. } => wrong(format!(
            "line {line} is not UTF-8; save the table as UTF-8 text"
        )),
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => wrong(format!(
            "line {line} has {len} cells where the header has {expected_len}; mend or remove it"
        )),
        other => wrong(format!(
            "line {line} cannot be read ({other:?}); mend or remove it"
        )),
    }
}

fn too_large(path: &Path, bytes_max: usize, names: &BaselineColumns) -> Error {
    Error::input(
        Place::file(path),
        format!(
            "is larger than a baseline table may be ({}); keep one row a group and site, and the \
             columns `{}`, `{}`, TP, FP, FN and f1_score",
            format_bytes(bytes_max as u64),
            names.groups.first().map_or("", String::as_str),
            names.sites.first().map_or("", String::as_str),
        ),
    )
}

/// A cell as a message shows it: its start, control characters escaped.
pub(crate) fn shown(cell: &str) -> String {
    let mut text: String = cell
        .chars()
        .take(SHOWN_MAX)
        .flat_map(char::escape_debug)
        .collect();
    if cell.chars().nth(SHOWN_MAX).is_some() {
        text.push_str("...");
    }
    text
}
