//! The checkpoint of a run of trees, from which `--resume` continues.
//!
//! ```text
//!   checkpoint.rowmill          the newest
//!   checkpoint-before.rowmill   the one before it, should the newest be damaged
//! ```
//!
//! Both are whole or absent. A finished run keeps its newest checkpoint, so that more trees can be added.

use std::{
    fs,
    io::{Read, Write},
    path::Path,
    time::{Duration, Instant},
};

use crate::{
    engine::Progress,
    error::{Error, Result},
    format::container::{self, FileKind, Section},
    learner::gbdt::{Booster, BoosterCheckpoint},
    pipeline::session::{
        RunIdentity,
        output::{CHECKPOINT, CHECKPOINT_BEFORE, OutputDirectory},
    },
    platform::atomic,
};

/// The layout of both sections.
const VERSION: u16 = 1;

const ABOUT: u32 = 1;
const BOOSTER: u32 = 2;

/// Bytes of a checkpoint that is opened.
const CHECKPOINT_BYTES_MAX: u64 = 4 << 30;

/// A checkpoint is written at most in one part of so many of the time.
const TIME_SHARE: u32 = 20;

/// A checkpoint that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// The run that wrote it.
    pub identity: RunIdentity,
    /// The booster's part.
    pub booster: BoosterCheckpoint<'static>,
}

impl Checkpoint {
    /// The newest checkpoint of a run's directory that is whole; `None` without any.
    ///
    /// # Errors
    /// [`Error::Format`] when there are checkpoints and all are damaged.
    pub fn load(directory: &Path, progress: &dyn Progress) -> Result<Option<Self>> {
        let mut failed = None;
        for name in [CHECKPOINT, CHECKPOINT_BEFORE] {
            let path = directory.join(name);
            if !path.exists() {
                continue;
            }
            match read(&path) {
                Ok(checkpoint) => return Ok(Some(checkpoint)),
                Err(error) => {
                    if name == CHECKPOINT && directory.join(CHECKPOINT_BEFORE).exists() {
                        progress.warning(&format!("{error}; the one before it is tried"));
                    }
                    failed = Some(error);
                }
            }
        }
        match failed {
            None => Ok(None),
            Some(Error::Format { path, message }) => Err(Error::format(
                path,
                format!("{message}; start over with --overwrite"),
            )),
            Some(error) => Err(error),
        }
    }

    /// Decodes a file's bytes.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let opened = container::open(FileKind::Checkpoint, bytes)?;
        Ok(Self {
            identity: opened.json(ABOUT, VERSION)?,
            booster: opened.postcard(BOOSTER, VERSION)?,
        })
    }
}

/// The file's bytes.
pub fn to_bytes(identity: &RunIdentity, booster: &BoosterCheckpoint<'_>) -> Vec<u8> {
    let header = format!(
        "{{\"made_by\":\"rowmill {}\",\"rounds\":{}}}",
        identity.rowmill_version,
        booster.rounds()
    );
    let sections = [
        Section::json(ABOUT, VERSION, identity),
        Section::postcard(BOOSTER, VERSION, booster),
    ];
    container::seal(FileKind::Checkpoint, header.as_bytes(), &sections)
}

/// Removes what only an unfinished run needs.
///
/// # Errors
/// [`Error::Io`] when the file cannot be removed.
pub(crate) fn remove_before(directory: &Path) -> Result<()> {
    let path = directory.join(CHECKPOINT_BEFORE);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io("remove", &path, error))
        }
        _ => Ok(()),
    }
}

/// Writes checkpoints while trees grow: at most so often, and at the end.
pub(crate) struct CheckpointWriter<'a> {
    directory: &'a OutputDirectory,
    identity: RunIdentity,
    every: Duration,
    progress: &'a dyn Progress,
    written: Instant,
    /// Duration of the last write.
    cost: Duration,
    /// Rounds of the newest checkpoint.
    rounds: u32,
    /// Rounds of the last one that was tried.
    tried: u32,
}

impl<'a> CheckpointWriter<'a> {
    /// Into a run's directory, whose newest checkpoint has so many rounds.
    pub(crate) fn new(
        directory: &'a OutputDirectory,
        identity: RunIdentity,
        every: Duration,
        rounds: u32,
        progress: &'a dyn Progress,
    ) -> Self {
        Self {
            directory,
            identity,
            every,
            progress,
            written: Instant::now(),
            cost: Duration::ZERO,
            rounds,
            tried: rounds,
        }
    }

    /// Writes one if it is time. A failure is a warning: training goes on.
    pub(crate) fn after_pass(&mut self, booster: &Booster) {
        let pause = self.every.max(self.cost * TIME_SHARE);
        if self.every.is_zero() || self.written.elapsed() >= pause {
            self.write(booster, self.tried);
        }
    }

    /// Writes the last one, unless nothing came since.
    pub(crate) fn last(&mut self, booster: &Booster) {
        self.write(booster, self.rounds);
    }

    /// Writes one if it has more rounds than these.
    fn write(&mut self, booster: &Booster, rounds_before: u32) {
        let Some(checkpoint) = booster.checkpoint() else {
            return;
        };
        let rounds = checkpoint.rounds();
        if rounds <= rounds_before {
            return;
        }
        self.tried = rounds;
        let started = Instant::now();
        let bytes = to_bytes(&self.identity, &checkpoint);
        let written = self.directory.start_writing().and_then(|()| {
            replace_newest(self.directory.path(), |newest| {
                atomic::write(newest, |writer| writer.write_all(&bytes))
            })
        });
        match written {
            Ok(()) => self.rounds = rounds,
            Err(error) => self.progress.warning(&format!(
                "cannot write the checkpoint after round {rounds}: {error}; training continues, and the checkpoint of \
                 round {} is kept",
                self.rounds
            )),
        }
        self.written = Instant::now();
        self.cost = self.written - started;
    }
}

/// Makes the newest checkpoint the one before, and has `write` write a newest. If that fails, the
/// newest stays what it was.
fn replace_newest(directory: &Path, write: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let newest = directory.join(CHECKPOINT);
    let before = directory.join(CHECKPOINT_BEFORE);
    if newest.exists() {
        fs::rename(&newest, &before).map_err(|source| Error::io("rename", &newest, source))?;
    }
    write(&newest).inspect_err(|_| {
        // Under either name it is found.
        let _ = fs::rename(&before, &newest);
    })
}

fn read(path: &Path) -> Result<Checkpoint> {
    let failed = |source| Error::io("read", path, source);
    let file = fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(CHECKPOINT_BYTES_MAX)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    Checkpoint::from_bytes(&bytes).map_err(|flaw| Error::format(path, flaw))
}

#[cfg(test)]
mod tests;
