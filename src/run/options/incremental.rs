//! Options of incremental runs that contradict each other.

use std::path::Path;

use crate::{
    error::{Error, Result},
    learner::{ClassWeight, ModelSpec},
    pipeline::options::STANDARD_INPUT,
    run::options::TrainOptions,
};

/// Refuses contradictions, before the data are opened.
///
/// # Errors
/// [`Error::Usage`] naming the option.
pub(crate) fn check_incremental(options: &TrainOptions) -> Result<()> {
    if options.output.predictions && options.data.dataset == STANDARD_INPUT {
        return Err(Error::Usage(
            "--predictions reads the rows again when the model is finished, and the standard input can be read \
             once; write the stream to a Parquet file first, or leave out --predictions"
                .to_owned(),
        ));
    }
    let Some(incremental) = &options.incremental else {
        return Ok(());
    };
    if incremental.one_pass && incremental.init_model.is_none() {
        check_one_pass(&options.model)?;
    }
    if let (Some(path), true) = (&incremental.init_model, options.output.overwrite) {
        check_not_replaced(path, &options.output.out_dir)?;
    }
    incremental.classes.as_deref().map_or(Ok(()), check_classes)
}

/// Refuses a learner that needs rows more than once.
fn check_one_pass(model: &ModelSpec) -> Result<()> {
    const CLASS_ROWS: &str =
        "balanced class weights need the number of rows of each class beforehand";
    let what = match model {
        ModelSpec::Gbdt(options) if options.early_stopping_rounds.is_some() => {
            "early stopping reads the valid rows after each round"
        }
        ModelSpec::Gbdt(options) if options.class_weight == ClassWeight::Balanced => CLASS_ROWS,
        ModelSpec::Logistic(options) if options.class_weight == ClassWeight::Balanced => CLASS_ROWS,
        ModelSpec::Logistic(options) if options.c.is_some() => {
            "`C` needs the number of rows beforehand (`l2` does not)"
        }
        ModelSpec::Gbdt(_) | ModelSpec::Logistic(_) => return Ok(()),
    };
    Err(Error::Usage(format!(
        "--one-pass: {what}; leave out the option, or leave out --one-pass"
    )))
}

/// Refuses to continue the learner of a run that is replaced.
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
        "--init-model {}: it is in --out-dir {}, whose files --overwrite replaces; use another --out-dir",
        learner.display(),
        out_dir.display()
    )))
}

/// Refuses an empty, single or repeated name.
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
        None if classes.len() < 2 => refuse("there is one class; give two or more".to_owned()),
        None => Ok(()),
    }
}
