//! What a run by batches goes on from: its own earlier state, or another run's learner.

use std::path::Path;

use crate::{
    columns::roles::{GroupChoice, LearnedRoles},
    engine::Progress,
    error::{Error, Result},
    learner::{ModelSpec, incremental::OnlineTrees},
    model::{Bins, Body, FeatureSpec, Linear, Model, Roles},
    pipeline::{
        incremental::{
            learner_file::{OnlineFile, Position, load_initial},
            linear_learner::{LinearLearner, OnlineLearner},
        },
        open::training_data::Job,
    },
    run::{
        checkpoint::CheckpointAbout,
        directory,
        options::{incremental::OnlineOptions, train::TrainOptions},
    },
};

/// A learner that was there before the run.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) file: OnlineFile,
    /// Whether it is of this run, and of these rows, rather than of another.
    pub(crate) is_resumed: bool,
    /// Whether it is, or was begun from, another run's.
    is_continued: bool,
}

impl Started {
    /// How far it is in the run's rows; `found` is what a run that reads twice knows by now.
    ///
    /// # Errors
    /// [`Error::Usage`] if it was made from other rows.
    pub(crate) fn position_of(&self, found: Option<&CheckpointAbout>) -> Result<Position> {
        if !self.is_resumed {
            return Ok(Position::default());
        }
        if let Some(found) = found {
            self.file.about.check_found(found)?;
        }
        Ok(self.file.position.clone())
    }

    /// Lets trees of an earlier run expect the job's rows.
    fn extend(&mut self, job: &Job, online: &OnlineOptions) -> Result<()> {
        let OnlineLearner::Trees(learner) = &mut self.file.learner else {
            return Ok(());
        };
        let rows = online.rows_expected(job)?;
        let flaw = |error| match error {
            Error::Usage(flaw) => Error::Usage(format!("--init-model: {flaw}")),
            error => error,
        };
        learner.expect_missing().map_err(flaw)?;
        learner
            .extend_budget(rows, online.more_trees)
            .map_err(flaw)?;
        Ok(())
    }

    /// A learner of logistic regression, its model so far and the coefficients of that.
    ///
    /// # Errors
    /// [`Error::Usage`] for trees.
    pub(crate) fn into_linear(self) -> Result<(Model, Linear, LinearLearner)> {
        match (self.file.learner, &self.file.model.body) {
            (OnlineLearner::Linear(learner), Body::Linear(linear)) => {
                let linear = linear.clone();
                Ok((self.file.model, linear, *learner))
            }
            _ => Err(other_learner("trees", "logistic regression")),
        }
    }

    /// A learner of trees.
    ///
    /// # Errors
    /// [`Error::Usage`] for logistic regression.
    pub(crate) fn into_trees(self) -> Result<OnlineTrees> {
        match self.file.learner {
            OnlineLearner::Trees(learner) => Ok(*learner),
            OnlineLearner::Linear(_) => Err(other_learner("logistic regression", "trees")),
        }
    }

    /// The bins of a learner of trees of an earlier run, which stay; those of this run are found again.
    pub(crate) fn bins_to_keep(&self) -> Option<&Bins> {
        match &self.file.learner {
            OnlineLearner::Trees(learner) if self.is_continued => learner.bins(),
            OnlineLearner::Trees(_) | OnlineLearner::Linear(_) => None,
        }
    }

    /// Rows of the reservoir of a learner of trees, and those that join it at once.
    pub(crate) fn stream_rows(&self) -> Option<(usize, usize)> {
        match &self.file.learner {
            OnlineLearner::Trees(learner) => {
                let options = learner.options();
                Some((options.reservoir_rows, options.batch_rows))
            }
            OnlineLearner::Linear(_) => None,
        }
    }

    /// The options that it goes on with.
    pub(crate) fn spec(&self) -> ModelSpec {
        self.file.learner.spec()
    }
}

fn other_learner(is: &str, wanted: &str) -> Error {
    Error::Usage(format!(
        "the learner to go on with is of {is} and the run's is of {wanted}; start anew with --overwrite"
    ))
}

/// What a run takes over from the learner that `--init-model` names.
#[derive(Debug)]
pub struct Initial {
    /// Its options.
    pub spec: ModelSpec,
    /// The columns' parts.
    pub roles: LearnedRoles,
}

/// Reads the learner that `--init-model` names.
///
/// # Errors
/// As reading the file.
pub fn initial(path: &Path) -> Result<Initial> {
    let file = load_initial(path)?;
    let roles = file.model.about.roles;
    Ok(Initial {
        spec: file.learner.spec(),
        roles: LearnedRoles {
            target: roles.target,
            group: roles.group,
            weight: roles.weight,
        },
    })
}

