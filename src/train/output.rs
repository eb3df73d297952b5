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

/// Refuses a directory with a finished run that was not given up, before any work.
///
/// # Errors
/// [`Error::Usage`].
pub fn check(directory: &Path, overwrite: bool) -> Result<()> {
    if overwrite || !directory.join(FINISHED).exists() {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "{} holds a finished run; choose another --out-dir, or replace it with --overwrite",
        directory.display()
    )))
}

/// Creates the directory, or accepts one that [`check`] accepts. With `overwrite` a finished run
/// there loses its mark, and its files are replaced one by one. Answers how many unfinished files
/// of a killed run were removed.
///
/// # Errors
/// [`Error::Usage`] for a directory with a finished run, [`Error::Io`] for one that cannot be written.
pub fn prepare(directory: &Path, overwrite: bool) -> Result<usize> {
    check(directory, overwrite)?;
    fs::create_dir_all(directory).map_err(|source| Error::io("create", directory, source))?;
    // A file without a name shows that the directory can be written, and leaves nothing.
    tempfile::tempfile_in(directory).map_err(|source| Error::io("write to", directory, source))?;
    let mark = directory.join(FINISHED);
    if mark.exists() {
        fs::remove_file(&mark).map_err(|source| Error::io("replace", &mark, source))?;
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
        prepare(&directory, false).unwrap();
        prepare(&directory, false).unwrap();
        fs::write(directory.join(FINISHED), "{}").unwrap();
        let error = prepare(&directory, false).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("--overwrite"), "{error}");
        fs::write(directory.join(".model.rowmill.x.rowmill-tmp"), "").unwrap();
        assert_eq!(prepare(&directory, true).unwrap(), 1);
        assert!(!directory.join(FINISHED).exists());
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("file");
        fs::write(&path, "").unwrap();
        let error = prepare(&path, false).unwrap_err().to_string();
        assert!(
            error.contains("cannot create") && error.contains("file"),
            "{error}"
        );
    }
}
