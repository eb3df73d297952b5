//! The file of an online learner of trees: its schema and options as JSON, its state as postcard.

use std::borrow::Cow;

use crate::{
    format::container::{self, FileKind, Section},
    learner::{
        gbdt::stream::StreamState,
        incremental::{
            schema::BatchSchema,
            trees::{first_rows::FirstRows, options::TreesOptions},
        },
    },
    model::Bins,
};

/// The sections' numbers, never given to anything else.
mod id {
    pub(crate) const ABOUT: u32 = 1;
    pub(crate) const BINS: u32 = 2;
    pub(crate) const STATE: u32 = 3;
    pub(crate) const FIRST_ROWS: u32 = 4;
}

/// The layout of every section so far.
const VERSION: u16 = 1;

/// The learner's name in its file.
const NAME: &str = "online_trees";

/// The section in JSON.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct About {
    learner: String,
    /// The name in files since the first version.
    #[serde(rename = "declared")]
    pub(crate) schema: BatchSchema,
    pub(crate) options: TreesOptions,
    /// Rows and rounds of earlier budgets.
    pub(crate) spent: (u64, u32),
    pub(crate) rows: u64,
}

impl About {
    pub(crate) fn new(
        schema: &BatchSchema,
        options: &TreesOptions,
        spent: (u64, u32),
        rows: u64,
    ) -> Self {
        Self {
            learner: NAME.to_owned(),
            schema: schema.clone(),
            options: options.clone(),
            spent,
            rows,
        }
    }
}

/// The state of a learner before and after its bins are fixed.
pub(crate) enum Content<'a> {
    FirstRows(Cow<'a, FirstRows>),
    Trees {
        bins: Cow<'a, Bins>,
        state: Box<StreamState<'a>>,
    },
}

/// The one field that the files of all learners have.
#[derive(Debug, serde::Deserialize)]
struct Kind {
    learner: String,
}

/// The bytes of a learner's file.
pub(crate) fn to_bytes(about: &About, content: &Content<'_>) -> Vec<u8> {
    let mut sections = vec![Section::json(id::ABOUT, VERSION, about)];
    match content {
        Content::FirstRows(first_rows) => {
            sections.push(Section::postcard(id::FIRST_ROWS, VERSION, first_rows));
        }
        Content::Trees { bins, state } => {
            sections.push(Section::postcard(id::BINS, VERSION, bins));
            sections.push(Section::postcard(id::STATE, VERSION, state));
        }
    }
    let header = format!("{{\"learner\":\"{NAME}\"}}");
    container::seal(FileKind::Learner, header.as_bytes(), &sections)
}

/// Reads a learner's file; nothing of it is checked but its form.
///
/// # Errors
/// A sentence, for anything that is not of this form.
pub(crate) fn from_bytes(bytes: &[u8]) -> Result<(About, Content<'static>), String> {
    let opened = container::open(FileKind::Learner, bytes)?;
    // The options of other learners have other fields, so the name is read first.
    let kind: Kind = opened.json(id::ABOUT, VERSION)?;
    if kind.learner != NAME {
        return Err(format!(
            "it is a learner of `{}`, not of `{NAME}`; load it as the learner that it is",
            kind.learner.escape_debug()
        ));
    }
    let about: About = opened.json(id::ABOUT, VERSION)?;
    let content = if opened.find(id::FIRST_ROWS).is_some() {
        Content::FirstRows(opened.postcard(id::FIRST_ROWS, VERSION)?)
    } else {
        Content::Trees {
            bins: opened.postcard(id::BINS, VERSION)?,
            state: Box::new(opened.postcard(id::STATE, VERSION)?),
        }
    };
    Ok((about, content))
}
