//! The session of a command that learns: what its steps share while it runs.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use crate::{
    engine::{Context, PassReport, Progress},
    error::Result,
    model::Model,
    pipeline::session::{
        identity::RunIdentity,
        output::{self, OutputDirectory},
    },
    scratch::ScratchDirectory,
    text::size::format_bytes,
};

/// Passes, files and progress of a running command. It knows no options and no recipe.
pub(crate) struct Session<'a> {
    /// Threads, batches, progress and stop of every pass.
    pub(crate) context: Context<'a>,
    pub(crate) started: Instant,
    pub(crate) output: OutputDirectory,
    /// Files of this run alone.
    pub(crate) scratch: ScratchDirectory,
    /// The directory of rows and codes where other runs may use them too.
    pub(crate) codes_directory: Option<PathBuf>,
    /// The options and files that the result depends on. The codes' hash is added once they exist.
    pub(crate) identity: RunIdentity,
    /// The least time between two checkpoints.
    pub(crate) checkpoint_interval: Duration,
    /// The passes so far, in order.
    pub(crate) passes: Vec<PassReport>,
}

impl Session<'_> {
    /// The path of a scratch file of rows or codes.
    pub(crate) fn codes_file(&self, name: &str) -> PathBuf {
        match &self.codes_directory {
            Some(directory) => directory.join(name),
            None => self.scratch.file(name),
        }
    }

    pub(crate) fn progress(&self) -> &dyn Progress {
        self.context.progress
    }

    /// Saves a model as soon as it exists, and returns the seconds since the start.
    ///
    /// # Errors
    /// [`crate::error::Error::Io`].
    pub(crate) fn save_model(&self, model: &Model) -> Result<f64> {
        self.output.start_writing()?;
        let path = self.output.path().join(output::MODEL);
        let bytes = model.save(&path)?.bytes;
        let seconds = self.started.elapsed().as_secs_f64();
        let size = format_bytes(bytes);
        self.progress().message(&format!(
            "saved {} ({size}) after {seconds:.1} s",
            path.display()
        ));
        Ok(seconds)
    }
}
