//! The directory that holds a run's scratch files, locked while the run lives and removed at its end.

use std::{
    fs::{self, File, OpenOptions},
    path::{Path, PathBuf},
};

use crate::{
    error::{Error, Result},
    limits::format_bytes,
    platform::disk,
};

/// What every scratch directory's name ends in.
const SUFFIX: &str = ".rowmill-scratch";

/// The file in it that a living run holds locked.
const LOCK: &str = "lock";

/// The file in it that says it was kept on purpose.
const KEPT: &str = "kept";

/// The scratch of a run that died, found and removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadScratch {
    /// Where it was.
    pub path: PathBuf,
    /// Bytes that it held on disk.
    pub bytes: u64,
}

/// A scratch directory. Dropping it removes it with everything in it, unless it is kept.
#[derive(Debug)]
pub struct ScratchDirectory {
    path: PathBuf,
    keep: bool,
    /// Held open: its lock tells other runs that this one lives.
    _lock: File,
}

impl ScratchDirectory {
    /// Creates a new scratch directory under `parent`, which is created when absent.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Usage`] when `parent` lies in memory and `allow_memory` is not set.
    pub fn create(parent: &Path, keep: bool, allow_memory: bool) -> Result<Self> {
        fs::create_dir_all(parent).map_err(|source| Error::io("create", parent, source))?;
        if disk::is_memory_filesystem(parent) && !allow_memory {
            return Err(Error::Usage(format!(
                "{} lies in memory (tmpfs), where scratch files would count against the memory \
                 limit; use --scratch-dir on a disk, or --allow-tmpfs",
                parent.display()
            )));
        }
        for attempt in 0..1000u32 {
            let path = parent.join(format!("run-{}-{attempt}{SUFFIX}", std::process::id()));
            match fs::create_dir(&path) {
                Ok(()) => return Self::lock_new(path, keep),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(Error::io("create", &path, source)),
            }
        }
        let taken = std::io::ErrorKind::AlreadyExists.into();
        Err(Error::io("create a scratch directory in", parent, taken))
    }

    fn lock_new(path: PathBuf, keep: bool) -> Result<Self> {
        let lock_path = path.join(LOCK);
        let io = |source| Error::io("lock", &lock_path, source);
        let lock = File::create_new(&lock_path).map_err(io)?;
        lock.lock().map_err(io)?;
        if keep {
            let kept = path.join(KEPT);
            File::create_new(&kept).map_err(|source| Error::io("create", &kept, source))?;
        }
        Ok(Self {
            path,
            keep,
            _lock: lock,
        })
    }

    /// Removes what runs that died (killed, power lost) left under `parent`. Scratch of living
    /// runs, and scratch that was kept on purpose, stays.
    pub fn remove_dead(parent: &Path) -> Vec<DeadScratch> {
        let Ok(entries) = fs::read_dir(parent) else {
            return Vec::new();
        };
        let mut dead: Vec<DeadScratch> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| is_dead(path))
            .filter_map(|path| {
                let bytes = bytes_in(&path);
                fs::remove_dir_all(&path).ok()?;
                Some(DeadScratch { path, bytes })
            })
            .collect();
        dead.sort_by(|a, b| a.path.cmp(&b.path));
        dead
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Refuses a plan that the filesystem has no room for.
    ///
    /// # Errors
    /// [`Error::Io`] of kind `StorageFull` that names both figures.
    pub fn check_free(&self, needed_bytes: u64) -> Result<()> {
        match disk::free_disk_bytes(&self.path) {
            Some(free) if free < needed_bytes => Err(Error::io(
                "reserve scratch in",
                &self.path,
                std::io::Error::new(
                    std::io::ErrorKind::StorageFull,
                    format!(
                        "the run needs {} and {} are free",
                        format_bytes(needed_bytes),
                        format_bytes(free)
                    ),
                ),
            )),
            _ => Ok(()),
        }
    }
}

impl Drop for ScratchDirectory {
    fn drop(&mut self) {
        if !self.keep {
            // A leftover is found and removed by the next run.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

fn is_dead(path: &Path) -> bool {
    let named = path
        .file_name()
        .is_some_and(|name| name.to_string_lossy().ends_with(SUFFIX));
    if !named || !path.is_dir() || path.is_symlink() || path.join(KEPT).exists() {
        return false;
    }
    match OpenOptions::new().write(true).open(path.join(LOCK)) {
        Ok(lock) => lock.try_lock().is_ok(),
        // Killed between making the directory and the lock.
        Err(error) => {
            error.kind() == std::io::ErrorKind::NotFound
                && fs::read_dir(path).is_ok_and(|mut files| files.next().is_none())
                && older_than_a_minute(path)
        }
    }
}

fn older_than_a_minute(path: &Path) -> bool {
    fs::metadata(path)
        .and_then(|metadata| metadata.modified())
        .is_ok_and(|time| time.elapsed().is_ok_and(|age| age.as_secs() > 60))
}

fn bytes_in(directory: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(directory) else {
        return 0;
    };
    entries
        .flatten()
        .filter_map(|entry| entry.metadata().ok())
        .map(|metadata| metadata.len())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_vanishes_with_its_files_unless_kept() {
        let parent = tempfile::tempdir().unwrap();
        let scratch = ScratchDirectory::create(parent.path(), false, true).unwrap();
        let path = scratch.path().to_path_buf();
        fs::write(scratch.file("codes"), b"x").unwrap();
        drop(scratch);
        assert!(!path.exists());
        let kept = ScratchDirectory::create(parent.path(), true, true).unwrap();
        let path = kept.path().to_path_buf();
        drop(kept);
        assert!(path.exists());
        assert_eq!(ScratchDirectory::remove_dead(parent.path()), []);
    }

    #[test]
    fn a_dead_run_is_told_from_a_living_one() {
        let parent = tempfile::tempdir().unwrap();
        let living = ScratchDirectory::create(parent.path(), false, true).unwrap();
        let dead = parent.path().join("run-1-0.rowmill-scratch");
        fs::create_dir(&dead).unwrap();
        fs::write(dead.join(LOCK), b"").unwrap();
        fs::write(dead.join("codes"), b"12345").unwrap();
        let removed = ScratchDirectory::remove_dead(parent.path());
        assert_eq!(
            removed,
            [DeadScratch {
                path: dead.clone(),
                bytes: 5
            }]
        );
        assert!(!dead.exists() && living.path().exists());
    }

    #[test]
    fn more_than_the_disk_has_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let scratch = ScratchDirectory::create(parent.path(), false, true).unwrap();
        scratch.check_free(1).unwrap();
        let error = scratch.check_free(1 << 60).unwrap_err().to_string();
        assert!(error.contains("are free"), "{error}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn memory_filesystems_need_permission() {
        let shared_memory = Path::new("/dev/shm");
        if disk::is_memory_filesystem(shared_memory) {
            let error = ScratchDirectory::create(shared_memory, false, false).unwrap_err();
            assert_eq!(error.exit_code(), 2);
        }
    }
}
