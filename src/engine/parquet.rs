//! A pass over Parquet: lanes decode, bounded channels carry, sinks consume, parts merge in order.
//!
//! ```text
//!  lane 0: row groups 0, L, 2L ..  --batches-->  sink 0  --parts-->  \
//!                                  <--recycled--                      merge, in row-group order
//!  lane 1: row groups 1, L+1, ..   --batches-->  sink 1  --parts-->  /
//! ```
//!
//! A lane reads one column of a row group after the other, in batches of rows, so that it holds the
//! pages of a single column at a time. A row group of more rows than the pass allows is cut into
//! slices, which a sink sees one after the other as if they were row groups. Row groups go to lanes
//! by their number and parts are merged in that order: no result depends on the threads' speed.

use std::{
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::{
    data::{Batch, Values},
    engine::{
        context::{Context, PassReport, panic_error},
        lane::LaneSource,
        sink::{Sink, Slice},
    },
    error::{Error, Result},
};

/// The rows and columns that a pass reads.
#[derive(Debug, Clone)]
pub(crate) struct ParquetPass<'a> {
    /// The pass's name for people.
    pub name: &'a str,
    /// First row and end of each row group of the dataset.
    pub row_groups: &'a [Range<u64>],
    /// The columns, in the order in which sinks get them.
    pub columns: &'a [usize],
    /// Rows of a slice; larger row groups are cut.
    pub slice_rows_max: usize,
    /// Slices that end at this row or before it are left out: an earlier pass had them.
    pub first_row: u64,
}

impl ParquetPass<'_> {
    fn slices(&self, row_group: usize) -> impl Iterator<Item = Slice> + use<> {
        let rows = self.row_groups[row_group].clone();
        let (rows_max, from) = (self.slice_rows_max, self.first_row);
        let slices = rows.clone().step_by(rows_max).map(move |first_row| Slice {
            row_group,
            first_row,
            rows: (rows.end - first_row).min(rows_max as u64) as usize,
        });
        slices.filter(move |slice| slice.first_row + slice.rows as u64 > from)
    }
}

/// A message from a lane to its sink.
enum Message {
    Start(Slice),
    Batch(Batch),
    Finish,
}

/// One lane's ends of its two channels.
struct LaneChannels {
    full: Sender<Message>,
    empty: Receiver<Values>,
}

/// Runs a pass: `lanes[i]` reads for `sinks[i]`; `merge` gets every part in row order. Gives the
/// sinks back, for what they gathered beside their parts (which must not depend on the lane).
///
/// # Errors
/// The first lane's or sink's error, a panic as [`Error::Panic`], or a request to stop. The other
/// threads end at their next batch.
///
/// # Panics
/// If there are not as many lanes as sinks.
pub(crate) fn parquet_pass<L: LaneSource, S: Sink>(
    context: &Context<'_>,
    pass: &ParquetPass<'_>,
    lanes: Vec<L>,
    sinks: Vec<S>,
    merge: impl FnMut(Slice, S::Part) -> Result<()>,
) -> Result<(PassReport, Vec<S>)> {
    assert_eq!(lanes.len(), sinks.len());
    assert!(pass.slice_rows_max > 0 && !lanes.is_empty());
    let rows = pass.row_groups.last().map_or(0, |last| last.end);
    let mut sinks_back = Vec::with_capacity(sinks.len());
    let report = context.announced(pass.name, rows, || {
        run(context, pass, lanes, sinks, merge, &mut sinks_back)
    })?;
    Ok((report, sinks_back))
}

fn run<L: LaneSource, S: Sink>(
    context: &Context<'_>,
    pass: &ParquetPass<'_>,
    lanes: Vec<L>,
    sinks: Vec<S>,
    merge: impl FnMut(Slice, S::Part) -> Result<()>,
    sinks_back: &mut Vec<S>,
) -> Result<u64> {
    let count = lanes.len();
    thread::scope(|scope| {
        let mut readers = Vec::with_capacity(count);
        let mut consumers = Vec::with_capacity(count);
        let mut parts = Vec::with_capacity(count);
        for (index, (lane, sink)) in lanes.into_iter().zip(sinks).enumerate() {
            let (full, full_end) = bounded(context.channel_batches_max);
            let (empty_end, empty) = bounded(context.channel_batches_max + 2);
            let (part_sender, part_receiver) = bounded(1);
            let channels = LaneChannels { full, empty };
            let row_groups = (index..pass.row_groups.len()).step_by(count);
            readers.push(scope.spawn(move || {
                guarded(pass.name, || {
                    read_lane(context, pass, lane, row_groups, channels)
                })
            }));
            consumers.push(scope.spawn(move || {
                guarded(pass.name, || {
                    consume(sink, &full_end, &empty_end, &part_sender)
                })
            }));
            parts.push(part_receiver);
        }
        let merged = guarded(pass.name, || merge_in_order(pass, &parts, merge));
        // Whoever still sends finds nobody listening, and ends.
        drop(parts);
        let mut outcome = Outcome::default();
        outcome.add(merged.map(|()| 0));
        for consumer in consumers {
            let sink = consumer.join().expect("threads catch their panics");
            outcome.add(sink.map(|sink| {
                sinks_back.push(sink);
                0
            }));
        }
        for reader in readers {
            outcome.add(reader.join().expect("threads catch their panics"));
        }
        outcome.bytes_read()
    })
}

