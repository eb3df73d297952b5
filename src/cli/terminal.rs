//! The one place that writes to the standard output and to the standard error.
//!
//! A result that cannot be printed is an error. A message that cannot be printed is not: the reader of
//! the standard error may have closed it, as `head` does, or its disk may be full, and the run continues.

use std::io::{self, Write};

use crate::error::{Error, Result};
pub(super) use crate::text::size::grouped;

/// Prints a text and a line end.
///
/// # Errors
/// [`Error::Io`] when the output cannot be written. A reader that has closed the pipe, as `head` does,
/// is no error.
pub(super) fn print(text: &str) -> Result<()> {
    print_bytes(format!("{}\n", text.trim_end_matches('\n')).as_bytes())
}

/// Prints bytes as they are.
///
/// # Errors
/// As [`print()`].
pub(super) fn print_bytes(bytes: &[u8]) -> Result<()> {
    let mut output = io::stdout().lock();
    match output.write_all(bytes).and_then(|()| output.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::io("write to", "the standard output", error))
        }
        _ => Ok(()),
    }
}

/// Writes a line to the standard error, as far as that can be written.
pub(super) fn print_message(text: &str) {
    // It never fails.
    let _ = writeln!(StandardError, "{text}");
}

/// The standard error, to which no write fails.
#[derive(Debug, Clone, Copy)]
pub(super) struct StandardError;

impl Write for StandardError {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // There is nowhere left to say that it failed.
        let _ = io::stderr().write_all(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Seconds as a person reads them: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 05 min`.
pub(super) fn duration(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    match whole {
        _ if seconds < 9.95 => format!("{:.1} s", seconds.max(0.0)),
        0..120 => format!("{whole} s"),
        120..7_200 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3_600, whole % 3_600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (number, expected) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), expected);
        }
    }

    #[test]
    fn durations_are_short() {
        for (seconds, expected) in [
            (-1.0, "0.0 s"),
            (0.44, "0.4 s"),
            (9.94, "9.9 s"),
            (9.96, "10 s"),
            (119.0, "119 s"),
            (200.0, "3 min 20 s"),
            (7_500.0, "2 h 05 min"),
        ] {
            assert_eq!(duration(seconds), expected);
        }
    }
}
