//! The one `Error` type: a fault outside the program, its place, and the user's next step.
//!
//! A message names the thing, the value, the limit and the next step, without a full stop.
//! Faults of the program itself are assertions, never values of this type.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

/// The result of everything that can fail for a reason outside the program.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A place in the input: as much of file, row group and column as is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The file.
    pub path: PathBuf,
    /// The row group in that file, counted from 0.
    pub row_group: Option<usize>,
    /// The column's name.
    pub column: Option<String>,
}

impl Place {
    /// A place that is a whole file.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            ..Self::default()
        }
    }

    /// The same place, narrowed to a row group.
    #[must_use]
    pub fn row_group(mut self, row_group: usize) -> Self {
        self.row_group = Some(row_group);
        self
    }

    /// The same place, narrowed to a column.
    #[must_use]
    pub fn column(mut self, column: impl Into<String>) -> Self {
        self.column = Some(column.into());
        self
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(row_group) = self.row_group {
            write!(f, ", row group {row_group}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", column `{column}`")?;
        }
        Ok(())
    }
}

/// Why a run ended without its result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An option, an option file or a combination of options that cannot be meant.
    #[error("{0}")]
    Usage(String),

    /// The operating system refused something about a file.
    #[error("cannot {action} {}: {source}{}", path.display(), io_hint(source))]
    Io {
        /// The failed action, as a verb: `read`, `create`.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },

    /// A place in the input that cannot be read or does not mean what it must.
    #[error("{place}: {message}")]
    Input {
        /// The place.
        place: Place,
        /// The fault and the next step.
        message: String,
    },

    /// An input file that is not the file it was when the run started.
    #[error("{} changed while it was being read ({what}); run again when no program writes to it", path.display())]
    InputChanged {
        /// The file.
        path: PathBuf,
        /// The difference: size, modification time, identity.
        what: String,
    },

    /// The data as a whole cannot train a model: no rows, a constant target, no features.
    #[error("{0}")]
    Dataset(String),

    /// A plan that does not fit the memory limit, or a limit above what is free.
    #[error("{what} needs {needed_bytes} bytes ({}), but {available_bytes} bytes ({}) are {of}; {next_step}",
        crate::text::size::format_bytes(*needed_bytes), crate::text::size::format_bytes(*available_bytes))]
    Memory {
        /// The holder of the memory.
        what: String,
        /// Bytes that would do.
        needed_bytes: u64,
        /// Bytes there are.
        available_bytes: u64,
        /// Whose bytes: `allowed by --memory`, `free`.
        of: &'static str,
        /// The user's next step.
        next_step: String,
    },

    /// A model or scratch file that is damaged, of another version, or of other data.
    #[error("{}: {message}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The fault and the next step.
        message: String,
    },

    /// A thread panicked: a bug in rowmill or in a library, reported as the end of the run.
    #[error("internal error in {context}: {message}; please report it with the command line")]
    Panic {
        /// The pass, lane or step.
        context: String,
        /// The panic's message.
        message: String,
    },

    /// The user or the system asked the run to stop.
    #[error("stopped by signal {signal}; no file was left half written")]
    Interrupted {
        /// The signal's number: 2 or 15.
        signal: i32,
    },
}

impl Error {
    /// An operating system error at a path.
    pub fn io(action: &'static str, path: impl AsRef<Path>, source: io::Error) -> Self {
        Self::Io {
            action,
            path: path.as_ref().to_path_buf(),
            source,
        }
    }

    /// An error at a place in the input.
    pub fn input(place: Place, message: impl Into<String>) -> Self {
        Self::Input {
            place,
            message: message.into(),
        }
    }

    /// A damaged, foreign or unknown file of rowmill's own.
    pub fn format(path: impl Into<PathBuf>, message: impl Into<String>) -> Self {
        Self::Format {
            path: path.into(),
            message: message.into(),
        }
    }

    /// The process's exit code: 2 for wrong usage, 128 + signal when stopped, else 1.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Interrupted { signal } => 128u8.saturating_add(*signal as u8),
            _ => 1,
        }
    }
}

/// The next step after an operating system error, where one is known.
fn io_hint(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::StorageFull => {
            "; free some disk space or point --scratch-dir or --out-dir at another filesystem"
        }
        io::ErrorKind::PermissionDenied => "; check the permissions or choose another directory",
        io::ErrorKind::ReadOnlyFilesystem => "; choose a directory on a writable filesystem",
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
            "; a file is in the way, so choose another path or move it"
        }
        io::ErrorKind::QuotaExceeded => "; free some of your quota or choose another filesystem",
        io::ErrorKind::NotFound => "; check the path",
        _ => "",
    }
}
