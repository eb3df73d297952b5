//! The messages of an Arrow stream, cut out of the bytes and bounded before they are read.

use std::{
    io::{self, Read},
    sync::Arc,
};

use arrow_buffer::Buffer;
use arrow_ipc::{Message, MessageHeader, convert::try_fb_to_schema, root_as_message};
use arrow_schema::SchemaRef;

use crate::{
    error::{Error, Result},
    text::size::format_bytes,
};

/// The mark before a message's length; streams of before 2019 lack it.
const CONTINUATION: [u8; 4] = [0xFF; 4];

/// The first bytes of the file format; a stream has a length there.
const FILE_MAGIC: &[u8] = b"ARROW1";

/// The most bytes of a message's head: the names of 100,000 columns are a few MB.
const HEAD_BYTES_MAX: u32 = 16 << 20;

/// A message, or the end mark.
pub(super) struct Frame {
    /// All of its bytes.
    pub(super) bytes: Buffer,
    /// True for the end mark.
    pub(super) is_end: bool,
}

/// Reads message after message.
pub(super) struct Frames {
    reader: Box<dyn Read + Send>,
    memory_bytes: u64,
    /// The share of the memory that a message may take is 1 / `message_share`.
    message_share: u64,
    bytes_read: u64,
    /// The first message: the schema.
    first: Option<Buffer>,
}

impl Frames {
    pub(super) fn new(reader: Box<dyn Read + Send>, memory_bytes: u64, message_share: u64) -> Self {
        Self {
            reader,
            memory_bytes,
            message_share,
            bytes_read: 0,
            first: None,
        }
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Reads the first message, which must be a schema.
    pub(super) fn schema(&mut self) -> Result<SchemaRef> {
        let no_stream = |why: &str| {
            Error::Dataset(format!(
                "the standard input is not an Arrow stream ({why}); write the IPC streaming format to it"
            ))
        };
        let mut head = Vec::new();
        let length = match self.length(&mut head, 0) {
            Ok(Some(length)) => length,
            Ok(None) => return Err(no_stream("it ends before its schema")),
            Err(error @ Error::Io { .. }) => return Err(error),
            Err(_) if head.is_empty() => {
                return Err(Error::Dataset(
                    "the standard input is empty; check that the command before the pipe succeeds and writes an \
                     Arrow stream to its standard output"
                        .to_owned(),
                ));
            }
            Err(_) if self.is_file(&mut head) => {
                return Err(Error::Dataset(
                    "the standard input is an Arrow IPC file, but must be a stream; write the streaming format, \
                     for example with pyarrow's `ipc.new_stream` or DuckDB's `FORMAT arrows`"
                        .to_owned(),
                ));
            }
            Err(_) => return Err(no_stream("its first message has no length")),
        };
        let start = head.len();
        self.read(&mut head, u64::from(length), 0)
            .map_err(|error| match error {
                error @ Error::Io { .. } => error,
                _ => no_stream("it ends in its schema"),
            })?;
        let message = root_as_message(&head[start..])
            .map_err(|_| no_stream("its first message cannot be read"))?;
        let schema = match message.header_type() {
            MessageHeader::Schema => message.header_as_schema(),
            _ => None,
        };
        let schema = schema.ok_or_else(|| no_stream("it does not begin with a schema"))?;
        let schema = try_fb_to_schema(schema)
            .map_err(|error| no_stream(&format!("its schema cannot be read: {error}")))?;
        if message.bodyLength() != 0 {
            return Err(no_stream("its schema has a body"));
        }
        self.first = Some(Buffer::from_vec(head));
        Ok(Arc::new(schema))
    }

    /// The bytes of the schema.
    pub(super) fn take_first(&mut self) -> Buffer {
        self.first.take().expect("the schema was read")
    }

    /// True if these bytes and the following ones begin the file format.
    fn is_file(&mut self, head: &mut Vec<u8>) -> bool {
        let more = FILE_MAGIC.len().saturating_sub(head.len()) as u64;
        FILE_MAGIC.starts_with(head) && self.read(head, more, 0).is_ok() && head == FILE_MAGIC
    }

    /// Reads on behind the end mark. Zeros there fill up a writer's last block; anything else would be lost.
    fn end(&mut self, rows: u64) -> Result<()> {
        let mut bytes = [0; 4_096];
        loop {
            let read = match self.reader.read(&mut bytes) {
                Ok(0) => return Ok(()),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Error::io("read", "the standard input", error)),
            };
            if bytes[..read].iter().any(|byte| *byte != 0) {
                return Err(Error::Dataset(format!(
                    "the input has more data after the end of the Arrow stream ({rows} rows), which would not be read; write \
                     all rows as one stream"
                )));
            }
            self.bytes_read += read as u64;
        }
    }

