//! A learner's file: its declaration and options as JSON, its state as postcard, in rowmill's
//! container.

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    format::container::{self, FileKind, Section},
    learner::{
        incremental::{schema::BatchSchema, standardizer::Standardizer},
        logistic::LogisticOptions,
    },
};

/// The sections' numbers, never given to anything else.
mod id {
    pub(crate) const ABOUT: u32 = 1;
    pub(crate) const MOMENTS: u32 = 2;
    pub(crate) const STATE: u32 = 3;
}

/// The layout of every section so far.
const VERSION: u16 = 1;

/// The section in JSON.
#[derive(Debug, Serialize, serde::Deserialize)]
struct About {
    learner: String,
    /// The name in files since the first version.
    #[serde(rename = "declared")]
    schema: BatchSchema,
    options: LogisticOptions,
    rows: u64,
}

/// A learner to be written.
pub(crate) struct PartsRef<'a, State> {
    pub(crate) schema: &'a BatchSchema,
    pub(crate) options: &'a LogisticOptions,
    pub(crate) rows: u64,
    pub(crate) standardizer: &'a Standardizer,
    pub(crate) state: &'a State,
}

/// A learner that was read; nothing of it is checked but its form.
pub(crate) struct Parts<State> {
    pub(crate) schema: BatchSchema,
    pub(crate) options: LogisticOptions,
    pub(crate) rows: u64,
    pub(crate) standardizer: Standardizer,
    pub(crate) state: State,
}

/// The bytes of a learner's file.
pub(crate) fn to_bytes<State: Serialize>(learner: &str, parts: &PartsRef<'_, State>) -> Vec<u8> {
    let about = About {
        learner: learner.to_owned(),
        schema: parts.schema.clone(),
        options: parts.options.clone(),
        rows: parts.rows,
    };
    let header = format!("{{\"learner\":\"{learner}\"}}");
    let sections = [
        Section::json(id::ABOUT, VERSION, &about),
        Section::postcard(id::MOMENTS, VERSION, parts.standardizer),
        Section::postcard(id::STATE, VERSION, parts.state),
    ];
    container::seal(FileKind::Learner, header.as_bytes(), &sections)
}

/// Reads a learner from a file's bytes.
pub(crate) fn from_bytes<State: DeserializeOwned>(
    bytes: &[u8],
    learner: &str,
) -> Result<Parts<State>, String> {
    let opened = container::open(FileKind::Learner, bytes)?;
    let about: About = opened.json(id::ABOUT, VERSION)?;
    if about.learner != learner {
        return Err(format!(
            "it is a learner of `{}`, not of `{learner}`; load it as the learner that it is",
            about.learner.escape_debug()
        ));
    }
    Ok(Parts {
        schema: about.schema,
        options: about.options,
        rows: about.rows,
        standardizer: opened.postcard(id::MOMENTS, VERSION)?,
        state: opened.postcard(id::STATE, VERSION)?,
    })
}
