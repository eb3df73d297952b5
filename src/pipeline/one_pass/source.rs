//! The source of rows that are read once: Parquet files in lanes, or an Arrow stream.

use std::{io, time::Instant};

use crate::{
    data::{Batch, Values},
    engine::{ParquetPass, PassReport, Sink, Slice, parquet_pass},
    error::{Error, Result},
    pipeline::{
        fit::{
            buffer_pool::{BufferPool, buffer_pools},
            context::FitContext,
            slice::SliceColumns,
        },
        incremental::row_feeder::slice_rows,
        open::training_data::TrainingData,
        options::{ColumnOptions, DataOptions, ResourceOptions, STANDARD_INPUT},
    },
    source::{ArrowStream, Dataset},
};

/// The name of its pass.
const STREAM: &str = "stream";

/// A message of a stream takes at most one part in so many of the memory allowed.
pub(crate) const MESSAGE_SHARE_OF_MEMORY: u64 = 8;

/// The source of the rows.
pub(crate) enum Source {
    Files,
    /// An Arrow stream on the standard input.
    Stream(Box<ArrowStream>),
}

/// Opens the data: the standard input where the dataset is `-`.
///
/// # Errors
/// As [`TrainingData::open`]; [`Error::Usage`] for a stream that is to be read more than once.
pub(crate) fn open_source(
    data: &DataOptions,
    columns: &ColumnOptions,
    resources: &ResourceOptions,
    one_pass: bool,
) -> Result<(TrainingData, Source)> {
    let limits = &resources.limits;
    if data.validation.as_deref() == Some(STANDARD_INPUT) {
        return Err(Error::Usage(
            "--val-dir -: only the dataset can be the standard input; name a file, a directory or a glob"
                .to_owned(),
        ));
    }
    if data.dataset != STANDARD_INPUT {
        return Ok((TrainingData::open(data, columns, limits)?, Source::Files));
    }
    if let Some(path) = &data.validation {
        return Err(Error::Usage(format!(
            "--val-dir {path}: a dataset from the standard input cannot have a second dataset; add a column of splits \
             to the stream, and name it with --split-col"
        )));
    }
    if !one_pass {
        return Err(Error::Usage(
            "the dataset `-` is the standard input, which can be read once; use `rowmill incremental - \
             --one-pass`"
                .to_owned(),
        ));
    }
    let stdin = Box::new(io::stdin());
    let stream = ArrowStream::open(stdin, resources.memory_bytes, MESSAGE_SHARE_OF_MEMORY)?;
    let dataset = Dataset::of_stream(stream.schema().clone(), limits);
    let data = TrainingData::of_dataset(dataset, data, columns, limits)?;
    Ok((data, Source::Stream(Box::new(stream))))
}

/// Calls `take` with every slice of the columns, in row order. The buffers that it returns are used again.
///
/// # Errors
/// When the data cannot be read; `take`'s.
pub(crate) fn read(
    fit: &FitContext<'_>,
    columns: &[usize],
    source: Source,
    mut take: impl FnMut(Slice, Vec<Values>) -> Result<Vec<Values>>,
) -> Result<PassReport> {
    let row_bytes = fit.data.dataset.decode_estimate(columns).row_bytes as usize;
    let rows_max = slice_rows(row_bytes);
    match source {
        Source::Files => {
            let pass = ParquetPass {
                name: "one pass",
                row_groups: &fit.data.row_ranges,
                columns,
                slice_rows_max: rows_max,
                first_row: 0,
            };
            let context = fit.plan.learner_context(fit.context());
            let lanes = fit.data.lanes(&context);
            let (pools, recycler) = buffer_pools(context.threads);
            let sink = |buffers| SliceSink {
                columns: SliceColumns::new(columns),
                buffers,
            };
            let sinks = pools.into_iter().map(sink).collect();
            let take = recycler.after(take);
            let (report, _) = parquet_pass(&context, &pass, lanes, sinks, take)?;
            Ok(report)
        }
        Source::Stream(mut stream) => {
            let rows_of = |first_row: u64, rows: usize| Slice {
                row_group: 0,
                first_row,
                rows,
            };
            let schema = fit.data.schema().clone();
            let (started, progress) = (Instant::now(), fit.progress());
            let (mut first_row, mut values) = (0, Vec::new());
            progress.pass_started(STREAM, 0);
            loop {
                fit.session.context.stop.check()?;
                let before = stream.bytes_read();
                values.resize(columns.len(), Values::F32(Vec::new()));
                let rows = stream.next_rows(&schema, columns, rows_max, &mut values);
                // Whoever writes the stream is stopped by the same signal.
                fit.session.context.stop.check()?;
                let rows = rows?;
                if rows == 0 {
                    break;
                }
                values = take(rows_of(first_row, rows), values)?;
                first_row += rows as u64;
                progress.advanced(rows as u64, stream.bytes_read() - before);
            }
            let report = PassReport {
                name: STREAM.to_owned(),
                seconds: started.elapsed().as_secs_f64(),
                rows: first_row,
                bytes_read: stream.bytes_read(),
            };
            progress.pass_finished(STREAM, report.seconds, report.rows, report.bytes_read);
            Ok(report)
        }
    }
}

/// Gathers all columns of a slice, one slice at a time in each lane.
struct SliceSink {
    columns: SliceColumns,
    buffers: BufferPool<Vec<Values>>,
}

impl Sink for SliceSink {
    type Part = Vec<Values>;

    fn start(&mut self, slice: Slice) -> Result<()> {
        if let Some(buffer) = self.buffers.take() {
            self.columns.reuse(buffer);
        }
        self.columns.start(slice);
        Ok(())
    }

    fn batch(&mut self, batch: &Batch) -> Result<()> {
        self.columns.push(batch);
        Ok(())
    }

    fn finish(&mut self) -> Result<Vec<Values>> {
        Ok(self.columns.take())
    }
}