/// The learner that the run goes on with, if there is one; the job's features become the learner's.
///
/// # Errors
/// [`Error::Usage`] when options or data are not those of before, [`Error::Dataset`] when the data do not
/// fit the learner; as reading the file.
pub(crate) fn started_from(
    job: &mut Job,
    options: &TrainOptions,
    progress: &dyn Progress,
) -> Result<Option<Started>> {
    let Some(online) = &options.online else {
        return Ok(None);
    };
    let of_run = options.out_dir.join(directory::LEARNER);
    let mut started = if options.resume && of_run.exists() {
        let file = OnlineFile::load(&of_run).map_err(|error| match error {
            Error::Format { path, message } => {
                Error::format(path, format!("{message}; start anew with --overwrite"))
            }
            error => error,
        })?;
        let now = CheckpointAbout::new(options, job.dataset.files(), file.about.known_hash);
        file.about.check(&now)?;
        if let (ModelSpec::Gbdt(asked), ModelSpec::Gbdt(learned)) =
            (&options.model, file.learner.spec())
            && online.init_model.is_none()
            && asked.n_estimators != learned.n_estimators
        {
            return Err(Error::Usage(format!(
                "--resume: --model n_estimators was {} and is {}, and the trees are spread over the rows; start \
                 anew with --overwrite, or go on with further data by --init-model",
                learned.n_estimators, asked.n_estimators
            )));
        }
        progress.message(&format!("going on after batch {}", file.position.batches));
        Started {
            file,
            is_resumed: true,
            is_continued: online.init_model.is_some(),
        }
    } else if let Some(path) = &online.init_model {
        Started {
            file: load_initial(path)?,
            is_resumed: false,
            is_continued: true,
        }
    } else {
        if options.resume {
            progress.message("there is no batch to go on from: the run starts from the beginning");
        }
        return Ok(None);
    };
    let model = &started.file.model;
    let target = &job.schema().fields[job.target_column()].name;
    if *target != model.about.roles.target {
        return Err(Error::Usage(format!(
            "--init-model: it learned the target `{}` and the run's is `{target}`; give --target {}, or start \
             without --init-model",
            model.about.roles.target, model.about.roles.target
        )));
    }
    // A run that prunes has its own features, of which it drops the same once more.
    if options.prune.is_some() {
        return Ok(Some(started));
    }
    let absent = absent_features(job, &model.features)?;
    let new = job.follow(&model.features, "not a feature of --init-model")?;
    lost_parts(job, options, &started.file.model.about.roles)
        .iter()
        .for_each(|warning| progress.warning(warning));
    if !started.is_resumed {
        other_split(job, options, &started.file.about)
            .iter()
            .for_each(|warning| progress.warning(warning));
        started.extend(job, online)?;
    }
    if online.init_model.is_some() {
        let differing = [
            (
                &absent,
                "that --init-model learned are not there and count as missing, or as 0 where a profile said so",
            ),
            (&new, "that --init-model has not learned are left out"),
        ];
        for (names, what) in differing.iter().filter(|(names, _)| !names.is_empty()) {
            progress.warning(&format!(
                "{} column(s) {what}: {}",
                names.len(),
                first_names(names)
            ));
        }
    }
    Ok(Some(started))
}

/// Names of the learner's features that the data lack.
///
/// # Errors
/// [`Error::Dataset`] where they lack all of them.
fn absent_features(job: &Job, features: &[FeatureSpec]) -> Result<Vec<String>> {
    let names = features.iter().map(|feature| &feature.name);
    let absent: Vec<String> = names
        .filter(|name| job.schema().index_of(name).is_none())
        .cloned()
        .collect();
    if absent.len() < features.len() {
        return Ok(absent);
    }
    Err(Error::Dataset(format!(
        "the data have none of the {} column(s) that --init-model learned ({}), so there is nothing to learn \
         from; check that these are the data you mean, or start without --init-model",
        absent.len(),
        first_names(&absent)
    )))
}

/// What the user should know where groups are held out otherwise than before.
fn other_split(job: &Job, options: &TrainOptions, learned: &CheckpointAbout) -> Option<String> {
    if job.roles.split.is_some() {
        return None;
    }
    let now = CheckpointAbout::new(options, job.dataset.files(), 0);
    let (name, was, is) = learned.split_difference(&now)?;
    Some(format!(
        "--init-model: {name} was {was} and is {is}, so groups that are held out now may have been learned before, \
         and look better than they are; give what it was, or say the splits with --split-col"
    ))
}

/// What the user should know of the learner's group and weight column where the data lack them and nobody
/// asked for others.
fn lost_parts(job: &Job, options: &TrainOptions, learned: &Roles) -> Vec<String> {
    let mut warnings = Vec::new();
    let is_lost = |name: &String| job.schema().index_of(name).is_none();
    let nobody_asked = options.group == GroupChoice::Profile && options.split_column.is_none();
    if let Some(group) = learned
        .group
        .as_ref()
        .filter(|name| nobody_asked && is_lost(name))
    {
        warnings.push(format!(
            "the data lack `{group}`, the group column of --init-model: what it held out may be learned now; name \
             the column with --group-col if it has another name here"
        ));
    }
    let nobody_asked = options.weight.is_none();
    if let Some(weight) = learned
        .weight
        .as_ref()
        .filter(|name| nobody_asked && is_lost(name))
    {
        let instead = match job.roles.weight {
            Some(column) => format!(
                "the weights are those of `{}`",
                job.schema().fields[column].name
            ),
            None => "every row weighs 1".to_owned(),
        };
        warnings.push(format!(
            "the data lack `{weight}`, the weight column of --init-model: {instead}; name the column with \
             --weight-col if it has another name here"
        ));
    }
    warnings
}

/// Up to five names.
fn first_names(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(5).map(String::as_str).collect();
    let more = if names.len() > 5 { ", ..." } else { "" };
    format!("{}{more}", shown.join(", "))
}
