//! A stream of record batches as slices of columns.

use std::io::Read;

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::reader::StreamDecoder;
use arrow_schema::ArrowError;

use crate::{
    data::{Absent, Field, Schema, Values},
    error::{Error, Result},
    platform::panics,
    source::arrow::{
        frames::{Frame, Frames},
        values,
    },
};

/// An Arrow IPC stream whose schema was read.
pub(crate) struct ArrowStream {
    frames: Frames,
    decoder: StreamDecoder,
    schema: Schema,
    batch: Option<RecordBatch>,
    /// Rows of the batch that were handed out.
    done: usize,
    /// Bytes that the decoder has not seen.
    rest: Buffer,
    /// Rows of earlier batches.
    rows: u64,
    ended: bool,
}

impl ArrowStream {
    /// Reads the schema. A message may take at most `memory_bytes / message_share` bytes; `memory_bytes` is
    /// the memory limit of the run.
    ///
    /// # Errors
    /// [`Error::Dataset`] for an empty input, for input that is not an Arrow stream, and for two
    /// columns of one name.
    pub(crate) fn open(
        reader: Box<dyn Read + Send>,
        memory_bytes: u64,
        message_share: u64,
    ) -> Result<Self> {
        let mut frames = Frames::new(reader, memory_bytes, message_share);
        let arrow_schema = frames.schema()?;
        let mut schema = Schema::default();
        for field in arrow_schema.fields() {
            if schema.index_of(field.name()).is_some() {
                return Err(Error::Dataset(format!(
                    "the Arrow stream has two columns `{}`; rename one of them",
                    field.name()
                )));
            }
            schema.fields.push(Field {
                name: field.name().clone(),
                value_type: values::value_type(field.data_type()),
                file_type: field.data_type().to_string(),
                absent: Absent::Missing,
            });
        }
        let mut decoder = StreamDecoder::new();
        let mut rest = frames.take_first();
        decode(&mut decoder, &mut rest)?;
        Ok(Self {
            frames,
            decoder,
            schema,
            batch: None,
            done: 0,
            rest,
            rows: 0,
            ended: false,
        })
    }

    /// The columns.
    pub(crate) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Bytes read so far.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.frames.bytes_read()
    }

    /// Replaces `values` by the next rows of some columns of `schema`, at most `rows_max`: the stream's
    /// schema, perhaps with columns after it that the stream lacks. Returns their number; 0 at the end.
    ///
    /// # Errors
    /// [`Error::Dataset`] for a stream that is damaged or ends too early.
    pub(crate) fn next_rows(
        &mut self,
        schema: &Schema,
        columns: &[usize],
        rows_max: usize,
        values: &mut [Values],
    ) -> Result<usize> {
        assert_eq!(columns.len(), values.len(), "a buffer a column");
        while self
            .batch
            .as_ref()
            .is_none_or(|batch| batch.num_rows() == self.done)
        {
            self.rows += self.done as u64;
            self.done = 0;
            // Its memory goes before the next one's comes.
            self.batch = None;
            self.batch = self.next_batch()?;
            if self.batch.is_none() {
                return Ok(0);
            }
        }
        let batch = self.batch.as_ref().expect("a batch with rows left");
        let rows = (batch.num_rows() - self.done).min(rows_max);
        for (column, values) in columns.iter().zip(values) {
            let Some(array) = batch.columns().get(*column) else {
                values::fill_absent(&schema.fields[*column], rows, values);
                continue;
            };
            values::fill(&array.slice(self.done, rows), values).map_err(|what| {
                let name = &schema.fields[*column].name;
                let row = self.rows + self.done as u64;
                damaged(format!("column `{name}`, rows from {row} on: {what}"))
            })?;
        }
        self.done += rows;
        Ok(rows)
    }

    /// The next record batch; `None` at the end of the stream.
    fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(batch) = decode(&mut self.decoder, &mut self.rest)? {
                return Ok(Some(batch));
            }
            if !self.rest.is_empty() {
                continue;
            }
            if self.ended {
                return Ok(None);
            }
            self.rest = Buffer::from_vec(Vec::<u8>::new());
            let Frame { bytes, is_end } = self.frames.next(self.rows)?;
            self.rest = bytes;
            self.ended = is_end;
        }
    }
}

/// One step of the decoder. Bytes that are nothing may make it panic.
fn decode(decoder: &mut StreamDecoder, bytes: &mut Buffer) -> Result<Option<RecordBatch>> {
    match panics::catch(|| decoder.decode(bytes)) {
        Ok(Ok(batch)) => Ok(batch),
        Ok(Err(error)) => Err(arrow_error(&error)),
        Err(_) => Err(damaged("it cannot be decoded".to_owned())),
    }
}

fn arrow_error(error: &ArrowError) -> Error {
    damaged(error.to_string())
}

fn damaged(what: String) -> Error {
    Error::Dataset(format!(
        "the Arrow stream is damaged or not supported: {what}; write it again, in the streaming format"
    ))
}
