//! `learner.rowmill`: the model so far, the learner that goes on from it, and how far it is in its data.
//!
//! It is written after each batch, for `--resume`, and stays when the run is over, for `--init-model`.

use std::path::Path;

use crate::{
    engine::Progress,
    error::{Error, Result},
    limits::Limits,
    model::{
        Model,
        container::{self, Codec, FileKind, Section},
        file,
    },
    train::{
        checkpoint::CheckpointAbout,
        online::{
            curve::Curve,
            learner::{Kept, OnlineLearner},
        },
        output,
    },
};

/// The layout of every section so far.
const VERSION: u16 = 1;

/// The sections' numbers, apart from those of a learner's own file.
mod id {
    pub(super) const ABOUT: u32 = 16;
    pub(super) const MODEL: u32 = 17;
    pub(super) const LEARNER: u32 = 18;
    pub(super) const POSITION: u32 = 19;
}

/// What the first rows of the data are, but for their features.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(super) struct Mark {
    /// So many rows, in all splits.
    pub(super) rows: u64,
    /// A hash of their labels, groups, splits and weights.
    pub(super) hash: u64,
}

/// How far a run is.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(super) struct Position {
    /// A row before which all is learned: the first one of the slice that the last batch ended in.
    pub(super) slice_first_row: u64,
    /// Training rows from there on that are learned too.
    pub(super) taken: u64,
    /// Training rows of this run that were learned.
    pub(super) rows: u64,
    /// Batches learned.
    pub(super) batches: u64,
    /// Whether that was the last batch.
    pub(super) is_done: bool,
    /// Of rows that are read once: what tells whether the same ones come again.
    pub(super) mark: Mark,
    /// How well they were predicted.
    pub(super) curve: Curve,
}

impl Position {
    /// Says how the batches were predicted.
    pub(super) fn tell(&self, progress: &dyn Progress) {
        if let Some(loss) = self.curve.mean_log_loss() {
            progress.message(&format!(
                "{} batches: mean log-loss {loss:.6}, each row scored before it was learned",
                self.batches
            ));
        }
    }
}

/// A learner's file that was read.
#[derive(Debug)]
pub(in crate::train) struct OnlineFile {
    /// What it was made by and from.
    pub(super) about: CheckpointAbout,
    /// The model so far: its columns are the learner's design.
    pub(super) model: Model,
    /// The learner.
    pub(super) learner: OnlineLearner,
    /// How far it was.
    pub(super) position: Position,
}

impl OnlineFile {
    /// Reads a file that may come from anywhere.
    ///
    /// # Errors
    /// [`Error::Io`] where the system refuses, [`Error::Format`] for what is no sound learner's file.
    pub(super) fn load(path: &Path) -> Result<Self> {
        let limits = Limits::default();
        let bytes = file::read(path, limits.model_bytes_max)?;
        Self::from_bytes(&bytes, &limits).map_err(|flaw| Error::format(path, flaw))
    }

    fn from_bytes(bytes: &[u8], limits: &Limits) -> Result<Self, String> {
        let opened = container::open(FileKind::Learner, bytes)?;
        let section = |id: u32| match opened.find(id) {
            Some(section) if section.version == VERSION => Ok(section.bytes),
            Some(section) => Err(format!(
                "section {id} has version {}, this rowmill reads {VERSION}; update rowmill",
                section.version
            )),
            None => Err(format!(
                "section {id} is not there: it is no file of `rowmill incremental`"
            )),
        };
        let damaged = |error: &dyn std::fmt::Display| format!("it is damaged: {error}");
        let model = Model::from_bytes(section(id::MODEL)?, limits)?;
        let learner = OnlineLearner::from_bytes(section(id::LEARNER)?, &model)?;
        Ok(Self {
            about: serde_json::from_slice(section(id::ABOUT)?).map_err(|error| damaged(&error))?,
            position: postcard::from_bytes(section(id::POSITION)?)
                .map_err(|error| damaged(&error))?,
            model,
            learner,
        })
    }
}

/// The file's bytes: the same for the same state.
pub(super) fn to_bytes(
    about: &CheckpointAbout,
    model: &Model,
    learner: &dyn Kept,
    position: &Position,
) -> Result<Vec<u8>, String> {
    let section = |id: u32, codec: Codec, bytes: Vec<u8>| Section {
        id,
        version: VERSION,
        codec,
        bytes,
    };
    let about_json = serde_json::to_vec(about).expect("plain data");
    let position = postcard::to_allocvec(position).expect("plain data");
    let header = format!(
        "{{\"made_by\":\"rowmill {}\",\"rows\":{}}}",
        about.rowmill_version,
        learner.rows()
    );
    let sections = [
        section(id::ABOUT, Codec::Json, about_json),
        section(id::MODEL, Codec::Postcard, model.to_bytes()?),
        section(id::LEARNER, Codec::Postcard, learner.to_bytes()),
        section(id::POSITION, Codec::Postcard, position),
    ];
    Ok(container::seal(
        FileKind::Learner,
        header.as_bytes(),
        &sections,
    ))
}

/// The learner's file that `--init-model` means: itself, or that of a run's directory or model.
///
/// # Errors
/// [`Error::Usage`] for a model without a learner beside it; as [`OnlineFile::load`].
pub(super) fn load_initial(path: &Path) -> Result<OnlineFile> {
    let beside = if path.is_dir() {
        Some(path.join(output::LEARNER))
    } else if path.file_name().is_some_and(|name| name == output::MODEL) {
        Some(path.with_file_name(output::LEARNER))
    } else {
        None
    };
    match beside {
        Some(learner) if learner.exists() => OnlineFile::load(&learner),
        Some(_) => Err(Error::Usage(format!(
            "--init-model {}: there is no {} beside it, so there is nothing that can go on; give a run of \
             `rowmill incremental`",
            path.display(),
            output::LEARNER
        ))),
        None => OnlineFile::load(path),
    }
}
