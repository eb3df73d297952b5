//! The file of an online learner of trees: what it was told as JSON, what it has learned as postcard.

use crate::{
    format::container::{self, FileKind, Section},
    learner::{
        gbdt::stream::StreamState,
        incremental::{
            Declared,
            trees::{
                TreesOptions, bins,
                gathered::Gathered,
                learner::{OnlineTrees, Stage},
            },
        },
    },
    model::Bins,
};

/// The sections' numbers, never given to anything else.
mod id {
    pub(crate) const ABOUT: u32 = 1;
    pub(crate) const BINS: u32 = 2;
    pub(crate) const STATE: u32 = 3;
    pub(crate) const GATHERED: u32 = 4;
}

/// The layout of every section so far.
const VERSION: u16 = 1;

/// The learner's name in its file.
const NAME: &str = "online_trees";

/// What is said in JSON.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
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
pub(crate) fn to_bytes(learner: &OnlineTrees) -> Vec<u8> {
    let about = About {
        learner: NAME.to_owned(),
        declared: learner.declared.clone(),
        options: learner.options.clone(),
        spent: learner.spent,
        rows: learner.rows,
    };
    let mut sections = vec![Section::json(id::ABOUT, VERSION, &about)];
    match &learner.stage {
        Stage::Gathering(gathered) => {
            sections.push(Section::postcard(id::GATHERED, VERSION, gathered));
        }
        Stage::Learning(learning) => {
            let state = learning.booster.state();
            sections.push(Section::postcard(id::BINS, VERSION, &learning.bins));
            sections.push(Section::postcard(id::STATE, VERSION, &state));
        }
    }
    let header = format!("{{\"learner\":\"{NAME}\"}}");
    container::seal(FileKind::Learner, header.as_bytes(), &sections)
}

/// Reads a learner from a file's bytes, trusting none of them.
///
/// # Errors
/// A sentence, for anything that is not a sound learner of this kind.
pub(crate) fn from_bytes(bytes: &[u8]) -> Result<OnlineTrees, String> {
    let opened = container::open(FileKind::Learner, bytes)?;
    // Another learner's options are not these.
    let kind: Kind = opened.json(id::ABOUT, VERSION)?;
    if kind.learner != NAME {
        return Err(format!(
            "it is a learner of `{}` and not of `{NAME}`; load it as what it is",
            kind.learner.escape_debug()
        ));
    }
    let about: About = opened.json(id::ABOUT, VERSION)?;
    about.declared.check()?;
    let mut learner =
        OnlineTrees::new(about.declared, about.options).map_err(|error| error.to_string())?;
    let (spent_rows, spent_rounds) = about.spent;
    let options = &learner.options;
    if spent_rows >= options.rows_expected || spent_rounds > options.booster.n_estimators {
        return Err("more rows or trees are spent than there are to be".to_owned());
    }
    (learner.spent, learner.rows) = (about.spent, about.rows);
    if opened.find(id::GATHERED).is_some() {
        let gathered: Gathered = opened.postcard(id::GATHERED, VERSION)?;
        gathered.check(&learner.declared)?;
        learner.stage = Stage::Gathering(gathered);
        return Ok(learner);
    }
    let found: Bins = opened.postcard(id::BINS, VERSION)?;
    bins::check(&found, &learner.declared)?;
    let mut learning = learner
        .learning_of(found)
        .map_err(|error| error.to_string())?;
    let state: StreamState<'static> = opened.postcard(id::STATE, VERSION)?;
    learning.booster.restore(state)?;
    learner.stage = Stage::Learning(Box::new(learning));
    Ok(learner)
}
