//! Validation rows from elsewhere: a second dataset, all labelled rows of which are the valid split.
//!
//! ```text
//!   row numbers   0 .. first_row            first_row ..
//!   rows of       the dataset               --val-dir
//!   split         as without validation     valid, whatever the group's hash or a column says
//! ```
//!
//! Both are opened as one dataset, so that columns go together as those of its files do. The rows of the
//! dataset itself come first and keep the numbers that key every random choice.

use std::{collections::HashSet, fs, path::PathBuf};

use crate::{
    columns::roles::Roles,
    data::Split,
    error::{Error, Result},
    pipeline::options::DataOptions,
    source::Dataset,
};

/// The rows of `--val-dir`, as the model and the reports describe them.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Validation {
    /// The value of `--val-dir`.
    pub dataset: String,
    /// Its files.
    pub files: u64,
    /// Its rows, those without a label too.
    pub rows: u64,
    /// The number of its first row, which is how many rows the dataset itself has.
    pub first_row: u64,
}

impl Validation {
    /// Of a dataset that was opened with these options; `None` where they name no second one.
    ///
    /// # Errors
    /// [`Error::Dataset`] when it has no rows, [`Error::Usage`] when a file is in both.
    pub fn of(dataset: &Dataset, data: &DataOptions) -> Result<Option<Self>> {
        let Some(path) = &data.validation else {
            return Ok(None);
        };
        let (own, beside) = dataset.files().split_at(dataset.own_files().len());
        let real = |path: &PathBuf| fs::canonicalize(path).unwrap_or_else(|_| path.clone());
        let known: HashSet<PathBuf> = own.iter().map(|file| real(&file.path)).collect();
        if let Some(both) = beside.iter().find(|file| known.contains(&real(&file.path))) {
            return Err(Error::Usage(format!(
                "--val-dir {path}: {} is also a file of the dataset {}; validation rows must not be training \
                 rows, so remove it from one of them",
                both.path.display(),
                data.dataset
            )));
        }
        let rows = beside.iter().map(|file| file.rows).sum();
        if rows == 0 {
            return Err(Error::Dataset(format!(
                "--val-dir {path} has no rows; check that it is the directory you mean"
            )));
        }
        Ok(Some(Self {
            dataset: path.clone(),
            files: beside.len() as u64,
            rows,
            first_row: own.iter().map(|file| file.rows).sum(),
        }))
    }

    /// Refuses files that do not say the target, the group or the weight of their rows; a feature that
    /// they lack is missing.
    ///
    /// # Errors
    /// [`Error::Dataset`] naming the column and the file.
    pub fn check_columns(&self, dataset: &Dataset, roles: &Roles) -> Result<()> {
        let own = dataset.own_files().len();
        let parts = [
            (roles.target, "the target", "--target"),
            (roles.group, "the group column", "--group-col"),
            (roles.weight, "the weight column", "--weight-col"),
        ];
        for (column, part, flag) in parts {
            let Some(column) = column else { continue };
            let name = &dataset.schema().fields[column].name;
            let mut beside = own..dataset.files().len();
            if let Some(file) = beside.find(|file| !dataset.has_column(*file, column)) {
                return Err(Error::Dataset(format!(
                    "--val-dir {}: {} lacks the column `{name}`, which is {part}; write it with that column, or \
                     choose another with {flag}",
                    self.dataset,
                    dataset.files()[file].path.display()
                )));
            }
            if !(0..own).any(|file| dataset.has_column(file, column)) {
                return Err(Error::Dataset(format!(
                    "the column `{name}`, which is {part}, is in --val-dir {} alone; choose another with {flag}",
                    self.dataset
                )));
            }
        }
        Ok(())
    }

    /// The number of own rows among the `rows` rows from `first_row` on.
    pub fn own_rows(&self, first_row: u64, rows: usize) -> usize {
        self.first_row.saturating_sub(first_row).min(rows as u64) as usize
    }

    /// Puts those of the rows from `first_row` on that are validation rows into the valid split, or into none
    /// where they have no label.
    pub fn mark(&self, first_row: u64, labels: &[f32], splits: &mut [u8]) {
        assert_eq!(labels.len(), splits.len(), "a split for each label");
        let own = self.own_rows(first_row, labels.len());
        for (slot, label) in splits[own..].iter_mut().zip(&labels[own..]) {
            let split = if label.is_nan() {
                Split::None
            } else {
                Split::Valid
            };
            *slot = split as u8;
        }
    }

    /// Refuses validation rows of which none is in the valid split.
    ///
    /// # Errors
    /// [`Error::Dataset`] naming the target.
    pub fn check_labelled(&self, valid_rows: u64, target: &str) -> Result<()> {
        if valid_rows > 0 {
            return Ok(());
        }
        Err(Error::Dataset(format!(
            "--val-dir {}: none of its {} rows has a value of the target `{target}`, so nothing can be validated; \
             fill the column, or leave --val-dir out",
            self.dataset, self.rows
        )))
    }

    /// The source of the valid split, for a message.
    pub fn source(&self, split_column: Option<&str>) -> String {
        match split_column {
            Some(column) => format!("--val-dir {} or of the column `{column}`", self.dataset),
            None => format!("--val-dir {}", self.dataset),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_from_the_first_on_are_valid() {
        let validation = Validation {
            dataset: "val".to_owned(),
            files: 1,
            rows: 3,
            first_row: 10,
        };
        let check = |first_row, expected: [u8; 4]| {
            let mut splits = [2, 0, 3, 2];
            validation.mark(first_row, &[0.0, f32::NAN, 1.0, f32::NAN], &mut splits);
            assert_eq!(splits, expected, "{first_row}");
        };
        check(0, [2, 0, 3, 2]);
        check(6, [2, 0, 3, 2]);
        check(8, [2, 0, 1, 3]);
        check(10, [1, 3, 1, 3]);
        check(1 << 40, [1, 3, 1, 3]);
    }
}
