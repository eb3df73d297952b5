//! The file of an online learner of trees: what it was told as JSON, what it has learned as postcard.

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    learner::{
        gbdt::stream::StreamState,
        online::{
            Declared,
            trees::{Gathered, OnlineTrees, Stage, TreesOptions, bins},
        },
    },
    model::{
        Bins,
        container::{self, Codec, FileKind, Opened, Section},
    },
};

/// The sections' numbers, never given to anything else.
mod id {
    pub(super) const ABOUT: u32 = 1;
    pub(super) const BINS: u32 = 2;
    pub(super) const STATE: u32 = 3;
    pub(super) const GATHERED: u32 = 4;
}

/// The layout of every section so far.
const VERSION: u16 = 1;

/// The learner's name in its file.
const NAME: &str = "online_trees";

/// What is said in JSON.
#[derive(Debug, Serialize, serde::Deserialize)]
struct About {
    learner: String,
    declared: Declared,
    options: TreesOptions,
    spent: (u64, u32),
    rows: u64,
}

/// What every learner's file says.
#[derive(Debug, serde::Deserialize)]
struct Kind {
    learner: String,
}

/// The bytes of a learner's file.
pub(super) fn to_bytes(learner: &OnlineTrees) -> Vec<u8> {
    let about = About {
        learner: NAME.to_owned(),
        declared: learner.declared.clone(),
        options: learner.options.clone(),
        spent: learner.spent,
        rows: learner.rows,
    };
    let json = serde_json::to_vec(&about).expect("a declaration is text and numbers");
    let section = |id: u32, codec: Codec, bytes: Vec<u8>| Section {
        id,
        version: VERSION,
        codec,
        bytes,
    };
    let postcard = |id: u32, bytes: Vec<u8>| section(id, Codec::Postcard, bytes);
    let mut sections = vec![section(id::ABOUT, Codec::Json, json)];
    match &learner.stage {
        Stage::Gathering(gathered) => {
            sections.push(postcard(id::GATHERED, postcard_of(gathered)));
        }
        Stage::Learning(learning) => {
            sections.push(postcard(id::BINS, postcard_of(&learning.bins)));
            sections.push(postcard(id::STATE, postcard_of(&learning.booster.state())));
        }
    }
    let header = format!("{{\"learner\":\"{NAME}\"}}");
    container::seal(FileKind::Learner, header.as_bytes(), &sections)
}

/// Reads a learner from a file's bytes, trusting none of them.
///
/// # Errors
/// A sentence, for anything that is not a sound learner of this kind.
pub(super) fn from_bytes(bytes: &[u8]) -> Result<OnlineTrees, String> {
    let opened = container::open(FileKind::Learner, bytes)?;
    let json = section(&opened, id::ABOUT)?;
    let unreadable = |error| format!("its declaration cannot be read: {error}");
    // Another learner's options are not these.
    let kind: Kind = serde_json::from_slice(json).map_err(unreadable)?;
    if kind.learner != NAME {
        return Err(format!(
            "it is a learner of `{}` and not of `{NAME}`; load it as what it is",
            kind.learner.escape_debug()
        ));
    }
    let about: About = serde_json::from_slice(json).map_err(unreadable)?;
    about.declared.check()?;
    let mut learner =
        OnlineTrees::new(about.declared, about.options).map_err(|error| error.to_string())?;
    let (spent_rows, spent_rounds) = about.spent;
    let options = &learner.options;
    if spent_rows >= options.rows_expected || spent_rounds > options.booster.trees {
        return Err("more rows or trees are spent than there are to be".to_owned());
    }
    (learner.spent, learner.rows) = (about.spent, about.rows);
    if opened.find(id::GATHERED).is_some() {
        let gathered: Gathered = from_postcard(section(&opened, id::GATHERED)?)?;
        gathered.check(&learner.declared)?;
        learner.stage = Stage::Gathering(gathered);
        return Ok(learner);
    }
    let found: Bins = from_postcard(section(&opened, id::BINS)?)?;
    bins::check(&found, &learner.declared)?;
    let mut learning = learner
        .learning_of(found)
        .map_err(|error| error.to_string())?;
    let state: StreamState<'static> = from_postcard(section(&opened, id::STATE)?)?;
    learning.booster.restore(state)?;
    learner.stage = Stage::Learning(Box::new(learning));
    Ok(learner)
}

fn section<'a>(opened: &Opened<'a>, id: u32) -> Result<&'a [u8], String> {
    match opened.find(id) {
        Some(section) if section.version == VERSION => Ok(section.bytes),
        Some(section) => Err(format!(
            "section {id} has version {}, this rowmill reads {VERSION}; update rowmill",
            section.version
        )),
        None => Err(format!("section {id} is not there")),
    }
}

fn postcard_of(value: &impl Serialize) -> Vec<u8> {
    postcard::to_allocvec(value).expect("vectors of numbers")
}

fn from_postcard<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok(_) => Err("a section is longer than what it holds".to_owned()),
        Err(error) => Err(format!("a section cannot be read: {error}")),
    }
}
