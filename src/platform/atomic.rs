//! Files that are complete or absent.
//!
//! A file is written under a temporary name in its own directory, synced, and renamed:
//!
//! ```text
//!   create .metrics.json.XXXXXX.rowmill-tmp  ->  write, sync  ->  rename to metrics.json  ->  sync dir
//! ```
//!
//! The rename replaces whatever has the final name, a planted symbolic link included: links are
//! replaced, never followed. A run that is killed leaves at most temporary names, which
//! [`remove_leftovers`] knows.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::error::{Error, Result};

/// The end of the name of an unfinished file.
pub(crate) const TEMPORARY_SUFFIX: &str = ".rowmill-tmp";

/// The most bytes of a file's name that its temporary name repeats.
const NAME_BYTES_MAX: usize = 200;

/// A finished file: everyone may read it, its owner may write it.
#[cfg(unix)]
const PERMISSIONS: u32 = 0o644;

/// Writes a file so that its name only ever holds a complete one.
///
/// # Errors
/// [`Error::Io`] naming `path`; then nothing has changed under that name.
pub(crate) fn write(
    path: impl AsRef<Path>,
    fill: impl FnOnce(&mut BufWriter<PendingFile>) -> io::Result<()>,
) -> Result<()> {
    let path = path.as_ref();
    write_with(path, |writer| {
        fill(writer).map_err(|source| Error::io("write", path, source))
    })
}

/// Like [`write()`], for a filler that returns a value and has other errors.
///
/// # Errors
/// The filler's own, or [`Error::Io`] naming `path`; then nothing has changed under that name.
pub(crate) fn write_with<T>(
    path: impl AsRef<Path>,
    fill: impl FnOnce(&mut BufWriter<PendingFile>) -> Result<T>,
) -> Result<T> {
    let pending = PendingFile::create(path.as_ref())?;
    let (pending, answer) = fill_and_flush(pending, path.as_ref(), fill)?;
    pending.persist()?;
    Ok(answer)
}

/// A file that is being written under a temporary name beside its own. It gets its own name in
/// [`PendingFile::persist`]; dropping it removes it.
#[derive(Debug)]
pub(crate) struct PendingFile {
    file: NamedTempFile,
    path: PathBuf,
}

impl PendingFile {
    /// Creates an empty file under a temporary name in the directory of `path`.
    ///
    /// # Errors
    /// [`Error::Io`] naming `path` if the directory cannot be written.
    pub(crate) fn create(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let mut prefix = OsString::from(".");
        // A temporary name must not be too long where the final one is not.
        if let Some(name) = path.file_name()
            && name.len() <= NAME_BYTES_MAX
        {
            prefix.push(name);
            prefix.push(".");
        }
        let file = tempfile::Builder::new()
            .prefix(&prefix)
            .suffix(TEMPORARY_SUFFIX)
            .tempfile_in(directory_of(&path))
            .map_err(|source| Error::io("create", &path, source))?;
        Ok(Self { file, path })
    }

    /// The path under which the content can be read before it is persisted.
    pub(crate) fn temporary_path(&self) -> &Path {
        self.file.path()
    }

    /// Syncs the file, renames it into place and syncs the directory. Returns its size in bytes.
    ///
    /// # Errors
    /// [`Error::Io`] naming the path; then nothing has changed under that name.
    pub(crate) fn persist(self) -> Result<u64> {
        let Self { file, path } = self;
        let failed = |source| Error::io("write", &path, source);
        file.as_file().sync_all().map_err(failed)?;
        let bytes = file.as_file().metadata().map_err(failed)?.len();
        set_permissions(file.as_file())
            .map_err(|source| Error::io("set the permissions of", &path, source))?;
        file.persist(&path)
            .map_err(|failed| Error::io("rename into place", &path, failed.error))?;
        let directory = directory_of(&path);
        sync_directory(&directory).map_err(|source| Error::io("sync", &directory, source))?;
        Ok(bytes)
    }
}

impl Write for PendingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Removes what killed runs left unfinished in a directory, and returns their number.
/// Only for a directory that no other run is writing to.
///
/// # Errors
/// [`Error::Io`] naming what could not be listed or removed.
pub(crate) fn remove_leftovers(directory: impl AsRef<Path>) -> Result<usize> {
    let directory = directory.as_ref();
    let entries = fs::read_dir(directory).map_err(|source| Error::io("list", directory, source))?;
    let mut removed = 0;
    for entry in entries {
        let entry = entry.map_err(|source| Error::io("list", directory, source))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') && name.ends_with(TEMPORARY_SUFFIX) {
            let path = entry.path();
            fs::remove_file(&path).map_err(|source| Error::io("remove", &path, source))?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// Fills an open file through a buffer. Apart from [`write_with`] so that a test can hand it a
/// device that is full.
fn fill_and_flush<W: Write, T>(
    file: W,
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<W>) -> Result<T>,
) -> Result<(W, T)> {
    let failed = |source| Error::io("write", path, source);
    let mut writer = BufWriter::new(file);
    let answer = match fill(&mut writer) {
        Ok(answer) => answer,
        Err(error) => {
            // The buffer belongs to a file that is given up: dropping it unflushed keeps a second
            // disk error from hiding the first.
            drop(writer.into_parts());
            return Err(error);
        }
    };
    writer.flush().map_err(failed)?;
    let file = writer
        .into_inner()
        .map_err(|error| failed(error.into_error()))?;
    Ok((file, answer))
}

/// The directory a path is in; the current one for a bare name.
fn directory_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

#[cfg(unix)]
fn set_permissions(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(PERMISSIONS))
}

