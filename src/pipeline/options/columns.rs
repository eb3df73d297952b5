//! The columns' parts.

use std::path::PathBuf;

use crate::{
    columns::{
        profile::Profile,
        roles::{GroupChoice, LearnedRoles, Selection},
    },
    data::{Schema, Task, task_or_auto},
    error::Result,
};

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
    /// The task; `None` takes the profile's, or follows from the target's values.
    #[serde(with = "task_or_auto")]
    pub task: Option<Task>,
    /// The profile.
    pub profile: ProfileChoice,
    /// Columns that are not features, beside the profile's.
    pub exclude: Vec<String>,
    /// Columns that are not features if they are there: a list that serves many datasets.
    #[serde(rename = "exclude_file")]
    pub exclude_if_there: Vec<String>,
    /// Columns that are features although the profile excludes them.
    pub include: Vec<String>,
    /// Column of row weights; `None` takes the profile's.
    #[serde(rename = "weight_col")]
    pub weight: Option<String>,
    /// Column of groups: rows of a group stay together.
    #[serde(rename = "group_col")]
    pub group: GroupChoice,
    /// Column of the split of each row.
    #[serde(rename = "split_col")]
    pub split_column: Option<String>,
    /// The columns' parts in the learner of `--init-model`.
    #[serde(skip)]
    pub learned: Option<LearnedRoles>,
}

impl Default for ColumnOptions {
    fn default() -> Self {
        Self {
            target: None,
            task: None,
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
