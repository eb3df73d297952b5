//! The learner that an incremental run continues: found, compared with the run, and made to fit its data.

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
        session::{RunIdentity, output},
    },
    run::options::TrainOptions,
};

/// The learner that the run goes on with, if there is one; the data's features become the learner's.
///
/// # Errors
/// [`Error::Usage`] when options or data are not those of before, [`Error::Dataset`] when the data do not
/// fit the learner; as reading the file.
pub(crate) fn earlier_learner(
    data: &mut TrainingData,
    options: &TrainOptions,
    identity: &RunIdentity,
    progress: &dyn Progress,
) -> Result<Option<EarlierLearner>> {
    let Some(incremental) = &options.incremental else {
        return Ok(None);
    };
    let of_run = options.output.out_dir.join(output::LEARNER);
    let mut started = if options.output.resume && of_run.exists() {
        let file = LearnerFile::load(&of_run).map_err(|error| match error {
            Error::Format { path, message } => {
                Error::format(path, format!("{message}; start anew with --overwrite"))
            }
            error => error,
        })?;
        file.identity.check(identity)?;
        if let (ModelSpec::Gbdt(asked), ModelSpec::Gbdt(learned)) =
            (&options.model, file.learner.spec())
            && incremental.init_model.is_none()
            && asked.n_estimators != learned.n_estimators
        {
            return Err(Error::Usage(format!(
                "--resume: --model n_estimators was {} and is {}, and the trees are spread over the rows; start \
                 anew with --overwrite, or go on with further data by --init-model",
                learned.n_estimators, asked.n_estimators
            )));
        }
        progress.message(&format!("going on after batch {}", file.position.batches));
        EarlierLearner {
            file,
            is_resumed: true,
            is_continued: incremental.init_model.is_some(),
        }
    } else if let Some(path) = &incremental.init_model {
        EarlierLearner {
            file: load_initial(path)?,
            is_resumed: false,
            is_continued: true,
        }
    } else {
        if options.output.resume {
            progress.message("there is no batch to go on from: the run starts from the beginning");
        }
        return Ok(None);
    };
    let model = &started.file.model;
    let target = &data.schema().fields[data.target_column()].name;
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
    let absent = absent_features(data, &model.features)?;
    let new = data.follow(&model.features, "not a feature of --init-model")?;
    lost_parts(data, options, &started.file.model.about.roles)
        .iter()
        .for_each(|warning| progress.warning(warning));
    if !started.is_resumed {
        other_split(data, identity, &started.file.identity)
            .iter()
            .for_each(|warning| progress.warning(warning));
        started.extend(data, incremental)?;
    }
    if incremental.init_model.is_some() {
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
        "the data have none of the {} column(s) that --init-model learned ({}), so there is nothing to learn \
         from; check that these are the data you mean, or start without --init-model",
        absent.len(),
        first_names(&absent)
    )))
}

/// What the user should know where groups are held out otherwise than before.
fn other_split(data: &TrainingData, now: &RunIdentity, learned: &RunIdentity) -> Option<String> {
    if data.roles.split.is_some() {
        return None;
    }
    let (name, was, is) = learned.split_difference(now)?;
    Some(format!(
        "--init-model: {name} was {was} and is {is}, so groups that are held out now may have been learned before, \
         and look better than they are; give what it was, or say the splits with --split-col"
    ))
}

/// What the user should know of the learner's group and weight column where the data lack them and nobody
/// asked for others.
fn lost_parts(data: &TrainingData, options: &TrainOptions, learned: &Roles) -> Vec<String> {
    let mut warnings = Vec::new();
    let is_lost = |name: &String| data.schema().index_of(name).is_none();
    let nobody_asked =
        options.columns.group == GroupChoice::Profile && options.columns.split_column.is_none();
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
    let nobody_asked = options.columns.weight.is_none();
    if let Some(weight) = learned
        .weight
        .as_ref()
        .filter(|name| nobody_asked && is_lost(name))
    {
        let instead = match data.roles.weight {
            Some(column) => format!(
                "the weights are those of `{}`",
                data.schema().fields[column].name
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
