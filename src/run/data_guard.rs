//! The data stay what they are: nothing is written over them, or where it would be taken for data.

use std::path::{Path, PathBuf};

use crate::{
    error::{Error, Result},
    pipeline::{evaluate::predictions, open::training_data::Job, prune::trimmed},
    run::options::train::TrainOptions,
    source::{Search, real},
};

/// The proof of the splits: a file of a run's directory that is Parquet as data are.
pub const SPLITS: &str = "splits.parquet";

/// Refuses an out-dir where a run's files would lie over the data, or among them.
///
/// # Errors
/// [`Error::Usage`] naming the file.
pub(crate) fn check_run(job: &Job, options: &TrainOptions) -> Result<()> {
    let out_dir = &options.out_dir;
    let copies = out_dir.join(trimmed::DIRECTORY);
    let replaced = [
        out_dir.join(SPLITS),
        out_dir.join(predictions::NAME),
        out_dir.join(trimmed::FILE),
        copies.clone(),
    ];
    Written {
        flag: "--out-dir",
        path: out_dir,
        replaced: &replaced,
        copies: Some(&copies),
    }
    .check(job, options)
}

/// What a command writes that is Parquet.
pub(crate) struct Written<'a> {
    /// The flag that says where.
    pub(crate) flag: &'a str,
    /// Its value.
    pub(crate) path: &'a Path,
    /// Files and whole directories that are replaced.
    pub(crate) replaced: &'a [PathBuf],
    /// A directory that gets a file for each of the data's.
    pub(crate) copies: Option<&'a Path>,
}

impl Written<'_> {
    /// Refuses to write over the data or among them, validation rows from elsewhere included.
    ///
    /// # Errors
    /// [`Error::Usage`] naming the file.
    pub(crate) fn check(&self, job: &Job, options: &TrainOptions) -> Result<()> {
        let refuse = |file: &Path, what: &str| {
            Err(Error::Usage(format!(
                "{} {}: {} {what}; choose another place for what is written",
                self.flag,
                self.path.display(),
                file.display()
            )))
        };
        let copies = self.copies.map(real);
        let mut written: Vec<PathBuf> = self.replaced.iter().map(|path| real(path)).collect();
        for file in job.dataset.files() {
            let input = real(&file.path);
            if written.iter().any(|path| input.starts_with(path)) {
                return refuse(&file.path, "is a file of the dataset itself");
            }
        }
        let copied = job.dataset.own_files().iter();
        written.extend(copied.filter_map(|file| Some(copies.as_ref()?.join(&file.name))));
        let datasets = [Some(&options.dataset), options.validation.as_ref()];
        for search in datasets.into_iter().flatten().map(|name| Search::of(name)) {
            if let Some(file) = written.iter().find(|file| search.takes(file)) {
                return refuse(
                    file,
                    "would be in the dataset's own directory, where it would be taken for data",
                );
            }
        }
        Ok(())
    }
}
