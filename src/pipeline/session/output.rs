//! The output directory: created, and kept from being overwritten by mistake.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use crate::{
    error::{Error, Result},
    platform::atomic,
};

/// The trained model's file.
pub(crate) const MODEL: &str = "model.rowmill";

/// The file that says a run is finished: it is written last.
pub(crate) const FINISHED: &str = "run.json";

/// The split of each group: Parquet, as data are.
pub(crate) const SPLITS: &str = "splits.parquet";

/// The newest checkpoint.
pub(crate) const CHECKPOINT: &str = "checkpoint.rowmill";

/// The checkpoint before it.
pub(crate) const CHECKPOINT_BEFORE: &str = "checkpoint-before.rowmill";

/// The learner of a run by batches, for `--resume` and for further data.
pub(crate) const LEARNER: &str = "learner.rowmill";

/// The treatment of an earlier run in the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EarlierRun {
    /// There must be none.
    Refused,
    /// Its files are replaced.
    Replaced,
    /// It is continued.
    Resumed,
}

/// A request for an output directory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OutputRequest<'a> {
    /// The directory.
    pub directory: &'a Path,
    pub(crate) earlier: EarlierRun,
    /// True for `rowmill incremental`.
    pub incremental: bool,
}

/// The directory of a run, locked for as long as this lives. What an earlier run left there stays until this
/// one has something to write.
#[derive(Debug)]
pub(crate) struct OutputDirectory {
    path: PathBuf,
    earlier: EarlierRun,
    is_writing: AtomicBool,
    /// Held open: its lock tells other runs that this one lives. There is none where the system has no locks
    /// of directories.
    _lock: Option<File>,
}

impl OutputRequest<'_> {
    /// Refuses a directory with an earlier run that is neither resumed nor replaced, before any work.
    ///
    /// # Errors
    /// [`Error::Usage`].
    pub(crate) fn check(&self) -> Result<()> {
        let is_finished = self.directory.join(FINISHED).exists();
        let has_checkpoint = has_checkpoint(self.directory);
        let is_incremental = self.directory.join(LEARNER).exists();
        let shown = self.directory.display();
        let refusal = match self.earlier {
            EarlierRun::Refused if is_finished => format!(
                "{shown} holds a finished run; choose another --out-dir, or replace it with --overwrite"
            ),
            EarlierRun::Refused if has_checkpoint => format!(
                "{shown} holds an unfinished run; continue it with --resume, or replace it with --overwrite"
            ),
            EarlierRun::Resumed if is_incremental && !self.incremental => format!(
                "{shown} holds a run of `rowmill incremental`; continue it with that command, choose another \
                 --out-dir, or replace it with --overwrite"
            ),
            EarlierRun::Resumed if is_finished && !has_checkpoint => format!(
                "{shown} holds a finished run without a checkpoint, so it cannot continue; replace it with \
                 --overwrite"
            ),
            _ => return Ok(()),
        };
        Err(Error::Usage(refusal))
    }

    /// Creates the directory, or takes one that [`Self::check`] accepts and no other run writes to.
    ///
    /// # Errors
    /// [`Error::Usage`] for a directory with a finished or living run, [`Error::Io`] for one that cannot be
    /// written.
    pub(crate) fn acquire(&self) -> Result<OutputDirectory> {
        let directory = self.directory;
        fs::create_dir_all(directory).map_err(|source| Error::io("create", directory, source))?;
        // A file without a name shows that the directory can be written, and leaves nothing.
        tempfile::tempfile_in(directory)
            .map_err(|source| Error::io("write to", directory, source))?;
        let lock = File::open(directory).ok();
        if let Some(Err(TryLockError::WouldBlock)) = lock.as_ref().map(File::try_lock) {
            return Err(Error::Usage(format!(
                "another run is writing to {}; wait for its end, or choose another --out-dir",
                directory.display()
            )));
        }
        // The run that was writing to it may have ended just now.
        self.check()?;
        Ok(OutputDirectory {
            path: directory.to_path_buf(),
            earlier: self.earlier,
            is_writing: AtomicBool::new(false),
            _lock: lock,
        })
    }
}

