//! The options of a training, by topic.

use std::path::{Path, PathBuf};

use crate::{
    columns::roles::GroupChoice,
    error::{Error, Result},
    learner::{ModelChoice, ModelSpec},
    limits::Limits,
    pipeline::{
        incremental::earlier_learner::initial_learner,
        open::classes::TargetSpec,
        options::{ColumnOptions, DataOptions, IncrementalOptions, ResourceOptions, SplitOptions},
        prune::options::Pruning,
        session::output::{EarlierRun, OutputRequest},
    },
    run::options::output::OutputOptions,
};

/// The options of `rowmill train` and `rowmill incremental`.
#[derive(Debug, Clone, serde::Serialize)]
pub struct TrainOptions {
    /// The dataset and the tables beside it.
    #[serde(flatten)]
    pub data: DataOptions,
    /// The learner and its options.
    pub model: ModelSpec,
    /// The columns' parts.
    #[serde(flatten)]
    pub columns: ColumnOptions,
    /// The split by group.
    #[serde(flatten)]
    pub split: SplitOptions,
    /// Memory, threads and scratch.
    #[serde(flatten)]
    pub resources: ResourceOptions,
    /// The output directory.
    #[serde(flatten)]
    pub output: OutputOptions,
    /// Pruning of redundant columns; `None` keeps all features.
    #[serde(rename = "prune_features")]
    pub prune: Option<Pruning>,
    /// Learning by batches; `None` for a training.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incremental: Option<IncrementalOptions>,
}

impl TrainOptions {
    /// The defaults of `rowmill train` with this learner on a dataset.
    pub fn new(dataset: impl Into<String>, model: ModelSpec) -> Self {
        Self {
            data: DataOptions {
                dataset: dataset.into(),
                ..DataOptions::default()
            },
            model,
            columns: ColumnOptions::default(),
            split: SplitOptions::default(),
            resources: ResourceOptions::default(),
            output: OutputOptions::default(),
            prune: None,
            incremental: None,
        }
    }

    /// The defaults of `rowmill train` with the learner that `--model` of this text means: a name such as `gbdt`, or
    /// a JSON object such as `{"name": "gbdt", "n_estimators": 300}`.
    ///
    /// # Errors
    /// As [`ModelChoice::parse`].
    pub fn with_model(dataset: impl Into<String>, model: &str) -> Result<Self> {
        let seed = SplitOptions::default().seed;
        let choice = ModelChoice::parse(model, seed, &Limits::DEFAULT)?;
        let mut options = Self::new(dataset, choice.spec);
        options.columns.task = choice.task;
        Ok(options)
    }

    /// The defaults of `rowmill incremental` with this learner on a dataset.
    pub fn incremental(dataset: impl Into<String>, model: ModelSpec) -> Self {
        Self {
            output: OutputOptions::incremental(),
            incremental: Some(IncrementalOptions::default()),
            ..Self::new(dataset, model)
        }
    }

    /// The defaults of `rowmill incremental --init-model`: further data for the learner of an earlier run, which is
    /// named by the run's directory, its model or its `learner.rowmill`.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::Format`] for a file that cannot be read.
    pub fn continued(dataset: impl Into<String>, init_model: impl Into<PathBuf>) -> Result<Self> {
        let init_model = init_model.into();
        let initial = initial_learner(&init_model)?;
        let mut options = Self::incremental(dataset, initial.spec);
        options.columns.learned = Some(initial.roles);
        options.incremental = Some(IncrementalOptions {
            init_model: Some(init_model),
            ..IncrementalOptions::default()
        });
        Ok(options)
    }

    /// Sets the target column.
    #[must_use]
    pub fn target(mut self, column: impl Into<String>) -> Self {
        self.columns.target = Some(column.into());
        self
    }

    /// Sets the column of groups; rows of a group stay in one split.
    #[must_use]
    pub fn group(mut self, column: impl Into<String>) -> Self {
        self.columns.group = GroupChoice::Column(column.into());
        self
    }

    /// Sets the directory of the run's files.
    #[must_use]
    pub fn out_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.output.out_dir = directory.into();
        self
    }

    /// Sets the memory limit.
    #[must_use]
    pub fn memory_bytes(mut self, bytes: u64) -> Self {
        self.resources.memory_bytes = bytes;
        self
    }

    /// Sets the number of threads, which does not change the model.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.resources.threads = threads;
        self
    }

    /// The options of a run that reads each row once.
    pub(crate) fn one_pass(&self) -> Option<&IncrementalOptions> {
        self.incremental
            .as_ref()
            .filter(|incremental| incremental.one_pass)
    }

    /// The options that the target depends on.
    pub(crate) fn target_spec(&self) -> TargetSpec<'_> {
        TargetSpec {
            task: self.columns.task,
            model: &self.model,
            incremental: self.incremental.is_some(),
            classes_max: self.resources.limits.classes_max,
        }
    }

    /// The directory in which scratch directories are made.
    pub(crate) fn scratch_parent(&self) -> &Path {
        let scratch_dir = self.resources.scratch_dir.as_ref();
        scratch_dir.unwrap_or(&self.output.out_dir)
    }

    /// The request for the output directory.
    ///
    /// # Errors
    /// [`Error::Usage`] when an earlier run is to be both resumed and replaced, or this learner keeps nothing to
    /// resume.
    pub(crate) fn output_request(&self) -> Result<OutputRequest<'_>> {
        Ok(OutputRequest {
            directory: &self.output.out_dir,
            earlier: self.earlier_run()?,
            incremental: self.incremental.is_some(),
        })
    }

    fn earlier_run(&self) -> Result<EarlierRun> {
        match (self.output.resume, self.output.overwrite) {
            (false, false) => Ok(EarlierRun::Refused),
            (false, true) => Ok(EarlierRun::Replaced),
            (true, true) => Err(Error::Usage(
                "--resume continues the run and --overwrite replaces it; use one of them".to_owned(),
            )),
            (true, false)
                if self.incremental.is_none() && matches!(self.model, ModelSpec::Logistic(_)) =>
            {
                Err(Error::Usage(
                    "--resume needs a checkpoint, and logistic regression writes none; start over with \
                     --overwrite"
                        .to_owned(),
                ))
            }
            (true, false) => Ok(EarlierRun::Resumed),
        }
    }

    /// The share of held-out rows: that of the options, or half where a column or `--val-dir` decides.
    pub(crate) fn held_out_share(&self) -> f64 {
        match (&self.columns.split_column, &self.data.validation) {
            (None, None) => self.split.test_size + self.split.valid_size,
            _ => 0.5,
        }
    }
}
