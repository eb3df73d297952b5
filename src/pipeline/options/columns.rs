//! The columns' parts.

use std::path::PathBuf;

use crate::{
    columns::{
        profile::Profile,
        roles::{GroupChoice, LearnedRoles, Selection},
    },
    data::Schema,
    error::Result,
};

/// The task of a target, as far as the user says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskChoice {
    /// Binary on the splice profile, otherwise from the target's values.
    Auto,
    /// Two classes.
    Binary,
    /// Two classes or more.
    Multiclass,
    /// A number.
    Regression,
}

impl TaskChoice {
    /// The name in flags, messages and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Binary => "binary",
            Self::Multiclass => "multiclass",
            Self::Regression => "regression",
        }
    }
}

/// The profile that gives parts to columns.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProfileChoice {
    /// `splice` when the data have its marker column, else none.
    Auto,
    /// No profile.
    None,
    /// The embedded `splice` profile.
    Splice,
    /// A TOML file.
    File(PathBuf),
}

impl ProfileChoice {
    /// The profile for data of this schema; files are read anew at each call.
    ///
    /// # Errors
    /// As [`Profile::load`].
    pub(crate) fn resolve(&self, schema: &Schema) -> Result<Option<Profile>> {
        match self {
            Self::Auto => Ok(Profile::detect(schema)),
            Self::None => Ok(None),
            Self::Splice => Ok(Some(Profile::splice())),
            Self::File(path) => Profile::load(path).map(Some),
        }
    }
}

/// The target, the group column, and which columns are features.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct ColumnOptions {
    /// Target column; `None` takes the profile's.
    pub target: Option<String>,
    /// The task.
    pub task: TaskChoice,
    /// The profile.
    pub profile: ProfileChoice,
    /// Columns that are not features, beside the profile's.
    pub exclude: Vec<String>,
    /// Columns that are not features if they are there: a list that serves many datasets.
    pub exclude_if_there: Vec<String>,
    /// Columns that are features although the profile excludes them.
    pub include: Vec<String>,
    /// Column of row weights; `None` takes the profile's.
    pub weight: Option<String>,
    /// Column of groups: rows of a group stay together.
    pub group: GroupChoice,
    /// Column of the split of each row.
    pub split_column: Option<String>,
    /// The columns' parts in the learner of `--init-model`.
    #[serde(skip)]
    pub learned: Option<LearnedRoles>,
}

impl Default for ColumnOptions {
    fn default() -> Self {
        Self {
            target: None,
            task: TaskChoice::Auto,
            profile: ProfileChoice::Auto,
            exclude: Vec::new(),
            exclude_if_there: Vec::new(),
            include: Vec::new(),
            weight: None,
            group: GroupChoice::Profile,
            split_column: None,
            learned: None,
        }
    }
}

impl ColumnOptions {
    /// The columns that the user names.
    pub(crate) fn selection(&self) -> Selection {
        Selection {
            target: self.target.clone(),
            target_is_optional: false,
            group: self.group.clone(),
            split: self.split_column.clone(),
            weight: self.weight.clone(),
            exclude: self.exclude.clone(),
            exclude_if_there: self.exclude_if_there.clone(),
            include: self.include.clone(),
            learned: self.learned.clone(),
        }
    }
}
