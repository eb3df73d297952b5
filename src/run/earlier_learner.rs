//! The learner that an incremental run continues, checked against the run and its data.

use std::path::Path;

use crate::{
    columns::roles::GroupChoice,
    engine::Progress,
    error::{Error, Result},
    learner::ModelSpec,
    model::{FeatureSpec, Roles},
    pipeline::{
        incremental::{
            earlier_learner::EarlierLearner,
            learner_file::{LearnerFile, load_initial},
        },
        open::training_data::TrainingData,
        options::IncrementalOptions,
        session::{RunIdentity, output},
    },
    run::options::TrainOptions,
};

/// The learner that the run continues, if there is one; the data's features become the learner's.
///
/// # Errors
/// [`Error::Usage`] when options or data differ from before, [`Error::Dataset`] when the data do not fit the
/// learner; as reading the file.
pub(crate) fn earlier_learner(
    data: &mut TrainingData,
    options: &TrainOptions,
    identity: &RunIdentity,
    progress: &dyn Progress,
) -> Result<Option<EarlierLearner>> {
    let Some(incremental) = &options.incremental else {
        return Ok(None);
    };
    let Some(mut earlier) = find(options, incremental, identity, progress)? else {
        return Ok(None);
    };
    let model = &earlier.file.model;
    let target = &data.schema().fields[data.target_column()].name;
    if *target != model.about.roles.target {
        return Err(Error::Usage(format!(
            "--init-model: the learner's target is `{}`, but this run's is `{target}`; use --target {}, or leave \
             out --init-model",
            model.about.roles.target, model.about.roles.target
        )));
    }
    // A run that prunes has its own features, of which it drops the same once more.
    if options.prune.is_some() {
        return Ok(Some(earlier));
    }
    let absent = absent_features(data, &model.features)?;
    let new = data.follow(&model.features, "not a feature of --init-model")?;
    for warning in lost_roles(data, options, &earlier.file.model.about.roles) {
        progress.warning(&warning);
    }
    if !earlier.is_resumed {
        if let Some(warning) = other_split(data, identity, &earlier.file.identity) {
            progress.warning(&warning);
        }
        earlier.extend(data, incremental)?;
    }
    if incremental.init_model.is_some() {
        warn_of_features(&absent, &new, progress);
    }
    Ok(Some(earlier))
}

/// The learner that this run saved before a stop, else that of `--init-model`.
fn find(
    options: &TrainOptions,
    incremental: &IncrementalOptions,
    identity: &RunIdentity,
    progress: &dyn Progress,
) -> Result<Option<EarlierLearner>> {
    let own = options.output.out_dir.join(output::LEARNER);
    if options.output.resume && own.exists() {
        let file = own_file(&own, options, incremental, identity)?;
        progress.message(&format!("resuming after batch {}", file.position.batches));
        return Ok(Some(EarlierLearner {
            file,
            is_resumed: true,
            is_continued: incremental.init_model.is_some(),
        }));
    }
    if let Some(path) = &incremental.init_model {
        return Ok(Some(EarlierLearner {
            file: load_initial(path)?,
            is_resumed: false,
            is_continued: true,
        }));
    }
    if options.output.resume {
        progress.message("no saved batch to resume from: the run starts from the beginning");
    }
    Ok(None)
}

/// Reads the learner that this run saved, if options and files are the same.
fn own_file(
    path: &Path,
    options: &TrainOptions,
    incremental: &IncrementalOptions,
    identity: &RunIdentity,
) -> Result<LearnerFile> {
    let file = LearnerFile::load(path).map_err(|error| match error {
        Error::Format { path, message } => {
            Error::format(path, format!("{message}; start over with --overwrite"))
        }
        error => error,
    })?;
    file.identity.check(identity)?;
    if let (ModelSpec::Gbdt(asked), ModelSpec::Gbdt(saved)) = (&options.model, file.learner.spec())
        && incremental.init_model.is_none()
        && asked.n_estimators != saved.n_estimators
    {
        return Err(Error::Usage(format!(
            "--resume: n_estimators was {} and is now {}, but the trees are spread over the rows of one run; start \
             over with --overwrite, or continue with further data by --init-model",
            saved.n_estimators, asked.n_estimators
        )));
    }
    Ok(file)
}

/// Warns of features of the learner that the data lack, and of further ones that the learner ignores.
fn warn_of_features(absent: &[String], new: &[String], progress: &dyn Progress) {
    if !absent.is_empty() {
        progress.warning(&format!(
            "{} feature(s) of --init-model are not in the data; their values are missing, or 0 where the profile \
             says so: {}",
            absent.len(),
            first_names(absent)
        ));
    }
    if !new.is_empty() {
        progress.warning(&format!(
            "{} new column(s) are ignored, because --init-model was trained without them: {}",
            new.len(),
            first_names(new)
        ));
    }
}

/// Names of the learner's features that the data lack.
///
/// # Errors
/// [`Error::Dataset`] where they lack all of them.
fn absent_features(data: &TrainingData, features: &[FeatureSpec]) -> Result<Vec<String>> {
    let names = features.iter().map(|feature| &feature.name);
    let absent: Vec<String> = names
        .filter(|name| data.schema().index_of(name).is_none())
        .cloned()
        .collect();
    if absent.len() < features.len() {
        return Ok(absent);
    }
    Err(Error::Dataset(format!(
        "the data have none of the {} feature(s) of --init-model ({}); check the dataset, or leave out --init-model",
        absent.len(),
        first_names(&absent)
    )))
}

/// A warning where another split may turn earlier training groups into test groups.
fn other_split(data: &TrainingData, now: &RunIdentity, learned: &RunIdentity) -> Option<String> {
    if data.roles.split.is_some() {
        return None;
    }
    let (name, was, is) = learned.split_difference(now)?;
    Some(format!(
        "--init-model: {name} was {was} and is now {is}, so groups in the test split may have been training groups \
         before, and their metrics may be too good; use {was}, or give the splits with --split-col"
    ))
}

/// Warnings on the learner's group and weight column, where the data lack them and no option names others.
fn lost_roles(data: &TrainingData, options: &TrainOptions, learned: &Roles) -> Vec<String> {
    let mut warnings = Vec::new();
    let is_lost = |name: &String| data.schema().index_of(name).is_none();
    let nobody_asked =
        options.columns.group == GroupChoice::Profile && options.columns.split_column.is_none();
    if let Some(group) = &learned.group
        && nobody_asked
        && is_lost(group)
    {
        warnings.push(format!(
            "the data have no column `{group}`, the group column of --init-model, so rows that were held out before may \
             be used for training now; name the column with --group-col"
        ));
    }
    let nobody_asked = options.columns.weight.is_none();
    if let Some(weight) = &learned.weight
        && nobody_asked
        && is_lost(weight)
    {
        let instead = match data.roles.weight {
            Some(column) => format!(
                "the weights are those of `{}`",
                data.schema().fields[column].name
            ),
            None => "every row weighs 1".to_owned(),
        };
        warnings.push(format!(
            "the data have no column `{weight}`, the weight column of --init-model, so {instead}; name the column with \
             --weight-col"
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
