//! The data: the data, the columns' parts and the profile, known before any pass.

use std::{collections::HashSet, ops::Range, path::Path};

use crate::{
    baseline::Baseline,
    columns::{
        profile::{BaselineFiles, Profile},
        roles::{Excluded, Role, Roles, Selection},
    },
    data::{Field, Schema, ValueType},
    engine::{Context, Progress},
    error::{Error, Place, Result},
    limits::Limits,
    model::FeatureSpec,
    pipeline::{
        open::{base_scores::BaseScores, target::Target, validation::Validation},
        options::{ColumnOptions, DataOptions, ProfileChoice},
    },
    source::{DataFile, Dataset, LaneReader, OpenOptions},
};

/// A dataset with the roles of its columns.
#[derive(Debug)]
pub struct TrainingData {
    /// The data.
    pub dataset: Dataset,
    /// First row and end of each row group.
    pub row_ranges: Vec<Range<u64>>,
    /// The profile of the columns.
    pub profile: Option<Profile>,
    /// The role of every column.
    pub roles: Roles,
    /// The baseline table, checked.
    pub baseline: Option<Baseline>,
    /// Validation rows from elsewhere, where there are such; the last rows of the data.
    pub validation: Option<Validation>,
}

impl TrainingData {
    /// Opens the data and gives every column its role.
    ///
    /// # Errors
    /// For a fault of the dataset's path, a footer, the profile, the columns named, or the baseline table.
    pub fn open(data: &DataOptions, columns: &ColumnOptions, limits: &Limits) -> Result<Self> {
        Self::of_dataset(Self::read(data, limits)?, data, columns, limits)
    }

