//! The output directory: created, and kept from being overwritten by mistake.

use std::{fs, path::Path};

use crate::{
    error::{Error, Result},
    platform::atomic,
};

/// The trained model's file.
pub const MODEL: &str = "model.rowmill";

/// The file that says a run is finished: it is written last.
pub const FINISHED: &str = "run.json";

/// The newest checkpoint.
pub const CHECKPOINT: &str = "checkpoint.rowmill";

/// The checkpoint before it.
pub const CHECKPOINT_BEFORE: &str = "checkpoint-before.rowmill";

/// The learner of a run by batches, for `--resume` and for further data.
pub const LEARNER: &str = "learner.rowmill";

/// What becomes of the run that is in the directory already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Earlier {
    /// There must be none.
    Refused,
    /// It is given up.
    Replaced,
    /// It goes on.
    Resumed,
}

/// Refuses a directory with a run that was not given up, before any work.
///
/// # Errors
/// [`Error::Usage`].
pub fn check(directory: &Path, earlier: Earlier) -> Result<()> {
    let is_finished = directory.join(FINISHED).exists();
    let has_checkpoint = has_checkpoint(directory);
    let shown = directory.display();
    let refusal = match earlier {
        Earlier::Refused if is_finished => format!(
            "{shown} holds a finished run; choose another --out-dir, or replace it with --overwrite"
        ),
        Earlier::Refused if has_checkpoint => format!(
            "{shown} holds an unfinished run; go on with it with --resume, or replace it with --overwrite"
        ),
        Earlier::Resumed if is_finished && !has_checkpoint => format!(
            "{shown} holds a finished run without a checkpoint, so it cannot go on; replace it with \
             --overwrite"
        ),
        _ => return Ok(()),
    };
    Err(Error::Usage(refusal))
}

/// Whether there is a checkpoint of either generation.
pub fn has_checkpoint(directory: &Path) -> bool {
    let names = [CHECKPOINT, CHECKPOINT_BEFORE, LEARNER];
    names.iter().any(|name| directory.join(name).exists())
}

/// Creates the directory, or accepts one that [`check`] accepts. A finished run there loses its mark,
/// and its files are replaced one by one; a run that is given up loses its checkpoints too. Answers
/// how many unfinished files of a killed run were removed.
///
/// # Errors
/// [`Error::Usage`] for a directory with a finished run, [`Error::Io`] for one that cannot be written.
pub fn prepare(directory: &Path, earlier: Earlier) -> Result<usize> {
    check(directory, earlier)?;
    fs::create_dir_all(directory).map_err(|source| Error::io("create", directory, source))?;
    // A file without a name shows that the directory can be written, and leaves nothing.
    tempfile::tempfile_in(directory).map_err(|source| Error::io("write to", directory, source))?;
    let checkpoints = match earlier {
        Earlier::Resumed => &[][..],
        Earlier::Refused | Earlier::Replaced => &[CHECKPOINT, CHECKPOINT_BEFORE, LEARNER],
    };
    // The checkpoints go first: without its mark a finished run that has one is an unfinished one.
    for name in checkpoints.iter().chain(&[FINISHED]) {
        let path = directory.join(name);
        if path.exists() {
            fs::remove_file(&path).map_err(|source| Error::io("replace", &path, source))?;
        }
    }
    atomic::remove_leftovers(directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finished_run_is_replaced_only_on_demand() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("a/b");
        prepare(&directory, Earlier::Refused).unwrap();
        prepare(&directory, Earlier::Refused).unwrap();
        fs::write(directory.join(FINISHED), "{}").unwrap();
        let error = prepare(&directory, Earlier::Refused).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("--overwrite"), "{error}");
        fs::write(directory.join(".model.rowmill.x.rowmill-tmp"), "").unwrap();
        assert_eq!(prepare(&directory, Earlier::Replaced).unwrap(), 1);
        assert!(!directory.join(FINISHED).exists());
    }

    #[test]
    fn an_unfinished_run_is_resumed_or_replaced_on_demand() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path();
        for name in [CHECKPOINT, CHECKPOINT_BEFORE, LEARNER] {
            fs::write(directory.join(name), "").unwrap();
            let error = prepare(directory, Earlier::Refused).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            assert!(error.to_string().contains("--resume"), "{error}");
            prepare(directory, Earlier::Resumed).unwrap();
            assert!(has_checkpoint(directory));
            prepare(directory, Earlier::Replaced).unwrap();
            assert!(!has_checkpoint(directory));
        }
        prepare(directory, Earlier::Resumed).unwrap();
        fs::write(directory.join(FINISHED), "{}").unwrap();
        let error = prepare(directory, Earlier::Resumed).unwrap_err();
        assert!(error.to_string().contains("cannot go on"), "{error}");
        assert!(directory.join(FINISHED).exists());
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("file");
        fs::write(&path, "").unwrap();
        let error = prepare(&path, Earlier::Refused).unwrap_err().to_string();
        assert!(
            error.contains("cannot create") && error.contains("file"),
            "{error}"
        );
    }
}
