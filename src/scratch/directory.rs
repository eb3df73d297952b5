//! The directories that hold scratch files, locked while a run lives and removed at its end.
//!
//! A run has a private one, and may share another one: files that are complete and
//! [sealed](crate::scratch::Seal), and then only read. A run that uses a shared one holds its lock
//! shared; a run that removes a directory must hold its lock exclusively.

use std::{
    fs::{self, File, OpenOptions},
    path::{Path, PathBuf},
};

use crate::{
    error::{Error, Result},
    platform::disk,
    scratch::seal::SEAL,
    text::size::format_bytes,
};

/// The end of every scratch directory's name.
const SUFFIX: &str = ".rowmill-scratch";

/// The file in it that a living run holds locked.
const LOCK: &str = "lock";

/// The file in it that says it was kept on purpose.
const KEPT: &str = "kept";

/// The file in a shared one that names the file it waits for, and the file that ends the wait.
const WAITS: &str = "waits";

/// The start of the names of shared ones.
const SHARED: &str = "codes-";

/// The use of a scratch directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ScratchState {
    /// A run uses it.
    Alive,
    /// It was kept on purpose.
    Kept,
    /// It waits for a run that left a checkpoint.
    Waiting,
    /// The run that made it died.
    Dead,
}

/// The scratch of a run that died, found and removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeadScratch {
    /// The path that it had.
    pub path: PathBuf,
    /// Bytes that it held on disk.
    pub bytes: u64,
}

/// A scratch directory. Dropping it removes it with everything in it, unless it is kept or somebody
/// else uses it.
#[derive(Debug)]
pub(crate) struct ScratchDirectory {
    path: PathBuf,
    keep: bool,
    /// Held open: its lock shows other runs that this one is alive.
    lock: File,
}

impl ScratchDirectory {
    /// Creates a new scratch directory under `parent`, which is created when absent.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Usage`] when `parent` is in memory and `allow_memory` is not set.
    pub(crate) fn create(parent: &Path, keep: bool, allow_memory: bool) -> Result<Self> {
        let (path, lock) = Self::create_named(parent, "run", allow_memory)?;
        let lock_path = path.join(LOCK);
        lock.lock()
            .map_err(|source| Error::io("lock", &lock_path, source))?;
        Self::begin(path, lock, keep)
    }

