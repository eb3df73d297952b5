//! A learner's file: its declaration and options as JSON, what it has learned as postcard, in rowmill's
//! container.

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    learner::{
        logistic::LogisticOptions,
        online::{declared::Declared, standardizer::Standardizer},
    },
    model::container::{self, FileKind, Section},
};

/// The sections' numbers, never given to anything else.
mod id {
    pub(super) const ABOUT: u32 = 1;
    pub(super) const MOMENTS: u32 = 2;
    pub(super) const STATE: u32 = 3;
}

/// The layout of every section so far.
const VERSION: u16 = 1;

/// What is said in JSON.
#[derive(Debug, Serialize, serde::Deserialize)]
struct About {
    learner: String,
    declared: Declared,
    options: LogisticOptions,
    rows: u64,
}

/// A learner to be written.
pub(super) struct PartsRef<'a, State> {
    pub(super) declared: &'a Declared,
    pub(super) options: &'a LogisticOptions,
    pub(super) rows: u64,
    pub(super) standardizer: &'a Standardizer,
    pub(super) state: &'a State,
}

/// A learner that was read; nothing of it is checked but its form.
pub(super) struct Parts<State> {
    pub(super) declared: Declared,
    pub(super) options: LogisticOptions,
    pub(super) rows: u64,
    pub(super) standardizer: Standardizer,
    pub(super) state: State,
}

/// The bytes of a learner's file.
pub(super) fn to_bytes<State: Serialize>(learner: &str, parts: &PartsRef<'_, State>) -> Vec<u8> {
    let about = About {
        learner: learner.to_owned(),
        declared: parts.declared.clone(),
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
pub(super) fn from_bytes<State: DeserializeOwned>(
    bytes: &[u8],
    learner: &str,
) -> Result<Parts<State>, String> {
    let opened = container::open(FileKind::Learner, bytes)?;
    let about: About = opened.json(id::ABOUT, VERSION)?;
    if about.learner != learner {
        return Err(format!(
            "it is a learner of `{}` and not of `{learner}`; load it as what it is",
            about.learner.escape_debug()
        ));
    }
    Ok(Parts {
        declared: about.declared,
        options: about.options,
        rows: about.rows,
        standardizer: opened.postcard(id::MOMENTS, VERSION)?,
        state: opened.postcard(id::STATE, VERSION)?,
    })
}
