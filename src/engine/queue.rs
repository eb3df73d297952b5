//! Numbered tasks that several threads take in turn until none is left or one has failed.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use crate::{
    engine::context::{Context, panic_error},
    error::Result,
};

/// The tasks `0..count`, each done once by one of the threads that call [`TaskQueue::work`].
pub(super) struct TaskQueue<'a> {
    context: &'a Context<'a>,
    /// The name of the pass, for the message of a panic.
    name: &'a str,
    count: usize,
    next: AtomicUsize,
    failed: AtomicBool,
}

impl<'a> TaskQueue<'a> {
    pub(super) fn new(context: &'a Context<'a>, name: &'a str, count: usize) -> Self {
        Self {
            context,
            name,
            count,
            next: AtomicUsize::new(0),
            failed: AtomicBool::new(false),
        }
    }

    /// Does tasks until none is left, or until one of any thread has failed.
    ///
    /// # Errors
    /// The first error of this thread's tasks, a panic as [`crate::error::Error::Panic`], or a request to
    /// stop.
    pub(super) fn work(&self, mut task: impl FnMut(usize) -> Result<()>) -> Result<()> {
        let run = || -> Result<()> {
            while !self.failed.load(Ordering::Relaxed) {
                let index = self.next.fetch_add(1, Ordering::Relaxed);
                if index >= self.count {
                    break;
                }
                self.context.stop.check()?;
                task(index)?;
            }
            Ok(())
        };
        let result = catch_unwind(AssertUnwindSafe(run))
            .unwrap_or_else(|payload| Err(panic_error(self.name, payload)));
        if result.is_err() {
            self.failed.store(true, Ordering::Relaxed);
        }
        result
    }
}