impl OutputDirectory {
    /// The path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes unfinished files of a killed run; answers how many there were.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(crate) fn remove_leftovers(&self) -> Result<usize> {
        atomic::remove_leftovers(&self.path)
    }

    /// To be called before a file is written. The first time, an earlier run loses its mark, and one that is
    /// given up its checkpoints and its model.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(crate) fn start_writing(&self) -> Result<()> {
        if self.is_writing.load(Ordering::Relaxed) {
            return Ok(());
        }
        // The checkpoints go first: without its mark a finished run that has one is an unfinished one.
        let gone = match self.earlier {
            EarlierRun::Refused => &[][..],
            EarlierRun::Resumed => &[FINISHED],
            EarlierRun::Replaced => &[CHECKPOINT, CHECKPOINT_BEFORE, LEARNER, MODEL, FINISHED],
        };
        for path in gone.iter().map(|name| self.path.join(name)) {
            if path.exists() {
                fs::remove_file(&path).map_err(|source| Error::io("replace", &path, source))?;
            }
        }
        self.is_writing.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// True with a checkpoint of this run, or of the one that it continues.
    pub(crate) fn has_checkpoint(&self) -> bool {
        let is_own = self.earlier == EarlierRun::Resumed || self.is_writing.load(Ordering::Relaxed);
        is_own && has_checkpoint(&self.path)
    }
}

/// True with a checkpoint of either generation, or a learner.
pub(crate) fn has_checkpoint(directory: &Path) -> bool {
    let names = [CHECKPOINT, CHECKPOINT_BEFORE, LEARNER];
    names.iter().any(|name| directory.join(name).exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(directory: &Path, earlier: EarlierRun) -> OutputRequest<'_> {
        OutputRequest {
            directory,
            earlier,
            incremental: false,
        }
    }

    fn refusal(directory: &Path, earlier: EarlierRun) -> String {
        let error = claim(directory, earlier).acquire().unwrap_err();
        assert_eq!(error.exit_code(), 2);
        error.to_string()
    }

    #[test]
    fn a_finished_run_is_replaced_only_on_demand_and_when_there_is_something_to_write() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("a/b");
        claim(&directory, EarlierRun::Refused).acquire().unwrap();
        claim(&directory, EarlierRun::Refused).acquire().unwrap();
        for name in [FINISHED, MODEL, CHECKPOINT] {
            fs::write(directory.join(name), "{}").unwrap();
        }
        assert!(refusal(&directory, EarlierRun::Refused).contains("--overwrite"));
        fs::write(directory.join(".model.rowmill.x.rowmill-tmp"), "").unwrap();
        let taken = claim(&directory, EarlierRun::Replaced).acquire().unwrap();
        assert_eq!(taken.remove_leftovers().unwrap(), 1);
        assert!(directory.join(FINISHED).exists() && !taken.has_checkpoint());
        taken.start_writing().unwrap();
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
        fs::write(directory.join(CHECKPOINT), "").unwrap();
        taken.start_writing().unwrap();
        assert!(taken.has_checkpoint());
    }

    #[test]
    fn an_unfinished_run_is_resumed_or_replaced_on_demand() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path();
        let incremental = |earlier| OutputRequest {
            incremental: true,
            ..claim(directory, earlier)
        };
        for name in [CHECKPOINT, CHECKPOINT_BEFORE, LEARNER] {
            fs::write(directory.join(name), "").unwrap();
            assert!(refusal(directory, EarlierRun::Refused).contains("--resume"));
            let taken = incremental(EarlierRun::Resumed).acquire().unwrap();
            taken.start_writing().unwrap();
            assert!(taken.has_checkpoint());
            drop(taken);
            incremental(EarlierRun::Replaced)
                .acquire()
                .unwrap()
                .start_writing()
                .unwrap();
            assert!(!has_checkpoint(directory));
        }
        claim(directory, EarlierRun::Resumed).acquire().unwrap();
        fs::write(directory.join(FINISHED), "{}").unwrap();
        assert!(refusal(directory, EarlierRun::Resumed).contains("cannot continue"));
        assert!(directory.join(FINISHED).exists());
    }

    #[test]
    fn a_run_incremental_goes_on_incremental() {
        let parent = tempfile::tempdir().unwrap();
        for name in [LEARNER, FINISHED] {
            fs::write(parent.path().join(name), "").unwrap();
        }
        let refused = refusal(parent.path(), EarlierRun::Resumed);
        assert!(refused.contains("`rowmill incremental`"), "{refused}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn two_runs_do_not_write_to_one_directory() {
        let parent = tempfile::tempdir().unwrap();
        let first = claim(parent.path(), EarlierRun::Refused).acquire().unwrap();
        for earlier in [
            EarlierRun::Refused,
            EarlierRun::Replaced,
            EarlierRun::Resumed,
        ] {
            let refused = refusal(parent.path(), earlier);
            assert!(refused.contains("another run is writing"), "{refused}");
        }
        drop(first);
        claim(parent.path(), EarlierRun::Refused).acquire().unwrap();
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("file");
        fs::write(&path, "").unwrap();
        let error = claim(&path, EarlierRun::Refused)
            .acquire()
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("cannot create") && error.contains("file"),
            "{error}"
        );
    }
}
