//! The role of each column in a run.

/// The choice of rows that must stay together.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupChoice {
    /// The profile's group column if the data have it, else row by row.
    #[default]
    Profile,
    /// Row by row.
    None,
    /// A column.
    Column(String),
}

/// The user's choice of columns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// `--target`; `None` takes the profile's.
    pub target: Option<String>,
    /// Accept data without a target, if none is named.
    pub target_is_optional: bool,
    /// `--group-col`.
    pub group: GroupChoice,
    /// `--split-col`.
    pub split: Option<String>,
    /// `--weight-col`; `None` takes the profile's if the data have it.
    pub weight: Option<String>,
    /// `--exclude`: names or patterns; one that meets no column is an error.
    pub exclude: Vec<String>,
    /// `--exclude-file`: names or patterns of a list that serves many datasets; absent ones are fine.
    pub exclude_if_there: Vec<String>,
    /// `--include`: names or patterns of columns that the profile excludes.
    pub include: Vec<String>,
    /// The roles in the learner that the run continues. Data without some features are accepted
    /// then: the learner has the list of its features.
    pub learned: Option<LearnedRoles>,
}

/// The roles of the columns in a learner that a run continues, unless the user names others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LearnedRoles {
    /// The target; data without it are refused.
    pub target: String,
    /// The group column, if the data have it.
    pub group: Option<String>,
    /// The weight column, if the data have it.
    pub weight: Option<String>,
}

/// The part that a column plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The column to be predicted.
    Target,
    /// Rows of one value stay in one split.
    Group,
    /// Says train, valid or test.
    Split,
    /// The importance of a row.
    Weight,
    /// An input of the model.
    Feature,
    /// Not used.
    Excluded,
}

impl Role {
    /// The name in files and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Group => "group",
            Self::Split => "split",
            Self::Weight => "weight",
            Self::Feature => "feature",
            Self::Excluded => "excluded",
        }
    }
}

/// A column that is not a feature.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Excluded {
    /// Index into the schema.
    pub column: usize,
    /// The reason, for people: `metadata of the profile splice`.
    pub reason: String,
}

/// A column with the base model's probability of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct BaseScore {
    /// Index into the schema.
    pub column: usize,
    /// Index into the profile's classes.
    pub class: usize,
}

/// The part of every column. `features` and `excluded` together are the whole schema, each column
/// once; both ascend.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Roles {
    /// The target; `None` only where the target is optional.
    pub target: Option<usize>,
    /// The group column; `None` where every row is its own group.
    pub group: Option<usize>,
    /// The split column.
    pub split: Option<usize>,
    /// The weight column.
    pub weight: Option<usize>,
    /// The features.
    pub features: Vec<usize>,
    /// All others, the target and its like too.
    pub excluded: Vec<Excluded>,
    /// The base model's scores, one for each class of the profile in class order; empty when one is not there.
    pub base_scores: Vec<BaseScore>,
}

impl Roles {
    /// The part of a column, and the reason.
    pub fn role_of(&self, column: usize) -> (Role, &str) {
        let excluded = self
            .excluded
            .binary_search_by_key(&column, |excluded| excluded.column);
        let Ok(at) = excluded else {
            let is_base = self.base_scores.iter().any(|base| base.column == column);
            return (Role::Feature, if is_base { "base score" } else { "" });
        };
        let role = if self.target == Some(column) {
            Role::Target
        } else if self.group == Some(column) {
            Role::Group
        } else if self.split == Some(column) {
            Role::Split
        } else if self.weight == Some(column) {
            Role::Weight
        } else {
            Role::Excluded
        };
        (role, &self.excluded[at].reason)
    }
}