#[cfg(not(unix))]
fn set_permissions(_file: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    match File::open(directory)?.sync_all() {
        // Some filesystems cannot sync a directory; the rename has happened all the same.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        synced => synced,
    }
}

#[cfg(not(unix))]
fn sync_directory(_directory: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_written_whole_and_replaced_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("metrics.json");
        for text in ["first", "the second one"] {
            write(&path, |writer| writer.write_all(text.as_bytes())).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(names(directory.path()), ["metrics.json"]);
    }

    #[test]
    fn a_filler_that_fails_leaves_the_old_file_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run.json");
        write(&path, |writer| writer.write_all(b"old")).unwrap();
        let error = write(&path, |writer| {
            writer.write_all(b"half of the new")?;
            Err(io::Error::other("no more"))
        })
        .unwrap_err();
        assert!(matches!(&error, Error::Io { path: at, .. } if *at == path));
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(names(directory.path()), ["run.json"]);
    }

    #[test]
    fn an_answer_comes_back_and_own_errors_pass_through() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.csv");
        let answer = write_with(&path, |_| Ok(7)).unwrap();
        assert_eq!(answer, 7);
        let error =
            write_with::<()>(&path, |_| Err(Error::Dataset("no rows".to_owned()))).unwrap_err();
        assert_eq!(error.to_string(), "no rows");
    }

    #[test]
    fn a_pending_file_has_its_name_once_it_is_persisted() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.parquet");
        let mut pending = PendingFile::create(&path).unwrap();
        pending.write_all(b"12345").unwrap();
        assert_eq!(fs::read(pending.temporary_path()).unwrap(), b"12345");
        assert!(!path.exists());
        assert_eq!(pending.persist().unwrap(), 5);
        assert_eq!(names(directory.path()), ["a.parquet"]);
    }

    #[test]
    fn a_pending_file_that_is_dropped_vanishes() {
        let directory = tempfile::tempdir().unwrap();
        let mut pending = PendingFile::create(directory.path().join("a.parquet")).unwrap();
        pending.write_all(b"half").unwrap();
        let temporary = names(directory.path());
        assert!(temporary[0].starts_with(".a.parquet."), "{temporary:?}");
        assert!(temporary[0].ends_with(TEMPORARY_SUFFIX), "{temporary:?}");
        drop(pending);
        assert!(names(directory.path()).is_empty());
    }

    #[test]
    fn a_long_name_is_not_too_long_while_it_is_pending() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("n".repeat(255));
        write(&path, |_| Ok(())).unwrap();
        assert!(path.exists());
    }

    #[test]
    fn a_missing_directory_is_an_error_that_names_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("gone").join("a.csv");
        let error = write(&path, |_| Ok(())).unwrap_err();
        assert!(error.to_string().contains("gone/a.csv"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_planted_link_is_replaced_and_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        let victim = directory.path().join("victim");
        fs::write(&victim, "precious").unwrap();
        let path = directory.path().join("metrics.json");
        std::os::unix::fs::symlink(&victim, &path).unwrap();
        write(&path, |writer| writer.write_all(b"{}")).unwrap();
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
        assert!(fs::symlink_metadata(&path).unwrap().is_file());
        assert_eq!(fs::read_to_string(&path).unwrap(), "{}");
    }

    #[cfg(unix)]
    #[test]
    fn a_finished_file_can_be_read_by_everyone() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("splits.parquet");
        write(&path, |_| Ok(())).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, PERMISSIONS);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error_that_names_the_file() {
        let path = Path::new("out/features.csv");
        for bytes in [10, 100_000] {
            let full = fs::OpenOptions::new()
                .write(true)
                .open("/dev/full")
                .unwrap();
            let error = fill_and_flush(full, path, |writer| {
                writer
                    .write_all(&vec![b'x'; bytes])
                    .map_err(|source| Error::io("write", path, source))
            })
            .unwrap_err();
            let Error::Io {
                path: at, source, ..
            } = &error
            else {
                panic!("{error}");
            };
            assert_eq!(at, path);
            assert_eq!(source.kind(), io::ErrorKind::StorageFull);
            assert!(error.to_string().contains("free some disk space"));
        }
    }

    #[test]
    fn leftovers_of_killed_runs_are_removed_and_other_files_stay() {
        let directory = tempfile::tempdir().unwrap();
        for name in [
            ".run.json.x1.rowmill-tmp",
            ".hidden",
            "a.rowmill-tmp",
            "run.json",
        ] {
            fs::write(directory.path().join(name), "").unwrap();
        }
        assert_eq!(remove_leftovers(directory.path()).unwrap(), 1);
        assert_eq!(
            names(directory.path()),
            [".hidden", "a.rowmill-tmp", "run.json"]
        );
    }
}
