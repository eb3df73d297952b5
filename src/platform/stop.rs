//! The request to stop a run. The command line sets it from signals; passes check it
//! between batches.

use std::sync::{
    Arc,
    atomic::{AtomicI32, Ordering},
};

use crate::error::{Error, Result};

/// A request to stop, shared by everything that belongs to one run.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    signal: Arc<AtomicI32>,
}

impl Stop {
    /// Asks the run to stop as a signal of this number would.
    pub fn request(&self, signal: i32) {
        self.signal.store(signal, Ordering::Relaxed);
    }

    /// The signal that asked, if one did.
    pub fn requested(&self) -> Option<i32> {
        match self.signal.load(Ordering::Relaxed) {
            0 => None,
            signal => Some(signal),
        }
    }

    /// # Errors
    /// [`Error::Interrupted`] when a stop was requested.
    pub fn check(&self) -> Result<()> {
        match self.requested() {
            None => Ok(()),
            Some(signal) => Err(Error::Interrupted { signal }),
        }
    }
}

static PROCESS: std::sync::OnceLock<Stop> = std::sync::OnceLock::new();

/// The process's own stop, which signal handlers set.
pub(crate) fn process() -> &'static Stop {
    PROCESS.get_or_init(Stop::default)
}

/// Asks the process's run to stop.
#[cfg(feature = "cli")]
pub(crate) fn request(signal: i32) {
    process().request(signal);
}
