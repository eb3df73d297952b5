//! A CSV file that is there whole or not at all.

use std::{fs::File, io::BufWriter, path::Path};

use crate::{
    error::{Error, Result},
    platform::atomic,
};

/// A CSV writer that knows the name of its file.
pub(super) struct CsvWriter<'a, W: std::io::Write> {
    path: &'a Path,
    writer: csv::Writer<W>,
}

/// Writes a CSV file: commas, a line feed a row, quotes where needed.
///
/// # Errors
/// The filler's own, or [`Error::Io`] naming `path`.
pub(super) fn write<T>(
    path: &Path,
    fill: impl FnOnce(&mut CsvWriter<'_, &mut BufWriter<File>>) -> Result<T>,
) -> Result<T> {
    atomic::write_with(path, |writer| {
        let mut csv = CsvWriter {
            path,
            writer: csv::Writer::from_writer(writer),
        };
        let answer = fill(&mut csv)?;
        csv.flush()?;
        Ok(answer)
    })
}

impl<W: std::io::Write> CsvWriter<'_, W> {
    /// Writes a row.
    pub(super) fn row<C: AsRef<[u8]>>(&mut self, cells: impl IntoIterator<Item = C>) -> Result<()> {
        self.writer
            .write_record(cells)
            .map_err(|error| match error.into_kind() {
                csv::ErrorKind::Io(source) => Error::io("write", self.path, source),
                other => unreachable!("rows have the header's length: {other:?}"),
            })
    }

    fn flush(&mut self) -> Result<()> {
        self.writer
            .flush()
            .map_err(|source| Error::io("write", self.path, source))
    }
}