    /// The next message. `rows` were read before it, for people.
    pub(super) fn next(&mut self, rows: u64) -> Result<Frame> {
        let mut bytes = Vec::new();
        let Some(length) = self.length(&mut bytes, rows)? else {
            self.end(rows)?;
            return Ok(Frame {
                bytes: Buffer::from_vec(bytes),
                is_end: true,
            });
        };
        let start = bytes.len();
        self.read(&mut bytes, u64::from(length), rows)?;
        let message = root_as_message(&bytes[start..]).map_err(|_| {
            Error::Dataset(format!(
                "the Arrow stream is damaged after {rows} rows: a message cannot be read; write it again"
            ))
        })?;
        let body = u64::try_from(message.bodyLength()).unwrap_or(u64::MAX);
        if is_compressed(&message) {
            return Err(Error::Dataset(format!(
                "the Arrow stream is compressed (after {rows} rows), which is not supported; write it without \
                 compression, for example with pyarrow's IpcWriteOptions(compression=None)"
            )));
        }
        let body_max = self.memory_bytes / self.message_share;
        if body > body_max {
            let needed = body.saturating_mul(self.message_share);
            return Err(Error::Dataset(format!(
                "the Arrow stream has a record batch of {} after {rows} rows, above the limit of {} (--memory \
                 divided by {}); write smaller batches, or use --memory {}MiB or more",
                format_bytes(body),
                format_bytes(body_max),
                self.message_share,
                needed.div_ceil(1 << 20)
            )));
        }
        self.read(&mut bytes, body, rows)?;
        Ok(Frame {
            bytes: Buffer::from_vec(bytes),
            is_end: false,
        })
    }

    /// The length of a message's head; `None` for the end mark. Its bytes are appended.
    fn length(&mut self, bytes: &mut Vec<u8>, rows: u64) -> Result<Option<u32>> {
        self.read(bytes, 4, rows)?;
        if bytes[..4] == CONTINUATION {
            self.read(bytes, 4, rows)?;
        }
        let last = bytes.last_chunk::<4>().expect("four bytes were read");
        match u32::from_le_bytes(*last) {
            0 => Ok(None),
            length if length > HEAD_BYTES_MAX => Err(Error::Dataset(format!(
                "the Arrow stream is damaged after {rows} rows: a message header has {length} bytes, above the \
                 limit of {HEAD_BYTES_MAX}; write it again"
            ))),
            length => Ok(Some(length)),
        }
    }

    /// Appends exactly `count` bytes.
    fn read(&mut self, bytes: &mut Vec<u8>, count: u64, rows: u64) -> Result<()> {
        bytes.reserve_exact(count as usize);
        let read = (&mut self.reader).take(count).read_to_end(bytes);
        match read {
            Ok(read) if read as u64 == count => {
                self.bytes_read += count;
                Ok(())
            }
            Ok(_) => Err(Error::Dataset(format!(
                "the Arrow stream ends after {rows} rows without its end mark, so its writer stopped early; \
                 write it again, and continue with --resume"
            ))),
            Err(error) => Err(Error::io("read", "the standard input", error)),
        }
    }
}

/// True if a message's body is compressed: its length then says nothing of the memory that it takes.
fn is_compressed(message: &Message<'_>) -> bool {
    let dictionary = message.header_as_dictionary_batch();
    let batch = message.header_as_record_batch();
    let batch = batch.or_else(|| dictionary.and_then(|dictionary| dictionary.data()));
    batch.is_some_and(|batch| batch.compression().is_some())
}
