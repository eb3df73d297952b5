//! The argument of `--model`, its file read.

use std::{fs, path::Path};

use crate::{
    error::{Error, Result},
    learner::ModelChoice,
    limits::Limits,
};

/// The most bytes of a file of model options.
const MODEL_BYTES_MAX: u64 = 1 << 20;

/// Reads `NAME`, JSON, or `@FILE.json`; `more` are options that flags of their own give.
///
/// # Errors
/// [`Error::Io`] when the file cannot be read, [`Error::Usage`] for what the options say.
pub(super) fn choice(
    argument: &str,
    more: &[(&str, &str)],
    seed: u64,
    limits: &Limits,
) -> Result<ModelChoice> {
    let Some(path) = argument.trim().strip_prefix('@') else {
        return ModelChoice::parse_with(argument, more, seed, limits);
    };
    let path = Path::new(path);
    let failed = |error| Error::io("read the model options", path, error);
    let bytes = fs::metadata(path).map_err(failed)?.len();
    if bytes > MODEL_BYTES_MAX {
        return Err(Error::Usage(format!(
            "--model @{} has {bytes} bytes; at most {MODEL_BYTES_MAX} are read, so this is probably another file",
            path.display()
        )));
    }
    let text = fs::read_to_string(path).map_err(failed)?;
    ModelChoice::parse_with(&text, more, seed, limits)
        .map_err(|error| Error::Usage(format!("{error} (in {})", path.display())))
}
