//! The surroundings of every pass: threads, bounds, stop, progress.

use std::{any::Any, time::Instant};

use crate::{
    engine::progress::Progress,
    error::{Error, Result},
    platform::stop::Stop,
};

/// Threads, bounds, the request to stop, and the listener.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Lanes of a Parquet pass, workers of a block pass.
    pub threads: usize,
    /// Rows of a batch.
    pub batch_rows_max: usize,
    /// Batches in flight from a lane to its sink.
    pub channel_batches_max: usize,
    /// Looked at between batches.
    pub stop: &'a Stop,
    /// The listener to every pass.
    pub progress: &'a dyn Progress,
}

/// Time and data of one pass.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct PassReport {
    /// The pass.
    pub name: String,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// Rows that went through.
    pub rows: u64,
    /// Bytes read, as they lie on disk.
    pub bytes_read: u64,
}

impl Context<'_> {
    /// Runs a pass between its two announcements; `pass` returns the bytes that it read.
    ///
    /// # Errors
    /// The pass's.
    pub fn announced(
        &self,
        name: &str,
        rows: u64,
        pass: impl FnOnce() -> Result<u64>,
    ) -> Result<PassReport> {
        let started = Instant::now();
        self.progress.pass_started(name, rows);
        let bytes_read = pass()?;
        let seconds = started.elapsed().as_secs_f64();
        self.progress.pass_finished(name, seconds, rows, bytes_read);
        Ok(PassReport {
            name: name.to_owned(),
            seconds,
            rows,
            bytes_read,
        })
    }
}

/// The error that a thread's panic becomes.
pub(super) fn panic_error(context: &str, payload: Box<dyn Any + Send>) -> Error {
    let message = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned());
    Error::Panic {
        context: context.to_owned(),
        message,
    }
}
