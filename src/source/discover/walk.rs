//! From what the user wrote to the list of files.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use crate::error::{Error, Place, Result};
use crate::{
    source::discover::hive::{self, Partition},
    text::{glob, natural},
};

/// How deep `key=value` directories may nest; also what ends a loop of links.
const DEPTH_MAX: usize = 16;

/// A file of the dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// The path to open.
    pub(crate) path: PathBuf,
    /// The path below what the user named, with `/`: the same wherever the dataset lies.
    pub(crate) name: String,
    /// The `key=value` directories above it, outermost first.
    pub(crate) partitions: Vec<Partition>,
}

/// Lists the Parquet files of a dataset in natural name order.
///
/// # Errors
/// A path that does not exist, a pattern without match, a directory without Parquet files, more
/// than `files_max` files.
pub(crate) fn discover(path_or_glob: &str, files_max: usize) -> Result<Vec<Found>> {
    let path = Path::new(path_or_glob);
    let mut walk = Walk {
        files_max,
        found: Vec::new(),
    };
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            walk.directory(path, "", &[], 0)?;
            if walk.found.is_empty() {
                return Err(empty_directory(path)?);
            }
        }
        Ok(metadata) if metadata.is_file() => walk.push(path, file_name(path), &[])?,
        Ok(_) => {
            let message = "is neither a file nor a directory; name a Parquet file, a directory \
                           of them, or a glob";
            return Err(Error::input(Place::file(path), message));
        }
        Err(_) if glob::is_pattern(path_or_glob) => {
            walk.pattern(path)?;
            if walk.found.is_empty() {
                return Err(Error::Dataset(format!(
                    "no Parquet file matches `{path_or_glob}`; quote the pattern so that the \
                     shell leaves it alone, and check the directory"
                )));
            }
        }
        Err(error) => return Err(Error::io("read", path, error)),
    }
    let mut found = walk.found;
    found.sort_by(|left, right| natural::compare(&left.name, &right.name));
    found.dedup_by(|left, right| left.path == right.path);
    Ok(found)
}

struct Walk {
    files_max: usize,
    found: Vec<Found>,
}

impl Walk {
    fn push(&mut self, path: &Path, name: String, partitions: &[Partition]) -> Result<()> {
        if self.found.len() == self.files_max {
            return Err(Error::Dataset(format!(
                "the dataset has more than {} files; merge some of them",
                self.files_max
            )));
        }
        self.found.push(Found {
            path: path.to_path_buf(),
            name,
            partitions: partitions.to_vec(),
        });
        Ok(())
    }

    /// Takes a directory's Parquet files and enters its `key=value` directories.
    fn directory(
        &mut self,
        directory: &Path,
        name: &str,
        partitions: &[Partition],
        depth: usize,
    ) -> Result<()> {
        if depth > DEPTH_MAX {
            let message = format!(
                "is nested deeper than {DEPTH_MAX} directories; look for a link to a parent"
            );
            return Err(Error::input(Place::file(directory), message));
        }
        for (path, entry) in entries(directory)? {
            let below = join(name, &entry);
            let Ok(metadata) = fs::metadata(&path) else {
                continue_unless_parquet(&path, &entry)?;
                continue;
            };
            if metadata.is_dir() {
                if let Some(partition) = hive::parse(&entry) {
                    let mut deeper = partitions.to_vec();
                    deeper.push(partition);
                    self.directory(&path, &below, &deeper, depth + 1)?;
                }
            } else if is_parquet(&entry) {
                self.push(&path, below, partitions)?;
            }
        }
        Ok(())
    }

    /// Expands a pattern a path component at a time. `**` is any number of directories.
    fn pattern(&mut self, pattern: &Path) -> Result<()> {
        let (base, components) = split_pattern(pattern);
        self.expand(&base, "", &components, &[], 0)
    }

    fn expand(
        &mut self,
        directory: &Path,
        name: &str,
        components: &[String],
        partitions: &[Partition],
        depth: usize,
    ) -> Result<()> {
        let Some((first, rest)) = components.split_first() else {
            return self.directory(directory, name, partitions, depth);
        };
        if depth > DEPTH_MAX || !directory.is_dir() {
            return Ok(());
        }
        let any_depth = first == "**";
        if any_depth {
            self.expand(directory, name, rest, partitions, depth + 1)?;
        }
        for (path, entry) in entries(directory)? {
            if !any_depth && !glob::matches(first, &entry) {
                continue;
            }
            let below = join(name, &entry);
            if path.is_dir() {
                let mut deeper = partitions.to_vec();
                deeper.extend(hive::parse(&entry));
                let next = if any_depth { components } else { rest };
                self.expand(&path, &below, next, &deeper, depth + 1)?;
            } else if rest.is_empty() && is_parquet(&entry) {
                self.push(&path, below, partitions)?;
            }
        }
        Ok(())
    }
}

/// A pattern as the directory that it begins in and the components below that.
pub(super) fn split_pattern(pattern: &Path) -> (PathBuf, Vec<String>) {
    let mut base = PathBuf::new();
    let mut components: Vec<String> = Vec::new();
    for component in pattern.components() {
        let text = component.as_os_str().to_string_lossy().into_owned();
        let is_name = matches!(component, Component::Normal(_)) && glob::is_pattern(&text);
        if components.is_empty() && !is_name {
            base.push(component);
        } else {
            components.push(text);
        }
    }
    if base.as_os_str().is_empty() {
        base.push(".");
    }
    (base, components)
}

/// The visible entries of a directory, in natural order.
fn entries(directory: &Path) -> Result<Vec<(PathBuf, String)>> {
    let fail = |error| Error::io("read", directory, error);
    let mut entries = Vec::new();
    for entry in fs::read_dir(directory).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if is_visible(&name) {
            entries.push((entry.path(), name));
        }
    }
    entries.sort_by(|(_, left), (_, right)| natural::compare(left, right));
    Ok(entries)
}

/// A shard behind a broken link is an error; any other dangling link is not ours.
fn continue_unless_parquet(path: &Path, entry: &str) -> Result<()> {
    match fs::metadata(path) {
        Err(error) if is_parquet(entry) => Err(Error::io("read", path, error)),
        _ => Ok(()),
    }
}

/// Whether an entry is looked at: hidden ones and `_SUCCESS` and its like are not.
pub(super) fn is_visible(name: &str) -> bool {
    !name.starts_with(['.', '_'])
}

/// Whether a file is one of data.
pub(super) fn is_parquet(name: &str) -> bool {
    let extension = Path::new(name).extension();
    extension.is_some_and(|extension| extension.eq_ignore_ascii_case("parquet"))
}

fn join(name: &str, entry: &str) -> String {
    if name.is_empty() {
        entry.to_owned()
    } else {
        format!("{name}/{entry}")
    }
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// Why a directory has no Parquet: it is empty, or what it holds is something else.
fn empty_directory(directory: &Path) -> Result<Error> {
    let entries = entries(directory)?;
    let message = match entries.first() {
        None => "the directory is empty; name one that holds .parquet files".to_owned(),
        Some((_, name)) => format!(
            "the directory holds no .parquet file (it holds {} other entries, `{name}` first); \
             sub-directories are entered only if named key=value",
            entries.len()
        ),
    };
    Ok(Error::input(Place::file(directory), message))
}
