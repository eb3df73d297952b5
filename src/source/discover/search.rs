//! Whether a file would be of a dataset if it were there: what is written must not be taken for data.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    source::discover::{
        hive,
        walk::{is_parquet, is_visible, split_pattern},
    },
    text::glob,
};

/// Where a dataset's files are looked for.
#[derive(Debug)]
pub(crate) struct Search {
    /// The directory, or the file, without links.
    base: PathBuf,
    /// The pattern below it; `None` for a file that was named itself.
    pattern: Option<Vec<String>>,
}

impl Search {
    /// The search that [`crate::source::discover::discover`] makes for a file, a directory or a glob.
    pub(crate) fn of(path_or_glob: &str) -> Self {
        let path = Path::new(path_or_glob);
        let (base, pattern) = match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => (path.to_path_buf(), Some(Vec::new())),
            Err(_) if glob::is_pattern(path_or_glob) => {
                let (base, pattern) = split_pattern(path);
                (base, Some(pattern))
            }
            _ => (path.to_path_buf(), None),
        };
        Self {
            base: real(&base),
            pattern,
        }
    }

    /// Whether it would find this file, a path as [`real`] has it.
    pub(crate) fn takes(&self, file: &Path) -> bool {
        let Some(pattern) = &self.pattern else {
            return self.base == file;
        };
        let Ok(below) = file.strip_prefix(&self.base) else {
            return false;
        };
        let name = |name: &std::ffi::OsStr| name.to_string_lossy().into_owned();
        let names: Vec<String> = below.iter().map(name).collect();
        takes(pattern, &names)
    }
}

/// Whether the file of these names, the last its own, is found below a directory.
fn takes(pattern: &[String], names: &[String]) -> bool {
    let Some((name, below)) = names.split_first().filter(|(name, _)| is_visible(name)) else {
        return false;
    };
    match pattern.split_first() {
        None if below.is_empty() => is_parquet(name),
        None => hive::parse(name).is_some() && takes(&[], below),
        Some((first, rest)) if first == "**" => takes(rest, names) || takes(pattern, below),
        Some((first, _)) if !glob::matches(first, name) => false,
        Some((_, rest)) if below.is_empty() => rest.is_empty() && is_parquet(name),
        Some((_, rest)) => takes(rest, below),
    }
}

/// A path without links, as far as it exists.
pub(crate) fn real(path: &Path) -> PathBuf {
    match fs::canonicalize(path) {
        Ok(real) => real,
        Err(_) => match (path.parent(), path.file_name()) {
            (Some(parent), Some(name)) if !parent.as_os_str().is_empty() => real(parent).join(name),
            (_, Some(name)) => real(Path::new(".")).join(name),
            _ => path.to_path_buf(),
        },
    }
}
