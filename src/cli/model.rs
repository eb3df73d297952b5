//! The argument of `--model`, its file read.

use std::{fs, path::Path};

use serde_json::{Map, Value};

use crate::{
    error::{Error, Result},
    learner::ModelChoice,
    limits::Limits,
};

/// The learner of trees, by name.
pub(super) const TREES: &str = "gbdt";

/// The most bytes of a file of model options.
const MODEL_BYTES_MAX: u64 = 1 << 20;

/// Reads `NAME`, JSON, or `@FILE.json`; `more` are options that flags of their own give. JSON without a
/// name is of the learner `unnamed`, if that is given.
///
/// # Errors
/// [`Error::Io`] when the file cannot be read, [`Error::Usage`] for what the options say.
pub(super) fn choice(
    argument: &str,
    unnamed: Option<&str>,
    more: &[(&str, &str)],
    seed: u64,
    limits: &Limits,
) -> Result<ModelChoice> {
    let Some(path) = argument.trim().strip_prefix('@') else {
        return parse(argument, unnamed, more, seed, limits);
    };
    let path = Path::new(path);
    let failed = |error| Error::io("read the model options", path, error);
    let bytes = fs::metadata(path).map_err(failed)?.len();
    if bytes > MODEL_BYTES_MAX {
        return Err(Error::Usage(format!(
            "--model @{} has {bytes} bytes, above the limit of {MODEL_BYTES_MAX}; check that it is a file of \
             model options",
            path.display()
        )));
    }
    let text = fs::read_to_string(path).map_err(failed)?;
    parse(&text, unnamed, more, seed, limits)
        .map_err(|error| Error::Usage(format!("{error} (in {})", path.display())))
}

fn parse(
    text: &str,
    unnamed: Option<&str>,
    more: &[(&str, &str)],
    seed: u64,
    limits: &Limits,
) -> Result<ModelChoice> {
    let object = serde_json::from_str::<Map<String, Value>>(text.trim());
    let is_unnamed = object.is_ok_and(|object| !object.contains_key("name"));
    let named = |name| {
        let more: Vec<(&str, &str)> = [("name", name)]
            .into_iter()
            .chain(more.iter().copied())
            .collect();
        ModelChoice::parse_with(text, &more, seed, limits)
    };
    let Some(name) = unnamed.filter(|_| is_unnamed) else {
        return ModelChoice::parse_with(text, more, seed, limits);
    };
    named(name).map_err(|error| match named(TREES) {
        Ok(_) => Error::Usage(format!("{error}; for trees add \"name\": \"{TREES}\"")),
        Err(_) => error,
    })
}
