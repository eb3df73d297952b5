//! The output of a command beside its input: nothing is written over the data, or where it would be read as
//! data.

use std::path::{Path, PathBuf};

use crate::{
    error::{Error, Result},
    pipeline::{open::training_data::TrainingData, options::DataOptions},
    source::{DatasetPattern, real},
};

/// The Parquet files that a command will write.
pub(crate) struct PlannedOutput<'a> {
    /// The flag that says where.
    pub(crate) flag: &'a str,
    /// Its value.
    pub(crate) path: &'a Path,
    /// Files and whole directories that are replaced.
    pub(crate) replaced: &'a [PathBuf],
    /// A directory that gets a file for each of the data's.
    pub(crate) copies: Option<&'a Path>,
}

impl PlannedOutput<'_> {
    /// Refuses to write over the data or among them, validation rows from elsewhere included.
    ///
    /// # Errors
    /// [`Error::Usage`] naming the file.
    pub(crate) fn check(&self, data: &TrainingData, options: &DataOptions) -> Result<()> {
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
        for file in data.dataset.files() {
            let input = real(&file.path);
            if written.iter().any(|path| input.starts_with(path)) {
                return refuse(&file.path, "is a file of the dataset itself");
            }
        }
        let copied = data.dataset.own_files().iter();
        written.extend(copied.filter_map(|file| Some(copies.as_ref()?.join(&file.name))));
        let datasets = [Some(&options.dataset), options.validation.as_ref()];
        for search in datasets
            .into_iter()
            .flatten()
            .map(|name| DatasetPattern::of(name))
        {
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
