//! A run: entries sorted by key in an unnamed temporary file.
//!
//! An entry is: key u64, the counters u64 each, the name's bytes + 1 as u32 (0 for no name), name.
//! All little-endian.

use std::{
    fs::File,
    io::{BufReader, BufWriter, Read, Seek, Write},
    path::{Path, PathBuf},
};

use crate::{
    error::{Error, Result},
    spill::entry::Entry,
};

/// Bytes of a run's buffer while it is written or read.
pub(super) const BUFFER_BYTES: usize = 64 << 10;

/// Runs open at once: 15 of each of four levels and the one being merged, which is 2^16 times the
/// entries in memory.
pub(super) const RUNS_MAX: usize = 64;

/// A sorted run on disk.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) level: u32,
    pub(super) file: File,
    entries: u64,
    directory: PathBuf,
}

/// Writes a run.
pub(super) struct RunWriter {
    writer: BufWriter<File>,
    entries: u64,
    directory: PathBuf,
}

/// Reads a run, one entry at a time.
pub(super) struct RunReader<'a> {
    reader: BufReader<&'a mut File>,
    left: u64,
    width: usize,
    directory: &'a Path,
}

impl RunWriter {
    pub(super) fn create(directory: &Path) -> Result<Self> {
        let file = tempfile::tempfile_in(directory)
            .map_err(|error| Error::io("create a temporary file in", directory, error))?;
        Ok(Self {
            writer: BufWriter::with_capacity(BUFFER_BYTES, file),
            entries: 0,
            directory: directory.to_path_buf(),
        })
    }

    pub(super) fn write(
        &mut self,
        key: u64,
        counters: impl IntoIterator<Item = u64>,
        name: Option<&str>,
    ) -> Result<()> {
        self.entries += 1;
        self.write_bytes(key, counters, name)
            .map_err(|error| Error::io("write a temporary file in", &self.directory, error))
    }

    fn write_bytes(
        &mut self,
        key: u64,
        counters: impl IntoIterator<Item = u64>,
        name: Option<&str>,
    ) -> std::io::Result<()> {
        let writer = &mut self.writer;
        writer.write_all(&key.to_le_bytes())?;
        for counter in counters {
            writer.write_all(&counter.to_le_bytes())?;
        }
        let tag = name.map_or(0, |name| name.len() as u32 + 1);
        writer.write_all(&tag.to_le_bytes())?;
        writer.write_all(name.unwrap_or_default().as_bytes())
    }

    pub(super) fn finish(self, level: u32) -> Result<Run> {
        let Self {
            writer,
            entries,
            directory,
        } = self;
        let file = writer.into_inner().map_err(|error| {
            Error::io("write a temporary file in", &directory, error.into_error())
        })?;
        Ok(Run {
            level,
            file,
            entries,
            directory,
        })
    }
}

impl Run {
    /// A reader at the first entry.
    pub(super) fn read(&mut self, width: usize) -> Result<RunReader<'_>> {
        let directory = self.directory.as_path();
        self.file
            .rewind()
            .map_err(|error| Error::io("read a temporary file in", directory, error))?;
        Ok(RunReader {
            reader: BufReader::with_capacity(BUFFER_BYTES, &mut self.file),
            left: self.entries,
            width,
            directory,
        })
    }
}

impl RunReader<'_> {
    /// The next entry, if there is one.
    pub(super) fn next_entry(&mut self) -> Result<Option<Entry>> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let entry = self
            .read_entry()
            .map_err(|error| Error::io("read a temporary file in", self.directory, error))?;
        Ok(Some(entry))
    }

    fn read_entry(&mut self) -> std::io::Result<Entry> {
        let key = self.read_u64()?;
        let counters = (0..self.width).map(|_| self.read_u64());
        let counters = counters.collect::<std::io::Result<Vec<u64>>>()?;
        let mut tag = [0; 4];
        self.reader.read_exact(&mut tag)?;
        let name = match u32::from_le_bytes(tag) {
            0 => None,
            length => {
                let mut bytes = vec![0; length as usize - 1];
                self.reader.read_exact(&mut bytes)?;
                Some(String::from_utf8(bytes).map_err(std::io::Error::other)?)
            }
        };
        Ok(Entry {
            key,
            counters,
            name,
        })
    }

    fn read_u64(&mut self) -> std::io::Result<u64> {
        let mut bytes = [0; 8];
        self.reader.read_exact(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }
}