    /// Creates a directory that others may read once it is sealed. While the file `waits_for` exists and
    /// `until` does not, it is kept even if its run has died.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub(crate) fn create_shared(
        parent: &Path,
        fingerprint: u64,
        allow_memory: bool,
        [waits_for, until]: [&Path; 2],
    ) -> Result<Self> {
        let name = format!("{SHARED}{fingerprint:016x}");
        let (path, lock) = Self::create_named(parent, &name, allow_memory)?;
        let this = Self::share(path, lock)?;
        let waits = this.file(WAITS);
        let names = format!("{}\n{}\n", waits_for.display(), until.display());
        fs::write(&waits, names).map_err(|source| Error::io("write", &waits, source))?;
        Ok(this)
    }

    /// Opens a sealed directory of another run for reading; `None` if it is being removed. Dropping it
    /// leaves it where it is, unless [`Self::adopt`] was called.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be locked.
    pub(crate) fn open_shared(path: &Path) -> Result<Option<Self>> {
        let lock_path = path.join(LOCK);
        let io = |source| Error::io("lock", &lock_path, source);
        let lock = match File::open(&lock_path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(io)?,
        };
        if lock.try_lock_shared().is_err() || !lock_path.exists() {
            return Ok(None);
        }
        Ok(Some(Self {
            path: path.to_path_buf(),
            keep: true,
            lock,
        }))
    }

    fn create_named(parent: &Path, name: &str, allow_memory: bool) -> Result<(PathBuf, File)> {
        fs::create_dir_all(parent).map_err(|source| Error::io("create", parent, source))?;
        if disk::is_memory_filesystem(parent) && !allow_memory {
            return Err(Error::Usage(format!(
                "{} is in memory (tmpfs), where scratch files would count against the memory limit; use \
                 --scratch-dir on a disk, or --allow-tmpfs",
                parent.display()
            )));
        }
        for attempt in 0..1000u32 {
            let path = parent.join(format!("{name}-{}-{attempt}{SUFFIX}", std::process::id()));
            match fs::create_dir(&path) {
                Ok(()) => {
                    let lock = path.join(LOCK);
                    let file = File::create_new(&lock)
                        .map_err(|source| Error::io("create", &lock, source))?;
                    return Ok((path, file));
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(Error::io("create", &path, source)),
            }
        }
        let taken = std::io::ErrorKind::AlreadyExists.into();
        Err(Error::io("create a scratch directory in", parent, taken))
    }

    fn share(path: PathBuf, lock: File) -> Result<Self> {
        let lock_path = path.join(LOCK);
        lock.lock_shared()
            .map_err(|source| Error::io("lock", &lock_path, source))?;
        Self::begin(path, lock, false)
    }

    fn begin(path: PathBuf, lock: File, keep: bool) -> Result<Self> {
        let this = Self { path, keep, lock };
        if keep {
            this.mark_kept()?;
        }
        Ok(this)
    }

    /// Marks the directory as kept on purpose: it stays when it is dropped, and when its run dies.
    ///
    /// # Errors
    /// [`Error::Io`] when the mark cannot be written.
    pub(crate) fn mark_kept(&self) -> Result<()> {
        let kept = self.file(KEPT);
        File::create_new(&kept).map_err(|source| Error::io("create", &kept, source))?;
        Ok(())
    }

    /// Leaves the directory where it is when it is dropped.
    pub(crate) fn leave(&mut self) {
        self.keep = true;
    }

    /// Takes a directory over whose run died or was stopped: it is removed when it is dropped, unless it is
    /// kept on purpose.
    pub(crate) fn adopt(&mut self) {
        self.keep = false;
    }

    /// True if it waits for the run that writes this file.
    pub(crate) fn waits_for(&self, file: &Path) -> bool {
        let waits = waits(&self.path);
        waits.is_some_and(|[waits_for, _]| waits_for == file)
    }

    /// Removes what runs that died (killed, power lost) left under `parent`. Scratch of living
    /// runs, and scratch that was kept on purpose, stays.
    pub(crate) fn remove_dead(parent: &Path) -> Vec<DeadScratch> {
        let Ok(entries) = fs::read_dir(parent) else {
            return Vec::new();
        };
        let mut dead: Vec<DeadScratch> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| state_of(path) == Some(ScratchState::Dead))
            .filter_map(|path| {
                let bytes = bytes_in(&path);
                remove_files(&path).ok()?;
                Some(DeadScratch { path, bytes })
            })
            .collect();
        dead.sort_by(|a, b| a.path.cmp(&b.path));
        dead
    }

    /// The path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a file in it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Refuses a plan that the filesystem has no room for.
    ///
    /// # Errors
    /// [`Error::Io`] of kind `StorageFull` that names both figures.
    pub(crate) fn check_free(&self, needed_bytes: u64) -> Result<()> {
        match disk::free_disk_bytes(&self.path) {
            Some(free) if free < needed_bytes => Err(Error::io(
                "reserve scratch in",
                &self.path,
                std::io::Error::new(
                    std::io::ErrorKind::StorageFull,
                    format!(
                        "the run needs {}, but only {} are free",
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
        if self.keep || self.file(KEPT).exists() {
            return;
        }
        // A shared one may be in use by others, who hold its lock shared.
        let is_alone = self.lock.unlock().is_ok() && self.lock.try_lock().is_ok();
        if is_alone {
            // A leftover is found and removed by the next run.
            let _ = remove_files(&self.path);
        }
    }
}

/// The scratch directories in a directory, by name, with their use.
pub(crate) fn scratch_directories(parent: &Path) -> Vec<(PathBuf, ScratchState)> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let mut found: Vec<(PathBuf, ScratchState)> = entries
        .map(|entry| entry.path())
        .filter_map(|path| state_of(&path).map(|state| (path, state)))
        .collect();
    found.sort();
    found
}

/// Removes a scratch directory that no run uses. Returns true if it is gone.
pub(crate) fn remove_scratch(path: &Path) -> bool {
    let alone = OpenOptions::new().write(true).open(path.join(LOCK));
    let is_free = alone.is_ok_and(|lock| lock.try_lock().is_ok());
    (is_free || !path.join(LOCK).exists()) && remove_files(path).is_ok()
}

/// Removes a directory so that what a kill leaves of it is still known for dead: the seal goes first,
/// the lock last.
fn remove_files(path: &Path) -> std::io::Result<()> {
    if path.join(SEAL).exists() {
        fs::remove_file(path.join(SEAL))?;
    }
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_name() != LOCK && entry.file_type()?.is_file() {
            fs::remove_file(entry.path())?;
        }
    }
    fs::remove_dir_all(path)
}

/// The use of a directory; `None` if it is no scratch directory, or just being made.
fn state_of(path: &Path) -> Option<ScratchState> {
    let name = path.file_name()?.to_string_lossy();
    if !name.ends_with(SUFFIX) || !path.is_dir() || path.is_symlink() {
        return None;
    }
    match OpenOptions::new().write(true).open(path.join(LOCK)) {
        Ok(lock) if lock.try_lock().is_err() => Some(ScratchState::Alive),
        Ok(_) if path.join(KEPT).exists() => Some(ScratchState::Kept),
        Ok(_) if is_waiting(path) => Some(ScratchState::Waiting),
        Ok(_) => Some(ScratchState::Dead),
        // Killed between making the directory and the lock.
        Err(error) => {
            let is_dead = error.kind() == std::io::ErrorKind::NotFound
                && fs::read_dir(path).is_ok_and(|mut files| files.next().is_none())
                && older_than_a_minute(path);
            if is_dead {
                Some(ScratchState::Dead)
            } else {
                None
            }
        }
    }
}

/// True for a sealed directory whose run left a file that another run can resume from.
fn is_waiting(path: &Path) -> bool {
    let is_sealed = path.join(SEAL).exists();
    is_sealed && waits(path).is_some_and(|[waits_for, until]| waits_for.exists() && !until.exists())
}

fn waits(path: &Path) -> Option<[PathBuf; 2]> {
    let names = fs::read_to_string(path.join(WAITS)).ok()?;
    let mut names = names.lines().map(PathBuf::from);
    Some([names.next()?, names.next()?])
}

fn older_than_a_minute(path: &Path) -> bool {
    fs::metadata(path)
        .and_then(|metadata| metadata.modified())
        .is_ok_and(|time| time.elapsed().is_ok_and(|age| age.as_secs() > 60))
}

/// Bytes of the files in a directory.
pub(crate) fn bytes_in(directory: &Path) -> u64 {
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

    /// A shared directory, complete or not, and the two files it looks at.
    fn shared(parent: &Path, sealed: bool) -> (ScratchDirectory, [PathBuf; 2]) {
        let files = ["checkpoint", "finished"].map(|name| parent.join(name));
        let names = [&*files[0], &*files[1]];
        let scratch = ScratchDirectory::create_shared(parent, 7, true, names).unwrap();
        if sealed {
            fs::write(scratch.file(SEAL), b"").unwrap();
        }
        (scratch, files)
    }

    #[test]
    fn a_shared_one_outlives_its_maker_while_others_read_it() {
        let parent = tempfile::tempdir().unwrap();
        let (maker, _) = shared(parent.path(), true);
        let path = maker.path().to_path_buf();
        let reader = ScratchDirectory::open_shared(&path).unwrap().unwrap();
        drop(maker);
        assert!(path.exists());
        let alive = [(path.clone(), ScratchState::Alive)];
        assert_eq!(scratch_directories(parent.path()), alive);
        assert!(!remove_scratch(&path));
        drop(reader);
        assert_eq!(scratch_directories(parent.path())[0].1, ScratchState::Dead);
        assert!(remove_scratch(&path) && !path.exists());
        assert!(ScratchDirectory::open_shared(&path).unwrap().is_none());
    }

    #[test]
    fn a_sealed_one_waits_for_its_run_and_no_longer() {
        let parent = tempfile::tempdir().unwrap();
        for sealed in [true, false] {
            let (mut scratch, [checkpoint, finished]) = shared(parent.path(), sealed);
            assert!(scratch.waits_for(&checkpoint) && !scratch.waits_for(&finished));
            scratch.leave();
            drop(scratch);
            let state = || scratch_directories(parent.path())[0].1;
            assert_eq!(state(), ScratchState::Dead);
            fs::write(&checkpoint, b"").unwrap();
            let waiting = [ScratchState::Dead, ScratchState::Waiting][usize::from(sealed)];
            assert_eq!(state(), waiting);
            fs::write(&finished, b"").unwrap();
            assert_eq!(state(), ScratchState::Dead);
            assert_eq!(ScratchDirectory::remove_dead(parent.path()).len(), 1);
            fs::remove_file(checkpoint).unwrap();
            fs::remove_file(finished).unwrap();
        }
    }

    #[test]
    fn a_shared_one_that_is_marked_is_kept_by_its_maker_and_by_others() {
        let parent = tempfile::tempdir().unwrap();
        let (scratch, _) = shared(parent.path(), true);
        scratch.mark_kept().unwrap();
        let path = scratch.path().to_path_buf();
        drop(scratch);
        let mut again = ScratchDirectory::open_shared(&path).unwrap().unwrap();
        again.adopt();
        drop(again);
        assert_eq!(scratch_directories(parent.path())[0].1, ScratchState::Kept);
        assert_eq!(ScratchDirectory::remove_dead(parent.path()), []);
        assert!(remove_scratch(&path));
    }

    #[test]
    fn a_directory_that_was_adopted_goes_with_its_new_owner() {
        let parent = tempfile::tempdir().unwrap();
        let (mut scratch, _) = shared(parent.path(), true);
        let path = scratch.path().to_path_buf();
        scratch.leave();
        drop(scratch);
        drop(ScratchDirectory::open_shared(&path).unwrap());
        assert!(path.exists());
        let mut again = ScratchDirectory::open_shared(&path).unwrap().unwrap();
        again.adopt();
        drop(again);
        assert!(!path.exists());
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
