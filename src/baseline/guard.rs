//! Bounds on the input of the CSV parser. It would otherwise take a row of any length into memory:
//! a quote that is left open is a row as long as the file.

use std::io::{self, Read};

use crate::limits::Limits;

/// The delimiter that a header uses: whichever of tab and comma it has more of outside quotes.
pub(super) fn sniff(header: &[u8]) -> u8 {
    let mut quoted = false;
    let (mut tabs, mut commas) = (0, 0);
    for byte in header {
        match byte {
            b'"' => quoted = !quoted,
            b'\t' if !quoted => tabs += 1,
            b',' if !quoted => commas += 1,
            _ => {}
        }
    }
    if commas > tabs { b',' } else { b'\t' }
}

/// A reader that fails when a row, or the whole, is longer than allowed.
pub(super) struct RowGuard<R> {
    inner: R,
    delimiter: u8,
    cell: Cell,
    line: u64,
    row_bytes: usize,
    row_bytes_max: usize,
    bytes: usize,
    bytes_max: usize,
}

/// The guard's place in a cell; newlines between quotes do not end a row.
enum Cell {
    Start,
    Plain,
    Quoted,
    Closed,
}

/// The guard's error, carried through the CSV parser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum LengthError {
    #[error("a row is too long")]
    Row { line: u64, bytes_max: usize },
    #[error("the file is too long")]
    File { bytes_max: usize },
}

impl<R> RowGuard<R> {
    pub(super) fn new(inner: R, delimiter: u8, limits: &Limits) -> Self {
        Self {
            inner,
            delimiter,
            cell: Cell::Start,
            line: 1,
            row_bytes: 0,
            row_bytes_max: limits.baseline_row_bytes_max,
            bytes: 0,
            bytes_max: limits.baseline_bytes_max,
        }
    }

    fn step(&mut self, byte: u8) -> Result<(), LengthError> {
        self.bytes += 1;
        self.row_bytes += 1;
        self.line += u64::from(byte == b'\n');
        self.cell = match (&self.cell, byte) {
            (Cell::Quoted, b'"') => Cell::Closed,
            (Cell::Quoted, _) => Cell::Quoted,
            (Cell::Start | Cell::Closed, b'"') => Cell::Quoted,
            (_, b'\n' | b'\r') => {
                self.row_bytes = 0;
                Cell::Start
            }
            (_, byte) if byte == self.delimiter => Cell::Start,
            _ => Cell::Plain,
        };
        if self.row_bytes > self.row_bytes_max {
            return Err(LengthError::Row {
                line: self.line,
                bytes_max: self.row_bytes_max,
            });
        }
        if self.bytes > self.bytes_max {
            return Err(LengthError::File {
                bytes_max: self.bytes_max,
            });
        }
        Ok(())
    }
}

impl<R: Read> Read for RowGuard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.inner.read(buffer)?;
        for &byte in &buffer[..bytes] {
            self.step(byte).map_err(io::Error::other)?;
        }
        Ok(bytes)
    }
}
