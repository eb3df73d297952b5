//! Panics and errors of the Parquet library as errors that name the place.

use std::{io, path::Path};

use parquet::errors::ParquetError;

use crate::{
    error::{Error, Place, Result},
    platform::panics,
};

/// The next step after damage.
const DAMAGED: &str = "the file is damaged; write or copy it again, or leave it out";

/// A failure while a column is decoded.
#[derive(Debug)]
pub(super) enum ReadError {
    /// The file's structure is damaged or not supported.
    Structure(ParquetError),
    /// A value cannot be used; the message says why and what to do.
    Value(String),
}

impl From<ParquetError> for ReadError {
    fn from(error: ParquetError) -> Self {
        Self::Structure(error)
    }
}

/// Runs a step of the Parquet library on bytes that may be anything. Whatever state `step` leaves
/// behind after an error must be dropped.
pub(super) fn guarded<T, E: Into<ReadError>>(
    place: &dyn Fn() -> Place,
    step: impl FnOnce() -> Result<T, E>,
) -> Result<T> {
    match panics::catch(step) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(match error.into() {
            ReadError::Structure(error) => parquet_error(place(), &error),
            ReadError::Value(message) => Error::input(place(), message),
        }),
        Err(panic) => {
            let message = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("of an unknown kind");
            Err(damaged(place(), format!("cannot be decoded: {message}")))
        }
    }
}

/// A damaged place, with the next step.
pub(super) fn damaged(place: Place, what: impl std::fmt::Display) -> Error {
    Error::input(place, format!("{what}; {DAMAGED}"))
}

/// A file of another kind, with the next step.
pub(super) fn no_parquet(place: Place, why: &str) -> Error {
    Error::input(
        place,
        format!("is not a Parquet file (it {why}); write it as Parquet, or leave it out"),
    )
}

/// A failure of the Parquet writer: the operating system's error where it is one.
pub(super) fn write_error(path: &Path, error: ParquetError) -> Error {
    let source = match error {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(io_error) => *io_error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    };
    Error::io("write", path, source)
}

fn parquet_error(place: Place, error: &ParquetError) -> Error {
    match error {
        ParquetError::General(message) | ParquetError::EOF(message) => {
            damaged(place, format!("cannot be decoded: {message}"))
        }
        ParquetError::NYI(message) => Error::input(
            place,
            format!(
                "uses a Parquet feature that is not supported ({message}); write it again with default settings"
            ),
        ),
        other => damaged(place, format!("cannot be decoded: {other}")),
    }
}
