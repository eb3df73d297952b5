//! Tasks that run in parallel, for code that starts no threads of its own.
//!
//! The trait is in the lowest room because its two sides must not depend on each other: learners call
//! it, the engine implements it with its threads.

use crate::{error::Result, limits::THREADS_MAX};

/// The default number of threads: all processors that this process may use.
pub(crate) fn threads_default() -> usize {
    std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(THREADS_MAX)
}

/// Runs tasks on several threads at once.
pub trait Parallel: Sync {
    /// Tasks that may run at once, at least 1.
    fn threads(&self) -> usize;

    /// Calls `task(index)` once for every index below `tasks`, in any order, several at once.
    ///
    /// Timing decides which thread runs which task, so tasks may only produce what does not depend
    /// on it: integers, or results kept by index.
    ///
    /// # Errors
    /// A task's panic as [`crate::error::Error::Panic`], or a request to stop.
    fn for_each(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) -> Result<()>;
}

/// Runs one task after the other on the calling thread.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Serial;

impl Parallel for Serial {
    fn threads(&self) -> usize {
        1
    }

    fn for_each(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) -> Result<()> {
        (0..tasks).for_each(task);
        Ok(())
    }
}