    /// As [`Self::open`], of data that may have no target.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_without_target(
        data: &DataOptions,
        columns: &ColumnOptions,
        limits: &Limits,
    ) -> Result<Self> {
        let selection = Selection {
            target_is_optional: true,
            ..columns.selection()
        };
        let dataset = Self::read(data, limits)?;
        Self::with(dataset, data, &columns.profile, &selection, limits)
    }

    /// Gives every column of opened data its part.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn of_dataset(
        dataset: Dataset,
        data: &DataOptions,
        columns: &ColumnOptions,
        limits: &Limits,
    ) -> Result<Self> {
        let selection = columns.selection();
        Self::with(dataset, data, &columns.profile, &selection, limits)
    }

    fn read(data: &DataOptions, limits: &Limits) -> Result<Dataset> {
        let opening = OpenOptions {
            beside: data.validation.as_deref(),
            ..OpenOptions::new(limits)
        };
        let dataset = Dataset::open(&data.dataset, &opening)?;
        if dataset.own_files().iter().all(|file| file.rows == 0) {
            let is_file = |file: &DataFile| file.path == Path::new(&data.dataset);
            let flaw = match dataset.own_files().iter().any(is_file) {
                true => "is an empty Parquet file, without rows; check what wrote it",
                false => "has no rows; check that it is the directory you mean",
            };
            return Err(Error::Dataset(format!("{} {flaw}", data.dataset)));
        }
        Ok(dataset)
    }

    fn with(
        mut dataset: Dataset,
        data: &DataOptions,
        profile: &ProfileChoice,
        selection: &Selection,
        limits: &Limits,
    ) -> Result<Self> {
        let profile = profile.resolve(dataset.schema())?;
        if let Some(profile) = &profile {
            dataset.mark_absent_zero(&|name| profile.is_zero_when_absent(name));
        }
        let roles = Roles::resolve(dataset.schema(), profile.as_ref(), selection)?;
        let validation = Validation::of(&dataset, data)?;
        if let Some(validation) = &validation {
            validation.check_columns(&dataset, &roles)?;
        }
        let named = [roles.target, roles.group, roles.split, roles.weight];
        for column in roles
            .features
            .iter()
            .copied()
            .chain(named.into_iter().flatten())
        {
            dataset.check_column(column)?;
        }
        let grouped = roles.group.is_some();
        let has_files = !dataset.files().is_empty();
        let baseline = open_baseline(data, profile.as_ref(), grouped, has_files, limits)?;
        let row_ranges = dataset
            .row_groups()
            .iter()
            .map(|group| group.first_row..group.first_row + group.rows)
            .collect();
        Ok(Self {
            dataset,
            row_ranges,
            profile,
            roles,
            baseline,
            validation,
        })
    }

    /// The columns' names and types.
    pub fn schema(&self) -> &Schema {
        self.dataset.schema()
    }

    /// Names of the features in the model's order, and whether they are texts.
    pub fn features(&self) -> Vec<(&str, bool)> {
        let field = |&column: &usize| &self.schema().fields[column];
        let fields = self.roles.features.iter().map(field);
        fields
            .map(|field| (&*field.name, field.value_type == Some(ValueType::Text)))
            .collect()
    }

    /// Shows the baseline table and the validation rows in use.
    pub fn announce(&self, progress: &dyn Progress) {
        if let Some(baseline) = &self.baseline {
            let path = baseline.path().display();
            progress.message(&format!("baseline: {path}, {} rows", baseline.len()));
        }
        if let Some(validation) = &self.validation {
            let Validation { dataset, rows, .. } = validation;
            progress.message(&format!("validation: {dataset}, {rows} rows"));
        }
    }

    /// Rows of the files; `None` for a stream, whose length is not known.
    pub(crate) fn rows_of_files(&self) -> Option<u64> {
        (!self.dataset.files().is_empty()).then(|| self.dataset.rows())
    }

    /// Rows without those of a second dataset.
    pub fn own_rows(&self) -> u64 {
        let first = self.validation.as_ref().map(|rows| rows.first_row);
        first.unwrap_or(self.dataset.rows())
    }

    /// True for a row of `--val-dir`, as are all others of its row group.
    pub fn is_validation(&self, row: u64) -> bool {
        (self.validation.as_ref()).is_some_and(|rows| rows.first_row <= row)
    }

    /// The source of the valid split's further rows, where `--val-dir` gives some.
    pub fn validation_source(&self) -> Option<String> {
        let name = |column: usize| &*self.schema().fields[column].name;
        let validation = self.validation.as_ref()?;
        Some(validation.source(self.roles.split.map(name)))
    }

    /// The target's index in the schema.
    ///
    /// # Panics
    /// Without a target, which only [`Self::open_without_target`] lets pass.
    pub fn target_column(&self) -> usize {
        self.roles.target.expect("a training has a target")
    }

    /// Makes the features those of a model, in the model's order: a column that the data lack is missing
    /// (or 0, if the model says so) in all rows. Returns the features that the model does not have;
    /// they are excluded for `reason`.
    ///
    /// # Errors
    /// [`Error::Dataset`] for a column that is no feature here, or of another type.
    pub fn follow(&mut self, features: &[FeatureSpec], reason: &str) -> Result<Vec<String>> {
        let mut followed = Vec::with_capacity(features.len());
        for feature in features {
            let column = match self.dataset.schema().index_of(&feature.name) {
                Some(column) => column,
                None => self.dataset.add_absent_column(feature_field(feature)),
            };
            let field = &self.dataset.schema().fields[column];
            if let (Role::Excluded | Role::Target | Role::Group | Role::Split | Role::Weight, why) =
                self.roles.role_of(column)
            {
                return Err(Error::Dataset(format!(
                    "column `{}` is a feature of --init-model, but not of this run ({why}); do not exclude it",
                    field.name
                )));
            }
            let is_text = field.value_type == Some(ValueType::Text);
            if is_text != feature.is_text() {
                let learned = if feature.is_text() { "text" } else { "numbers" };
                return Err(Error::Dataset(format!(
                    "column `{}` has the type {}, but it was {learned} in the data of --init-model; convert the \
                     column",
                    field.name, field.file_type
                )));
            }
            followed.push(column);
        }
        let kept: HashSet<usize> = followed.iter().copied().collect();
        let before = std::mem::replace(&mut self.roles.features, followed);
        let new: Vec<usize> = before
            .into_iter()
            .filter(|column| !kept.contains(column))
            .collect();
        self.roles
            .excluded
            .extend(new.iter().map(|column| Excluded {
                column: *column,
                reason: reason.to_owned(),
            }));
        self.roles.excluded.sort_by_key(|excluded| excluded.column);
        let fields = &self.dataset.schema().fields;
        Ok(new
            .iter()
            .map(|column| fields[*column].name.clone())
            .collect())
    }

    /// Columns that a scan reads.
    pub fn scan_columns(&self) -> Vec<usize> {
        let mut columns = Vec::new();
        let roles = &self.roles;
        let parts = [roles.target, roles.group, roles.split, roles.weight];
        for column in parts.into_iter().flatten() {
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
        columns
    }

    /// The base model's scores, where the profile names them and they are of the target's classes.
    pub fn base_scores(&self, target: &Target) -> Option<BaseScores> {
        let profile = self.profile.as_ref()?;
        if !target.is_of(profile) || self.roles.base_scores.is_empty() {
            return None;
        }
        let negative = profile.negative_class();
        let class_of = |class: usize| match negative {
            Some(negative) if target.classes.len() == 2 => usize::from(class != negative),
            _ => class,
        };
        let scores = &self.roles.base_scores;
        Some(BaseScores {
            columns: scores.iter().map(|score| score.column).collect(),
            classes: scores.iter().map(|score| class_of(score.class)).collect(),
        })
    }

    /// One reader a thread.
    pub fn lanes(&self, context: &Context<'_>) -> Vec<LaneReader<'_>> {
        (0..context.threads)
            .map(|_| LaneReader::new(&self.dataset))
            .collect()
    }

    /// The place of a row group, or of a column of it, for messages.
    pub fn place(&self, row_group: usize, column: Option<usize>) -> Place {
        let group = self.dataset.row_groups()[row_group];
        let place =
            Place::file(&self.dataset.files()[group.file].path).row_group(group.index_in_file);
        match column {
            Some(column) => place.column(self.schema().fields[column].name.clone()),
            None => place,
        }
    }
}

/// The field of a model's feature, for data that lack it.
fn feature_field(feature: &FeatureSpec) -> Field {
    Field {
        name: feature.name.clone(),
        value_type: Some(feature.value_type),
        file_type: "absent".to_owned(),
        absent: feature.absent,
    }
}

/// The baseline table that is given or found, read with the profile's names for its columns.
fn open_baseline(
    data: &DataOptions,
    profile: Option<&Profile>,
    grouped: bool,
    has_files: bool,
    limits: &Limits,
) -> Result<Option<Baseline>> {
    let names = profile.map_or_else(BaselineFiles::default, |profile| profile.baseline.clone());
    let path = match &data.baseline {
        Some(path) => Some(path.clone()),
        None if grouped && has_files => crate::baseline::discover(&data.dataset, &names.files),
        None => None,
    };
    path.map(|path| Baseline::open_as(path, &names.columns(), limits))
        .transpose()
}
