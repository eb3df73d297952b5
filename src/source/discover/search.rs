//! A test of paths against a dataset's pattern: a later run must not read an output as data.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    source::discover::{
        hive,
        path_pattern::{PathPattern, PatternComponent, is_parquet, is_visible},
    },
    text::glob,
};

/// The pattern of a dataset's files.
#[derive(Debug)]
pub(crate) struct DatasetPattern {
    /// The directory, or the file, without links.
    base: PathBuf,
    /// The pattern below it; `None` for a file that was named itself.
    pattern: Option<Vec<PatternComponent>>,
}

impl DatasetPattern {
    /// The search that [`crate::source::discover::discover`] makes for a file, a directory or a glob.
    pub(crate) fn of(path_or_glob: &str) -> Self {
        let path = Path::new(path_or_glob);
        let (base, pattern) = match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => (path.to_path_buf(), Some(Vec::new())),
            Err(_) if glob::is_pattern(path_or_glob) => {
                let PathPattern { base, components } = PathPattern::parse(path);
                (base, Some(components))
            }
            _ => (path.to_path_buf(), None),
        };
        Self {
            base: real(&base),
            pattern,
        }
    }

    /// True if the dataset contains this file, given as [`real`] has it, now or once it exists.
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

/// `names` is a path below the base directory, the file's own name last.
fn takes(pattern: &[PatternComponent], names: &[String]) -> bool {
    let Some((name, below)) = names.split_first().filter(|(name, _)| is_visible(name)) else {
        return false;
    };
    match pattern.split_first() {
        None if below.is_empty() => is_parquet(name),
        None => hive::parse(name).is_some() && takes(&[], below),
        Some((PatternComponent::AnyDepth, rest)) => takes(rest, names) || takes(pattern, below),
        Some((PatternComponent::Name(first), _)) if !first.matches(name) => false,
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
