//! One column chunk's compressed bytes: read once into a recycled buffer, or, when it is large,
//! a page at a time by positioned reads. Offsets are the file's.
//!
//! Owners: the lane owns the buffer; the chunk and every page cut from it share it while a column
//! is read; the lane takes it back when they are gone.

use std::{
    borrow::Cow,
    io::{self, Read},
    sync::Arc,
};

use bytes::Bytes;
use parquet::{
    errors::{ParquetError, Result},
    file::reader::{ChunkReader, Length},
};

use crate::platform::PositionedFile;

/// Larger chunks are read a page at a time.
pub(super) const CHUNK_IN_MEMORY_BYTES_MAX: u64 = 8 << 20;

/// Bytes that a header is looked for in, when it has to be read.
const WINDOW_BYTES: usize = 4 << 10;

/// The place of a chunk in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ChunkRange {
    /// The first byte.
    pub(super) start: u64,
    /// Bytes.
    pub(super) length: u64,
}

impl ChunkRange {
    pub(super) fn end(self) -> u64 {
        self.start + self.length
    }
}

/// A buffer that one chunk after the other uses.
#[derive(Debug, Default)]
pub(super) struct ChunkBuffer {
    bytes: Arc<Vec<u8>>,
}

impl ChunkBuffer {
    /// Fills the buffer with a chunk. If pages of the last chunk are still alive, a new buffer is
    /// allocated.
    fn fill(&mut self, file: &PositionedFile, range: ChunkRange) -> io::Result<Bytes> {
        let length = range.length as usize;
        if Arc::get_mut(&mut self.bytes).is_none() {
            self.bytes = Arc::default();
        }
        let buffer = Arc::get_mut(&mut self.bytes).expect("the only owner");
        if buffer.len() < length {
            buffer.clear();
            buffer.resize(length, 0);
        }
        file.read_exact_at(&mut buffer[..length], range.start)?;
        Ok(Bytes::from_owner(LentBuffer {
            bytes: Arc::clone(&self.bytes),
            length,
        }))
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.bytes.capacity()
    }
}

/// A buffer's first bytes while a chunk uses them.
struct LentBuffer {
    bytes: Arc<Vec<u8>>,
    length: usize,
}

impl AsRef<[u8]> for LentBuffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// A column chunk that pages can be cut from.
#[derive(Debug)]
pub(super) enum Chunk {
    /// All of it is in memory.
    Memory { range: ChunkRange, bytes: Bytes },
    /// Read as pages are asked for.
    File {
        range: ChunkRange,
        file: PositionedFile,
    },
}

impl Chunk {
    /// Reads a chunk, or prepares to.
    pub(super) fn open(
        file: &PositionedFile,
        range: ChunkRange,
        buffer: &mut ChunkBuffer,
    ) -> io::Result<Self> {
        if range.length > CHUNK_IN_MEMORY_BYTES_MAX {
            let file = file.clone();
            return Ok(Self::File { range, file });
        }
        let bytes = buffer.fill(file, range)?;
        Ok(Self::Memory { range, bytes })
    }

    pub(super) fn range(&self) -> ChunkRange {
        match self {
            Self::Memory { range, .. } | Self::File { range, .. } => *range,
        }
    }

    /// At least `length` bytes from `offset` on, fewer only at the chunk's end.
    pub(super) fn window(&self, offset: u64, length: usize) -> io::Result<Cow<'_, [u8]>> {
        let range = self.range();
        assert!(range.start <= offset && offset <= range.end());
        match self {
            Self::Memory { bytes, .. } => {
                Ok(Cow::Borrowed(&bytes[(offset - range.start) as usize..]))
            }
            Self::File { file, .. } => {
                let length = (length as u64).min(range.end() - offset);
                let mut window = vec![0; length as usize];
                file.read_exact_at(&mut window, offset)?;
                Ok(Cow::Owned(window))
            }
        }
    }

    /// Refuses what lies outside the chunk.
    fn check(&self, offset: u64, length: u64) -> Result<()> {
        let range = self.range();
        let end = offset.checked_add(length);
        if offset < range.start || end.is_none_or(|end| end > range.end()) {
            return Err(ParquetError::EOF(format!(
                "{length} bytes at offset {offset} lie outside the column chunk at {}..{}",
                range.start,
                range.end()
            )));
        }
        Ok(())
    }
}

impl Length for Chunk {
    fn len(&self) -> u64 {
        self.range().end()
    }
}

impl ChunkReader for Chunk {
    type T = ChunkRead;

    fn get_read(&self, start: u64) -> Result<ChunkRead> {
        self.check(start, 0)?;
        Ok(match self {
            Self::Memory { range, bytes } => ChunkRead::Memory {
                bytes: bytes.slice((start - range.start) as usize..),
            },
            Self::File { range, file } => ChunkRead::File {
                file: file.clone(),
                offset: start,
                end: range.end(),
                window: Vec::new(),
                at: 0,
            },
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        self.check(start, length as u64)?;
        match self {
            Self::Memory { range, bytes } => {
                let start = (start - range.start) as usize;
                Ok(bytes.slice(start..start + length))
            }
            Self::File { file, .. } => {
                let mut page = vec![0; length];
                file.read_exact_at(&mut page, start)?;
                Ok(page.into())
            }
        }
    }
}

/// Reads a header from somewhere in a chunk.
pub(super) enum ChunkRead {
    /// The rest of the chunk.
    Memory { bytes: Bytes },
    /// A small window of the file that moves on as it is used up.
    File {
        file: PositionedFile,
        offset: u64,
        end: u64,
        window: Vec<u8>,
        at: usize,
    },
}

impl Read for ChunkRead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Memory { bytes } => {
                let read = buffer.len().min(bytes.len());
                buffer[..read].copy_from_slice(&bytes[..read]);
                *bytes = bytes.slice(read..);
                Ok(read)
            }
            Self::File {
                file,
                offset,
                end,
                window,
                at,
            } => {
                if *at == window.len() {
                    let length = (*end - *offset).min(WINDOW_BYTES as u64);
                    window.resize(length as usize, 0);
                    file.read_exact_at(window, *offset)?;
                    *offset += length;
                    *at = 0;
                }
                let read = buffer.len().min(window.len() - *at);
                buffer[..read].copy_from_slice(&window[*at..*at + read]);
                *at += read;
                Ok(read)
            }
        }
    }
}
