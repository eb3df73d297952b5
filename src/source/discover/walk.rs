//! The list of files of a path or glob.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    error::{Error, Place, Result},
    source::discover::{
        hive::{self, Partition},
        path_pattern::{PathPattern, PatternComponent, is_parquet, is_visible},
    },
    text::{glob, natural},
};

/// The greatest depth of `key=value` directories. It also ends a loop of links.
const DEPTH_MAX: usize = 16;

/// A file of the dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileEntry {
    /// The path to open.
    pub(crate) path: PathBuf,
    /// The path below the path that the user named, with `/`: independent of the dataset's location.
    pub(crate) name: String,
    /// The `key=value` directories above it, outermost first.
    pub(crate) partitions: Vec<Partition>,
}

/// Lists the Parquet files of a dataset in natural name order.
///
/// # Errors
/// A path that does not exist, a pattern without match, a directory without Parquet files, more
/// than `files_max` files.
pub(crate) fn discover(path_or_glob: &str, files_max: usize) -> Result<Vec<FileEntry>> {
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
                    "no Parquet file matches `{path_or_glob}`; quote the pattern so that the shell does not \
                     expand it, and check the directory"
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
    found: Vec<FileEntry>,
}

impl Walk {
    fn push(&mut self, path: &Path, name: String, partitions: &[Partition]) -> Result<()> {
        if self.found.len() == self.files_max {
            return Err(Error::Dataset(format!(
                "the dataset has more than {} files; merge some of them",
                self.files_max
            )));
        }
        self.found.push(FileEntry {
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
        let PathPattern { base, components } = PathPattern::parse(pattern);
        self.expand(&base, "", &components, &[], 0)
    }

    fn expand(
        &mut self,
        directory: &Path,
        name: &str,
        components: &[PatternComponent],
        partitions: &[Partition],
        depth: usize,
    ) -> Result<()> {
        let Some((first, rest)) = components.split_first() else {
            return self.directory(directory, name, partitions, depth);
        };
        if depth > DEPTH_MAX || !directory.is_dir() {
            return Ok(());
        }
        let next = match first {
            PatternComponent::AnyDepth => {
                self.expand(directory, name, rest, partitions, depth + 1)?;
                components
            }
            PatternComponent::Name(_) => rest,
        };
        for (path, entry) in entries(directory)? {
            if let PatternComponent::Name(pattern) = first
                && !pattern.matches(&entry)
            {
                continue;
            }
            let below = join(name, &entry);
            if path.is_dir() {
                let mut deeper = partitions.to_vec();
                deeper.extend(hive::parse(&entry));
                self.expand(&path, &below, next, &deeper, depth + 1)?;
            } else if rest.is_empty() && is_parquet(&entry) {
                self.push(&path, below, partitions)?;
            }
        }
        Ok(())
    }
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

/// The error for a directory without Parquet: empty, or with other entries.
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
