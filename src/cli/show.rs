//! `rowmill show`.

use serde::Deserialize;
use serde_json::Value;

use super::{arguments::ShowArguments, terminal};
use crate::{
    error::Result,
    learner::ModelSpec,
    model::{Model, show},
};

/// Prints a model file for a person.
pub(super) fn run(arguments: &ShowArguments) -> Result<()> {
    let mut model = Model::load(&arguments.model)?;
    if let Some(options) = as_written(&model.options) {
        model.options = options;
    }
    terminal::print(&show::text(&model, None))
}

/// A learner's options under the names that users write, as the log of a run has them; `None` for options
/// of another version.
fn as_written(options: &Value) -> Option<Value> {
    let spec = ModelSpec::deserialize(options).ok()?;
    let options = spec.effective().into_iter();
    let options = options.map(|(name, value)| (name.to_owned(), Value::String(value)));
    Some(Value::Object(options.collect()))
}
