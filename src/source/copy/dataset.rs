//! Copies of all files of a dataset: into one file, or a file each.

use std::path::Path;

use crate::{
    error::{Error, Result},
    platform::stop::Stop,
    source::{
        copy::{
            output::OutputFile,
            schema::{Columns, one_schema},
            summary::CopySummary,
        },
        dataset::Dataset,
    },
};

/// Checks that all files store the kept columns alike, so that [`copy_to_file`] can put them in one.
///
/// # Errors
/// The difference, as an error that names the column and both files; a file that cannot be read.
pub(crate) fn fits_one_file(dataset: &Dataset, kept: &[bool]) -> Result<()> {
    one_schema(dataset, kept).map(|_| ())
}

/// Copies the kept columns of all files into one file, row group after row group.
///
/// `kept` has an entry a column of the dataset's schema. A column that a file does not have is
/// written there as the dataset means it: missing, or 0. Memory: the footers of the output and of
/// one input file, and a buffer.
///
/// # Errors
/// Files that store a column differently; a changed or damaged file; a disk that refuses. There is
/// nothing under the output's name then, or what was there before.
pub(crate) fn copy_to_file(
    dataset: &Dataset,
    kept: &[bool],
    path: &Path,
    stop: &Stop,
) -> Result<CopySummary> {
    assert_eq!(kept.len(), dataset.schema().fields.len(), "a flag a column");
    let whole = one_schema(dataset, kept)?;
    let mut output = OutputFile::create(path, whole)?;
    for file in 0..dataset.own_files().len() {
        output.append(dataset, file, stop)?;
    }
    output.finish()
}

/// Copies the kept columns of each file into a file of the same name below a directory, which is
/// there already. Columns that directories name stay in the directories' names.
///
/// # Errors
/// As [`copy_to_file`], but that files may differ; the files finished before stay.
pub(crate) fn copy_to_directory(
    dataset: &Dataset,
    kept: &[bool],
    directory: &Path,
    stop: &Stop,
) -> Result<CopySummary> {
    assert_eq!(kept.len(), dataset.schema().fields.len(), "a flag a column");
    let mut copied = CopySummary::default();
    for (file, data_file) in dataset.own_files().iter().enumerate() {
        let path = directory.join(&data_file.name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)
                .map_err(|source| Error::io("create", parent, source))?;
        }
        let Some(columns) = Columns::of_file(dataset, file, kept)? else {
            continue;
        };
        let mut output = OutputFile::create(&path, columns)?;
        output.append(dataset, file, stop)?;
        let one = output.finish()?;
        copied.files += one.files;
        copied.rows += one.rows;
        copied.bytes += one.bytes;
    }
    Ok(copied)
}
