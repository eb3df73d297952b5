//! Work that may be done at once, without threads of one's own.

use crate::Result;

/// Runs tasks at once; implemented where threads may be started.
pub trait Parallel: Sync {
    /// How many tasks may run at once, at least 1.
    fn threads(&self) -> usize;

    /// Calls `task(index)` once for every index below `tasks`, in any order, several at once.
    ///
    /// Which thread does what is a matter of time, so tasks may only gather what does not depend on
    /// it: integers, or results kept by index.
    ///
    /// # Errors
    /// A task's panic as [`crate::Error::Panic`], or a request to stop.
    fn for_each(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) -> Result<()>;
}

/// One task after the other, on the thread that asks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Serial;

impl Parallel for Serial {
    fn threads(&self) -> usize {
        1
    }

    fn for_each(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) -> Result<()> {
        (0..tasks).for_each(task);
        Ok(())
    }
}
