//! A CSV file that is there whole or not at all.

use std::{io::BufWriter, path::Path};

use crate::{
    error::{Error, Result},
    platform::atomic::{self, PendingFile},
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
    fill: impl FnOnce(&mut CsvWriter<'_, &mut BufWriter<PendingFile>>) -> Result<T>,
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

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    /// A disk with room for so many bytes.
    struct Disk(usize);

    impl io::Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if bytes.len() > self.0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.0 -= bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_disk_that_fills_up_is_an_error_that_names_the_file() {
        let path = Path::new("out/delta_vs_baseline.csv");
        let mut csv = CsvWriter {
            path,
            writer: csv::Writer::from_writer(Disk(20_000)),
        };
        let error = (0..100_000)
            .try_for_each(|row| csv.row([row.to_string(), "x".repeat(10)]))
            .and_then(|()| csv.flush())
            .unwrap_err();
        assert!(
            error.to_string().contains("out/delta_vs_baseline.csv"),
            "{error}"
        );
        assert!(
            error.to_string().contains("free some disk space"),
            "{error}"
        );
    }
}