/// The early end of a thread of a pass.
enum Abort {
    /// An error of the thread itself.
    Failed(Error),
    /// Because another thread did.
    Disconnected,
}

impl From<Error> for Abort {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

fn disconnected<E>(_: E) -> Abort {
    Abort::Disconnected
}

/// Runs a thread's body; a panic becomes an error.
fn guarded<T>(name: &str, body: impl FnOnce() -> Result<T, Abort>) -> Result<T, Abort> {
    catch_unwind(AssertUnwindSafe(body))
        .unwrap_or_else(|payload| Err(Abort::Failed(panic_error(name, payload))))
}

/// The threads' endings, gathered in a fixed order.
#[derive(Default)]
struct Outcome {
    bytes_read: u64,
    first_error: Option<Error>,
    disconnected: bool,
}

impl Outcome {
    fn add(&mut self, ending: Result<u64, Abort>) {
        match ending {
            Ok(bytes) => self.bytes_read += bytes,
            Err(Abort::Disconnected) => self.disconnected = true,
            Err(Abort::Failed(error)) => {
                self.first_error.get_or_insert(error);
            }
        }
    }

    fn bytes_read(self) -> Result<u64> {
        match self.first_error {
            Some(error) => Err(error),
            None => {
                assert!(!self.disconnected, "a thread ended without a cause");
                Ok(self.bytes_read)
            }
        }
    }
}

fn read_lane<L: LaneSource>(
    context: &Context<'_>,
    pass: &ParquetPass<'_>,
    mut lane: L,
    row_groups: impl Iterator<Item = usize>,
    channels: LaneChannels,
) -> Result<u64, Abort> {
    let mut spare: Vec<Values> = (0..context.channel_batches_max + 2)
        .map(|_| Values::F32(Vec::new()))
        .collect();
    let mut bytes_before = lane.bytes_read();
    let is_left = |row_group: &usize| pass.row_groups[*row_group].end > pass.first_row;
    for row_group in row_groups.filter(is_left) {
        lane.open(row_group)?;
        for slice in pass.slices(row_group) {
            channels
                .full
                .send(Message::Start(slice))
                .map_err(disconnected)?;
            for (column_position, &column) in pass.columns.iter().enumerate() {
                let skipped = slice.first_row - pass.row_groups[row_group].start;
                lane.start(column, skipped as usize)?;
                let mut done = 0;
                while done < slice.rows {
                    context.stop.check()?;
                    let mut values = match spare.pop() {
                        Some(values) => values,
                        None => channels.empty.recv().map_err(disconnected)?,
                    };
                    let rows = (slice.rows - done).min(context.batch_rows_max);
                    lane.next(rows, &mut values)?;
                    assert_eq!(values.len(), rows, "a lane gives the rows it was asked for");
                    let first_row = slice.first_row + done as u64;
                    let batch = Batch {
                        first_row,
                        column,
                        column_position,
                        values,
                    };
                    channels
                        .full
                        .send(Message::Batch(batch))
                        .map_err(disconnected)?;
                    done += rows;
                }
            }
            channels.full.send(Message::Finish).map_err(disconnected)?;
            let bytes = lane.bytes_read();
            context
                .progress
                .advanced(slice.rows as u64, bytes - bytes_before);
            bytes_before = bytes;
        }
    }
    Ok(lane.bytes_read())
}

fn consume<S: Sink>(
    mut sink: S,
    full: &Receiver<Message>,
    empty: &Sender<Values>,
    parts: &Sender<S::Part>,
) -> Result<S, Abort> {
    // The lane hangs up when it has read everything, or failed.
    while let Ok(message) = full.recv() {
        match message {
            Message::Start(slice) => sink.start(slice)?,
            Message::Batch(batch) => {
                sink.batch(&batch)?;
                // The lane may be through already; then nobody needs the memory.
                let _ = empty.send(batch.values);
            }
            Message::Finish => parts.send(sink.finish()?).map_err(disconnected)?,
        }
    }
    Ok(sink)
}

fn merge_in_order<P>(
    pass: &ParquetPass<'_>,
    parts: &[Receiver<P>],
    mut merge: impl FnMut(Slice, P) -> Result<()>,
) -> Result<(), Abort> {
    for row_group in 0..pass.row_groups.len() {
        for slice in pass.slices(row_group) {
            let part = parts[slice.lane(parts.len())].recv();
            let part = part.map_err(disconnected)?;
            merge(slice, part)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
