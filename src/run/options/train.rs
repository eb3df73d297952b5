//! What a run was asked to do, checked once; nobody checks again.

use std::path::PathBuf;

use crate::{
    columns::{profile::Profile, roles::Selection},
    data::Schema,
    error::{Error, Result},
    learner::ModelSpec,
    limits::Limits,
    pipeline::prune::options::Pruning,
    run::{
        directory::{Claim, Earlier},
        options::incremental::OnlineOptions,
    },
};

pub use crate::columns::roles::GroupChoice;

/// The dataset's name that means the standard input.
pub const STANDARD_INPUT: &str = "-";

/// What kind of target is learned.
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

/// How groups go to splits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SplitRule {
    /// Buckets go greedily to the split that is furthest below its share of rows and classes.
    Balanced,
    /// A threshold on the hash: a group never moves when data grow.
    Hash,
}

/// Which profile gives roles to columns.
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
    /// What [`Profile::load`] finds wrong with a file.
    pub fn resolve(&self, schema: &Schema) -> Result<Option<Profile>> {
        match self {
            Self::Auto => Ok(Profile::detect(schema)),
            Self::None => Ok(None),
            Self::Splice => Ok(Some(Profile::splice())),
            Self::File(path) => Profile::load(path).map(Some),
        }
    }
}

/// Everything `rowmill train` can be told.
#[derive(Debug, Clone, serde::Serialize)]
pub struct TrainOptions {
    /// Parquet file, directory or glob.
    pub dataset: String,
    /// Another one, whose labelled rows are the valid split; `valid_size` is 0 then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<String>,
    /// Baseline table; `None` looks for one beside the dataset.
    pub baseline: Option<PathBuf>,
    /// The learner and its options.
    pub model: ModelSpec,
    /// Target column; `None` takes the profile's.
    pub target: Option<String>,
    /// Kind of target.
    pub task: TaskChoice,
    /// Profile.
    pub profile: ProfileChoice,
    /// Columns that are not features, beside the profile's.
    pub exclude: Vec<String>,
    /// Columns that are not features if they are there: a list that serves many datasets.
    pub exclude_if_there: Vec<String>,
    /// Columns that are features although the profile excludes them.
    pub include: Vec<String>,
    /// Column of row weights; `None` takes the profile's.
    pub weight: Option<String>,
    /// Column that says which rows stay together.
    pub group: GroupChoice,
    /// Column that gives the split.
    pub split_column: Option<String>,
    /// Share of the rows held out for the test.
    pub test_size: f64,
    /// Share of the rows held out for early stopping.
    pub valid_size: f64,
    /// How groups go to splits.
    pub split_rule: SplitRule,
    /// Seed of every random choice.
    pub seed: u64,
    /// Where the run's files go.
    pub out_dir: PathBuf,
    /// Whether a run there is replaced.
    pub overwrite: bool,
    /// Whether the run there goes on from its checkpoint.
    pub resume: bool,
    /// Seconds between checkpoints; 0 for one after every round.
    pub checkpoint_seconds: u64,
    /// Where scratch files go; `None` for the out-dir's filesystem.
    pub scratch_dir: Option<PathBuf>,
    /// Whether a scratch directory in memory (tmpfs) is allowed.
    pub allow_tmpfs: bool,
    /// Whether codes stay at the end, for other runs on the same data.
    pub keep_scratch: bool,
    /// The memory limit.
    pub memory_bytes: u64,
    /// Threads.
    pub threads: usize,
    /// How columns are pruned; `None` uses all features.
    pub prune: Option<Pruning>,
    /// Whether the data without the pruned columns are written too.
    pub trimmed: bool,
    /// Whether the saved model is opened again and checked on the test rows.
    pub verify: bool,
    /// Whether the valid and test rows are written with their predictions.
    pub predictions: bool,
    /// What a run by batches is told besides; `None` for a training.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub online: Option<OnlineOptions>,
    /// Bounds; `batch_rows_max` is the user's `--batch-size`.
    #[serde(skip)]
    pub limits: Limits,
}

impl TrainOptions {
    /// What the run asks of its directory.
    ///
    /// # Errors
    /// [`Error::Usage`] when an earlier run is to be both resumed and replaced, or there is nothing to resume in
    /// this learner.
    pub fn claim(&self) -> Result<Claim<'_>> {
        Ok(Claim {
            directory: &self.out_dir,
            earlier: self.earlier()?,
            by_batches: self.online.is_some(),
        })
    }

    fn earlier(&self) -> Result<Earlier> {
        match (self.resume, self.overwrite) {
            (false, false) => Ok(Earlier::Refused),
            (false, true) => Ok(Earlier::Replaced),
            (true, true) => Err(Error::Usage(
                "--resume goes on with a run and --overwrite gives it up; leave one of them out".to_owned(),
            )),
            (true, false) if self.online.is_none() && matches!(self.model, ModelSpec::Logistic(_)) => Err(Error::Usage(
                "--resume goes on with trees; logistic regression keeps no checkpoint, so start anew with \
                 --overwrite"
                    .to_owned(),
            )),
            (true, false) => Ok(Earlier::Resumed),
        }
    }

    /// The share of rows that are held out: as asked for, or half of them where a column or other data say.
    pub fn held_out_share(&self) -> f64 {
        match (&self.split_column, &self.validation) {
            (None, None) => self.test_size + self.valid_size,
            _ => 0.5,
        }
    }

    /// What the user said about columns.
    pub fn selection(&self) -> Selection {
        Selection {
            target: self.target.clone(),
            target_is_optional: false,
            group: self.group.clone(),
            split: self.split_column.clone(),
            weight: self.weight.clone(),
            exclude: self.exclude.clone(),
            exclude_if_there: self.exclude_if_there.clone(),
            include: self.include.clone(),
            learned: (self.online.as_ref()).and_then(|online| online.learned.clone()),
        }
    }
}
