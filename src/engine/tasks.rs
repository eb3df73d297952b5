//! The engine's threads for a learner's tasks.

use std::sync::{Mutex, PoisonError};

use rayon_core::{ThreadPool, ThreadPoolBuilder};

use crate::{
    engine::{Context, queue::TaskQueue},
    error::{Error, Result},
    platform::parallel::Parallel,
};

/// Threads that wait for tasks until this is dropped.
pub(crate) struct TaskThreads {
    /// All threads but the caller's.
    helpers: Option<ThreadPool>,
    threads: usize,
}

impl TaskThreads {
    /// Starts `threads` threads, the caller's being one of them.
    ///
    /// # Errors
    /// [`Error::Io`] if the system starts no more threads.
    pub(crate) fn new(threads: usize) -> Result<Self> {
        let threads = threads.max(1);
        let start = |helpers| {
            let named = |index| format!("task {index}");
            let builder = ThreadPoolBuilder::new()
                .num_threads(helpers)
                .thread_name(named);
            let started = builder.build();
            started.map_err(|error| Error::io("start", "threads", std::io::Error::other(error)))
        };
        let helpers = (threads > 1).then(|| start(threads - 1)).transpose()?;
        Ok(Self { helpers, threads })
    }
}

/// Runs a learner's tasks on some threads, the caller's being one of them.
#[derive(Clone, Copy)]
pub(crate) struct Tasks<'a> {
    /// The request to stop.
    pub context: &'a Context<'a>,
    /// The name of the work, for the message of a panic.
    pub name: &'a str,
    /// The threads that run the tasks.
    pub threads: &'a TaskThreads,
}

impl Parallel for Tasks<'_> {
    fn threads(&self) -> usize {
        self.threads.threads
    }

    fn for_each(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) -> Result<()> {
        let queue = TaskQueue::new(self.context, self.name, tasks);
        let work = || {
            queue.work(|index| {
                task(index);
                Ok(())
            })
        };
        let Some(helpers) = self.threads.helpers.as_ref().filter(|_| tasks > 1) else {
            return work();
        };
        let results = Mutex::new(Vec::new());
        helpers.in_place_scope(|scope| {
            for _ in 1..self.threads().min(tasks) {
                scope.spawn(|_| {
                    let result = work();
                    let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                    results.push(result);
                });
            }
            let own = work();
            let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
            results.push(own);
        });
        let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
        results.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::{engine::Silent, platform::stop::Stop};

    fn with_tasks<T>(threads: usize, run: impl FnOnce(&Tasks<'_>, &Stop) -> T) -> T {
        let stop = Stop::default();
        let context = Context {
            threads,
            batch_rows_max: 10,
            channel_batches_max: 2,
            stop: &stop,
            progress: &Silent,
        };
        let threads = TaskThreads::new(threads).unwrap();
        let tasks = Tasks {
            context: &context,
            name: "trees",
            threads: &threads,
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
