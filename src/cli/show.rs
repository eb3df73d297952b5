//! `rowmill show`.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::cli::{arguments::ShowArguments, terminal};
use crate::{
    error::{Error, Result},
    format::{
        container::{self, FileKind},
        file,
    },
    learner::ModelSpec,
    limits::Limits,
    model::{Model, show},
    pipeline::session::output,
};

/// Prints a model file, or that of a run's directory, for a person.
pub(super) fn run(arguments: &ShowArguments) -> Result<()> {
    let mut model = load(&arguments.model)?;
    if let Some(options) = as_written(&model.options) {
        model.options = options;
    }
    terminal::print(&show::text(&model, None))
}

/// Reads the model at a path.
fn load(path: &Path) -> Result<Model> {
    if !path.is_dir() {
        return Model::load(path).map_err(|error| match error {
            Error::Format { .. } => other_kind(path).unwrap_or(error),
            error => error,
        });
    }
    let model = path.join(output::MODEL);
    if model.exists() {
        return Model::load(&model);
    }
    let message = if output::has_checkpoint(path) {
        "the run has no model yet; continue it with --resume"
    } else {
        "a directory without model.rowmill; give a model file, or the directory of a run"
    };
    Err(Error::format(path, message))
}

/// The description of a sound file without a model; `None` if rowmill did not write it.
fn other_kind(path: &Path) -> Option<Error> {
    let bytes = file::read(path, Limits::default().model_bytes_max).ok()?;
    let what = if container::open(FileKind::Learner, &bytes).is_ok() {
        "the learner of `rowmill incremental`, for --resume and --init-model"
    } else if container::open(FileKind::Checkpoint, &bytes).is_ok() {
        "a checkpoint of `rowmill train`, for --resume"
    } else {
        return None;
    };
    let beside = path.with_file_name(output::MODEL);
    let beside = beside.display();
    let message = format!("it is {what}; the run's model, once it is finished, is {beside}");
    Some(Error::format(path, message))
}

/// A learner's options under the names that users write, as the log of a run has them; `None` for options
/// of another version.
fn as_written(options: &Value) -> Option<Value> {
    let spec = ModelSpec::deserialize(options).ok()?;
    let options = spec.effective().into_iter();
    let options = options.map(|(name, value)| (name.to_owned(), Value::String(value)));
    Some(Value::Object(options.collect()))
}
