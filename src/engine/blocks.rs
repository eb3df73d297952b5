//! A pass over the blocks of scratch files: workers take the next block until none is left.

use std::thread;

use crate::{
    engine::{context::Context, queue::TaskQueue},
    error::Result,
};

/// Calls `each(worker, block)` for every block once, one thread per worker, and returns the workers
/// in their order.
///
/// The worker of a block is a matter of time, so a worker may only gather results that do not
/// depend on it: integers, or results kept by block.
///
/// # Errors
/// The first worker's error, a panic as [`crate::error::Error::Panic`], or a request to stop.
pub(crate) fn block_pass<W: Send>(
    context: &Context<'_>,
    name: &str,
    blocks: usize,
    workers: Vec<W>,
    each: impl Fn(&mut W, usize) -> Result<()> + Sync,
) -> Result<Vec<W>> {
    let queue = TaskQueue::new(context, name, blocks);
    let run = |mut worker: W| -> Result<W> {
        queue.work(|block| each(&mut worker, block))?;
        Ok(worker)
    };
    if workers.len() == 1 {
        return workers.into_iter().map(run).collect();
    }
    thread::scope(|scope| {
        let run = &run;
        let threads: Vec<_> = workers
            .into_iter()
            .map(|worker| scope.spawn(move || run(worker)))
            .collect();
        let results: Vec<Result<W>> = threads
            .into_iter()
            .map(|thread| thread.join().expect("workers catch their panics"))
            .collect();
        results.into_iter().collect()
    })
}

/// Calls `each(index)` for `0..count` on the context's threads and returns the results in order.
///
/// # Errors
/// As [`block_pass`].
pub(crate) fn parallel_map<T: Send>(
    context: &Context<'_>,
    name: &str,
    count: usize,
    each: impl Fn(usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let workers: Vec<Vec<(usize, T)>> = (0..context.threads.clamp(1, count.max(1)))
        .map(|_| Vec::new())
        .collect();
    let workers = block_pass(context, name, count, workers, |results, index| {
        results.push((index, each(index)?));
        Ok(())
    })?;
    let mut results: Vec<(usize, T)> = workers.into_iter().flatten().collect();
    results.sort_by_key(|(index, _)| *index);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{engine::Silent, error::Error, platform::stop::Stop};

    fn with_context<T>(threads: usize, run: impl FnOnce(&Context<'_>, &Stop) -> T) -> T {
        let stop = Stop::default();
        let context = Context {
            threads,
            batch_rows_max: 10,
            channel_batches_max: 2,
            stop: &stop,
            progress: &Silent,
        };
        run(&context, &stop)
    }

    #[test]
    fn every_block_is_seen_once() {
        for threads in [1, 2, 4] {
            let seen = with_context(threads, |context, _| {
                let workers = vec![vec![]; threads];
                block_pass(
                    context,
                    "count",
                    1000,
                    workers,
                    |seen: &mut Vec<usize>, block| {
                        seen.push(block);
                        Ok(())
                    },
                )
            });
            let mut seen: Vec<usize> = seen.unwrap().concat();
            seen.sort_unstable();
            assert_eq!(seen, (0..1000).collect::<Vec<_>>());
        }
    }

    #[test]
    fn results_come_in_order() {
        let squares = with_context(3, |context, _| {
            parallel_map(context, "square", 100, |index| Ok(index * index))
        });
        assert_eq!(
            squares.unwrap(),
            (0..100).map(|i| i * i).collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_panic_is_an_error_and_ends_the_others() {
        let result = with_context(2, |context, _| {
            block_pass(context, "trees", 1 << 40, vec![(), ()], |(), block| {
                assert!(block != 7, "block seven");
                Ok(())
            })
        });
        let Err(Error::Panic { context, message }) = result else {
            panic!("not a panic error");
        };
        assert_eq!(
            (context.as_str(), message.as_str()),
            ("trees", "block seven")
        );
    }

    #[test]
    fn a_request_to_stop_ends_the_pass() {
        let result = with_context(2, |context, stop| {
            block_pass(context, "trees", 1 << 40, vec![(), ()], |(), block| {
                if block == 100 {
                    stop.request(15);
                }
                Ok(())
            })
        });
        assert_eq!(result.unwrap_err().exit_code(), 143);
    }
}
