//! The trimmed copy of a dataset: where it goes, and which columns are in it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    engine::{Context, PassReport},
    error::{Error, Result},
    pipeline::{
        open::{planned_output::PlannedOutput, training_data::TrainingData},
        options::DataOptions,
        prune::{findings::Findings, in_training::PrunedInTraining},
    },
    platform::stop::Stop,
    source::{
        Dataset,
        copy::{CopySummary, copy_to_directory, copy_to_file, fits_one_file},
    },
};

/// The extension of the copy's files.
const EXTENSION: &str = "parquet";

/// The copy in a run's directory: a file, or a directory where one file cannot hold all.
pub(crate) const FILE: &str = "dataset_trimmed.parquet";
/// That directory.
pub(crate) const DIRECTORY: &str = "dataset_trimmed";

/// Writes the copy of a training's data into its directory, without validation rows from elsewhere.
/// Answers where it is.
///
/// # Errors
/// As [`Destination::write`].
pub(crate) fn write_for_run(
    context: &Context<'_>,
    data: &TrainingData,
    pruned: &PrunedInTraining,
    out_dir: &Path,
) -> Result<(PathBuf, PassReport)> {
    remove_for_run(out_dir)?;
    let kept = kept_columns(data, &pruned.columns, &pruned.findings, &[]);
    let destination = match fits_one_file(&data.dataset, &kept) {
        Ok(()) => Destination::File(out_dir.join(FILE)),
        Err(Error::Dataset(_) | Error::Input { .. }) => {
            Destination::Directory(out_dir.join(DIRECTORY))
        }
        Err(error) => return Err(error),
    };
    let report = context.announced("copy", data.own_rows(), || {
        let copied = destination.write(&data.dataset, &kept, context.stop)?;
        Ok(copied.bytes)
    })?;
    Ok((destination.path().to_path_buf(), report))
}

/// Removes the copy that a replaced run left.
///
/// # Errors
/// [`Error::Io`].
pub(crate) fn remove_for_run(out_dir: &Path) -> Result<()> {
    let (file, directory) = (out_dir.join(FILE), out_dir.join(DIRECTORY));
    let gone = |path: &Path, removed: io::Result<()>| match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::io("remove the replaced", path, error))
        }
        _ => Ok(()),
    };
    gone(&file, fs::remove_file(&file))?;
    gone(&directory, fs::remove_dir_all(&directory))
}

/// The path of a trimmed copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Destination {
    /// One file.
    File(PathBuf),
    /// A directory with a file for each of the input's.
    Directory(PathBuf),
}

impl Destination {
    /// A file if the path ends in `.parquet`, else a directory.
    pub(crate) fn of(path: &Path) -> Self {
        if path
            .extension()
            .is_some_and(|extension| extension == EXTENSION)
        {
            Self::File(path.to_path_buf())
        } else {
            Self::Directory(path.to_path_buf())
        }
    }

    /// As [`Self::of`], with everything refused that can be refused before any work.
    ///
    /// # Errors
    /// A path over or among the input's files, something in the way, files that one file cannot hold.
    pub(crate) fn check(
        data: &TrainingData,
        path: &Path,
        options: &DataOptions,
        overwrite: bool,
    ) -> Result<Self> {
        let destination = Self::of(path);
        destination.check_not_input(data, options)?;
        match &destination {
            Self::File(path) => {
                if path.is_dir() {
                    return Err(Error::Usage(format!(
                        "--out {} is a directory although its name ends in .parquet; choose another name",
                        path.display()
                    )));
                }
                if path.exists() && !overwrite {
                    return Err(in_the_way(path));
                }
                let all = vec![true; data.schema().fields.len()];
                fits_one_file(&data.dataset, &all)?;
            }
            Self::Directory(path) => {
                if path.is_file() {
                    return Err(Error::Usage(format!(
                        "--out {} is a file; name a directory, or a file that ends in .parquet",
                        path.display()
                    )));
                }
                let has_entries =
                    fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some());
                if has_entries {
                    return Err(Error::Usage(format!(
                        "--out {} is a directory that is not empty; remove it or choose another",
                        path.display()
                    )));
                }
            }
        }
        fs::create_dir_all(destination.parent())
            .map_err(|error| Error::io("create", destination.parent(), error))?;
        Ok(destination)
    }

    /// The path.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::File(path) | Self::Directory(path) => path,
        }
    }

    /// The directory that the path is in.
    pub(crate) fn parent(&self) -> PathBuf {
        parent_of(self.path())
    }

    /// The directory of the reports: beside the file, or inside the directory.
    pub(crate) fn reports(&self) -> PathBuf {
        match self {
            Self::File(_) => self.parent(),
            Self::Directory(path) => path.clone(),
        }
    }

    /// Writes the copy. A directory gets its name when all its files are there.
    ///
    /// # Errors
    /// As [`copy_to_file`]; nothing is left under the name then.
    pub(crate) fn write(
        &self,
        dataset: &Dataset,
        kept: &[bool],
        stop: &Stop,
    ) -> Result<CopySummary> {
        let path = match self {
            Self::File(path) => return copy_to_file(dataset, kept, path, stop),
            Self::Directory(path) => path,
        };
        let parent = self.parent();
        let temporary = tempfile::Builder::new()
            .prefix(".rowmill-trimmed-")
            .tempdir_in(&parent)
            .map_err(|error| Error::io("create a directory in", &parent, error))?;
        let copied = copy_to_directory(dataset, kept, temporary.path(), stop)?;
        let rename = || -> io::Result<()> {
            match fs::remove_dir(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            set_readable(temporary.path())?;
            fs::rename(temporary.path(), path)
        };
        rename().map_err(|error| Error::io("create", path, error))?;
        // The directory has another name now, so there is nothing to remove.
        let _ = temporary.keep();
        Ok(copied)
    }

    /// Refuses to write over the input, or between its files.
    fn check_not_input(&self, data: &TrainingData, options: &DataOptions) -> Result<()> {
        let path = self.path().to_path_buf();
        let (replaced, copies) = match self {
            Self::File(_) => (vec![path], None),
            Self::Directory(path) => (Vec::new(), Some(path.as_path())),
        };
        PlannedOutput {
            flag: "--out",
            path: self.path(),
            replaced: &replaced,
            copies,
        }
        .check(data, options)
    }
}

/// The columns of the copy: all but the pruned ones among `columns`, and those that the user dropped.
pub(crate) fn kept_columns(
    data: &TrainingData,
    columns: &[usize],
    findings: &Findings,
    left_out: &[usize],
) -> Vec<bool> {
    let mut kept = vec![true; data.schema().fields.len()];
    for column in left_out {
        kept[*column] = false;
    }
    for (verdict, column) in findings.verdicts.iter().zip(columns) {
        kept[*column] = verdict.is_kept();
    }
    kept
}

fn in_the_way(path: &Path) -> Error {
    Error::Usage(format!(
        "--out {} already exists; choose another name, or use --overwrite",
        path.display()
    ))
}

fn parent_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

/// Temporary directories are their owner's alone; a finished one is for all.
#[cfg(unix)]
fn set_readable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn set_readable(_path: &Path) -> io::Result<()> {
    Ok(())
}
