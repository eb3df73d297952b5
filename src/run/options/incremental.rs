//! What a run by batches is told, and which of it cannot be meant.

use std::path::{Path, PathBuf};

use crate::{
    columns::roles::LearnedRoles,
    data::Split,
    error::{Error, Result},
    learner::ModelSpec,
    pipeline::{open::training_data::Job, prepare::assign::Assigned},
    run::{
        options::train::{STANDARD_INPUT, TrainOptions},
        train::Run,
    },
};

/// What a run by batches is told beside a training's options.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct OnlineOptions {
    /// Training rows of a batch; at least 1.
    pub batch_rows: usize,
    /// Whether each row is read once: no scan, no survey, no exact passes at the end.
    pub one_pass: bool,
    /// The learner that the run goes on with: a run's directory, its model or its `learner.rowmill`.
    pub init_model: Option<PathBuf>,
    /// The columns' parts in that learner, as [`crate::pipeline::incremental::started::initial`] has them.
    #[serde(skip)]
    pub learned: Option<LearnedRoles>,
    /// The classes there will be, whether or not the data have them yet; `None` asks profile and data.
    pub classes: Option<Vec<String>>,
    /// Rows that are expected of data that do not say how many they have, for trees.
    pub rows_expected: Option<u64>,
    /// Rounds of trees that an earlier learner of trees grows in addition; `None` for as many to a row as
    /// before.
    pub more_trees: Option<u32>,
}

/// Refuses options of a run by batches that cannot be meant, before the data are opened.
///
/// # Errors
/// [`Error::Usage`] naming the option.
pub(crate) fn check(options: &TrainOptions) -> Result<()> {
    if options.predictions && options.dataset == STANDARD_INPUT {
        return Err(Error::Usage(
            "--predictions reads the rows again when the model is finished, and the standard input can be read \
             once; write the stream to a Parquet file before, or leave --predictions out"
                .to_owned(),
        ));
    }
    let Some(online) = &options.online else {
        return Ok(());
    };
    if online.one_pass && online.init_model.is_none() {
        check_one_pass(&options.model)?;
    }
    if let (Some(path), true) = (&online.init_model, options.overwrite) {
        check_not_replaced(path, &options.out_dir)?;
    }
    online.classes.as_deref().map_or(Ok(()), check_classes)
}

/// Whether the passes of `train` make the model after the batches. A class without training rows keeps them
/// from it, which is said.
pub(crate) fn ends_as_train(run: &Run<'_>, assigned: &Assigned, online: &OnlineOptions) -> bool {
    if online.init_model.is_some() {
        return false;
    }
    let has_all_classes = !assigned.class_rows[Split::Train as usize].contains(&0);
    if !has_all_classes {
        run.context.progress.message(
            "the model is what the batches taught, since the passes of `train` need training rows of every class",
        );
    }
    has_all_classes
}

/// Refuses a learner that needs rows more than once.
fn check_one_pass(model: &ModelSpec) -> Result<()> {
    const CLASS_ROWS: &str =
        "balanced class weights need the number of rows of each class beforehand";
    let what = match model {
        ModelSpec::Gbdt(options) if options.early_stopping_rounds.is_some() => {
            "early stopping needs the valid rows again and again"
        }
        ModelSpec::Gbdt(options) if options.balanced => CLASS_ROWS,
        ModelSpec::Logistic(options) if options.balanced => CLASS_ROWS,
        ModelSpec::Logistic(options) if options.inverse_strength.is_some() => {
            "`C` needs the number of rows beforehand (`l2` does not)"
        }
        ModelSpec::Gbdt(_) | ModelSpec::Logistic(_) => return Ok(()),
    };
    Err(Error::Usage(format!(
        "--one-pass: {what}; leave it out, or let the data be read more than once"
    )))
}

/// Refuses to go on with the learner of a run that is to be replaced.
fn check_not_replaced(learner: &Path, out_dir: &Path) -> Result<()> {
    let resolved = |path: &Path| path.canonicalize().ok();
    let (learner_path, out_path) = (resolved(learner), resolved(out_dir));
    let directory = learner_path.as_deref().map(|path| match path.parent() {
        Some(parent) if !path.is_dir() => parent,
        _ => path,
    });
    if directory.is_none() || directory != out_path.as_deref() {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "--init-model {}: it lies in --out-dir {}, whose run --overwrite gives up; give another --out-dir",
        learner.display(),
        out_dir.display()
    )))
}

/// Refuses classes that are no list of different names.
fn check_classes(classes: &[String]) -> Result<()> {
    let refuse = |what: String| {
        Err(Error::Usage(format!(
            "--classes: {what}; name each class once, such as --classes no,yes"
        )))
    };
    let twice = |(at, class): &(usize, &String)| classes[..*at].contains(class);
    if classes.iter().any(String::is_empty) {
        return refuse("a name is empty".to_owned());
    }
    match classes.iter().enumerate().find(twice) {
        Some((_, class)) => refuse(format!("`{class}` is named twice")),
        None if classes.len() < 2 => {
            refuse("there is one class, and nothing to tell it from".to_owned())
        }
        None => Ok(()),
    }
}

impl OnlineOptions {
    /// Rows of the job, or, of a stream, those that are expected.
    ///
    /// # Errors
    /// [`Error::Usage`] where nobody says how many.
    pub(crate) fn rows_expected(&self, job: &Job) -> Result<u64> {
        let known = !job.dataset.files().is_empty();
        let rows = known.then(|| job.dataset.rows()).or(self.rows_expected);
        rows.ok_or_else(|| {
            Error::Usage(
                "a stream does not say how many rows it has, and trees are spread over the rows; say about how \
                 many will come with --expected-rows (more are an error)"
                    .to_owned(),
            )
        })
    }
}
