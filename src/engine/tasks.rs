//! Tasks of a learner on the context's threads.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
};

use crate::{
    engine::{Context, context::panic_error},
    error::Result,
    learner::gbdt::Parallel,
};

/// Runs a learner's tasks on some threads, the caller's being one of them.
///
/// Threads live as long as one call: tasks borrow what the caller holds, which threads that outlive
/// the call may not. Starting one costs about 20 microseconds, some dozens of times a tree.
#[derive(Clone, Copy)]
pub struct Tasks<'a> {
    /// The request to stop.
    pub context: &'a Context<'a>,
    /// What is being done, for the message of a panic.
    pub name: &'a str,
    /// How many tasks run at once.
    pub threads: usize,
}

impl Parallel for Tasks<'_> {
    fn threads(&self) -> usize {
        self.threads.max(1)
    }

    fn for_each(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) -> Result<()> {
        let next = AtomicUsize::new(0);
        let failed = AtomicBool::new(false);
        let run = || -> Result<()> {
            while !failed.load(Ordering::Relaxed) {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= tasks {
                    break;
                }
                self.context.stop.check()?;
                task(index);
            }
            Ok(())
        };
        let guarded = || -> Result<()> {
            let result = catch_unwind(AssertUnwindSafe(run))
                .unwrap_or_else(|payload| Err(panic_error(self.name, payload)));
            if result.is_err() {
                failed.store(true, Ordering::Relaxed);
            }
            result
        };
        let helpers = self.threads().min(tasks).saturating_sub(1);
        if helpers == 0 {
            return guarded();
        }
        thread::scope(|scope| {
            let guarded = &guarded;
            let started: Vec<_> = (0..helpers).map(|_| scope.spawn(guarded)).collect();
            let own = guarded();
            let others = started
                .into_iter()
                .map(|thread| thread.join().expect("tasks catch their panics"));
            // All are joined before the first error is answered.
            let others: Vec<Result<()>> = others.collect();
            own.and(others.into_iter().collect())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{engine::Silent, error::Error, platform::stop::Stop};

    fn with_tasks<T>(threads: usize, run: impl FnOnce(&Tasks<'_>, &Stop) -> T) -> T {
        let stop = Stop::default();
        let context = Context {
            threads,
            batch_rows_max: 10,
            channel_batches_max: 2,
            stop: &stop,
            progress: &Silent,
        };
        let tasks = Tasks {
            context: &context,
            name: "trees",
            threads,
        };
        run(&tasks, &stop)
    }

    #[test]
    fn every_task_runs_once() {
        for (threads, count) in [(1, 10), (2, 1_000), (4, 3), (3, 0)] {
            let runs: Vec<AtomicUsize> = (0..count).map(|_| AtomicUsize::new(0)).collect();
            let done = with_tasks(threads, |tasks, _| {
                tasks.for_each(count, &|index| {
                    runs[index].fetch_add(1, Ordering::Relaxed);
                })
            });
            done.unwrap();
            assert!(runs.iter().all(|runs| runs.load(Ordering::Relaxed) == 1));
        }
    }

    #[test]
    fn a_panic_is_an_error_and_ends_the_others() {
        for threads in [1, 2] {
            let done = with_tasks(threads, |tasks, _| {
                tasks.for_each(usize::MAX, &|index| assert!(index != 7, "task seven"))
            });
            let Err(Error::Panic { context, message }) = done else {
                panic!("not a panic error");
            };
            assert_eq!((&*context, &*message), ("trees", "task seven"));
        }
    }

    #[test]
    fn a_request_to_stop_ends_the_tasks() {
        let done = with_tasks(2, |tasks, stop| {
            tasks.for_each(usize::MAX, &|index| {
                if index == 100 {
                    stop.request(15);
                }
            })
        });
        assert_eq!(done.unwrap_err().exit_code(), 143);
    }
}
