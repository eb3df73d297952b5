//! The options of a training, by topic.

use std::path::Path;

use crate::{
    error::{Error, Result},
    learner::ModelSpec,
    pipeline::{
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
