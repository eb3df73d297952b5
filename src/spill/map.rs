//! The map: a table in memory, and sorted runs on disk.

use std::path::{Path, PathBuf};

use crate::{
    error::Result,
    spill::{
        entry::check_names,
        merge::Entries,
        run::{BUFFER_BYTES, RUNS_MAX, Run, RunWriter},
        table::MemoryTable,
    },
};

/// Runs of one level that are merged into one of the next.
pub(super) const FAN_IN: usize = 16;

/// Bytes of names held in memory, for each entry allowed.
pub(super) const NAME_BYTES_MEAN_MAX: usize = 32;

/// The largest sum of all counters in memory, so that none of them overflows.
pub(super) const COUNTED_MAX: u64 = u32::MAX as u64;

/// Maps keys, hashes or numbers of one's own, to `width` counters and an optional name.
#[derive(Debug)]
pub(crate) struct SpillMap {
    width: usize,
    entries_max: usize,
    directory: PathBuf,
    table: MemoryTable,
    /// The sum of the table's counters.
    counted: u64,
    /// The key asked for last and its slot: rows of a group mostly follow each other.
    last: Option<(u64, usize)>,
    /// Oldest first; levels descend.
    pub(super) runs: Vec<Run>,
}

impl SpillMap {
    /// An empty map of at most `entries_max` entries in memory; the others go to temporary files
    /// in `directory`, which is touched only then.
    pub(crate) fn new(width: usize, entries_max: usize, directory: impl Into<PathBuf>) -> Self {
        assert!(width > 0 && entries_max > 0, "room for something");
        Self {
            width,
            entries_max,
            directory: directory.into(),
            table: MemoryTable::new(width),
            counted: 0,
            last: None,
            runs: Vec::new(),
        }
    }

    /// Adds to one of a key's counters.
    ///
    /// # Errors
    /// [`crate::error::Error::Io`] if the table was full and cannot be written.
    pub(crate) fn add(&mut self, key: u64, counter: usize, amount: u64) -> Result<()> {
        let mut left = amount;
        loop {
            let slot = self.slot(key)?;
            let part = left.min(COUNTED_MAX - self.counted);
            self.table.add(slot, counter, part as u32);
            self.counted += part;
            left -= part;
            if left == 0 {
                return Ok(());
            }
            self.flush()?;
        }
    }

    /// Names a key.
    ///
    /// # Errors
    /// [`crate::error::Error::Dataset`] if the key has another name already: two names with one hash.
    /// [`crate::error::Error::Io`] as [`Self::add`]. A clash with an entry on disk is found later.
    pub(crate) fn set_name(&mut self, key: u64, name: &str) -> Result<()> {
        let mut slot = self.slot(key)?;
        if let Some(known) = self.table.name(slot) {
            return check_names(known, name, key);
        }
        let bytes = self.table.name_bytes();
        if bytes > 0 && bytes + name.len() > self.name_bytes_max() {
            self.flush()?;
            slot = self.slot(key)?;
        }
        self.table.set_name(slot, name);
        Ok(())
    }

    /// Adds the entries of another map of the same width. Exact in any order.
    ///
    /// # Errors
    /// As [`Self::set_name`].
    pub(crate) fn merge(&mut self, mut other: Self) -> Result<()> {
        assert_eq!(self.width, other.width, "same counters");
        for run in std::mem::take(&mut other.runs) {
            self.push_run(run)?;
        }
        for slot in 0..other.table.len() {
            let key = other.table.key(slot);
            for (counter, amount) in other.table.counters(slot).enumerate() {
                self.add(key, counter, amount)?;
            }
            if let Some(name) = other.table.name(slot) {
                self.set_name(key, name)?;
            }
        }
        Ok(())
    }

    /// All entries in key order, in bounded memory.
    ///
    /// # Errors
    /// [`crate::error::Error::Io`] if a run cannot be read.
    pub(crate) fn entries(&mut self) -> Result<Entries<'_>> {
        Entries::new(&self.table, &mut self.runs, self.width)
    }

    /// True if anything went to disk.
    #[cfg(test)]
    pub(crate) fn has_spilled(&self) -> bool {
        !self.runs.is_empty()
    }

    /// Bytes held, by capacity.
    #[cfg(test)]
    pub(crate) fn heap_bytes(&self) -> usize {
        self.table.heap_bytes()
    }

    /// The most memory a map without names can take, its iteration included.
    pub(crate) fn heap_bytes_max(width: usize, entries_max: usize) -> usize {
        MemoryTable::heap_bytes_max(width, entries_max) + RUNS_MAX * BUFFER_BYTES
    }

    /// The most memory that names take in addition.
    pub(crate) fn names_heap_bytes_max(entries_max: usize) -> usize {
        MemoryTable::name_bytes_max(entries_max, entries_max * NAME_BYTES_MEAN_MAX)
    }

    /// Bytes of names in memory, but for a single one that is longer.
    fn name_bytes_max(&self) -> usize {
        (self.entries_max * NAME_BYTES_MEAN_MAX).min(u32::MAX as usize)
    }

    /// The slot of a key, of a new one if need be.
    fn slot(&mut self, key: u64) -> Result<usize> {
        if let Some((last, slot)) = self.last
            && last == key
        {
            return Ok(slot);
        }
        let slot = match self.table.find(key) {
            Some(slot) => slot,
            None => {
                if self.table.len() == self.entries_max {
                    self.flush()?;
                }
                self.table.push(key)
            }
        };
        self.last = Some((key, slot));
        Ok(slot)
    }

    /// Writes the table as a run and empties it, keeping its memory.
    fn flush(&mut self) -> Result<()> {
        let mut writer = RunWriter::create(&self.directory)?;
        for slot in self.table.sorted() {
            let slot = slot as usize;
            let (key, name) = (self.table.key(slot), self.table.name(slot));
            writer.write(key, self.table.counters(slot), name)?;
        }
        let run = writer.finish(0)?;
        self.table.clear();
        self.counted = 0;
        self.last = None;
        self.push_run(run)
    }

    /// Adds a run; as long as there are too many of one level, merges them into one of the next.
    fn push_run(&mut self, run: Run) -> Result<()> {
        let mut level = run.level;
        self.runs.push(run);
        loop {
            let same = self.runs.iter().filter(|run| run.level == level).count();
            if same < FAN_IN {
                return Ok(());
            }
            let (full, others) = std::mem::take(&mut self.runs)
                .into_iter()
                .partition(|run| run.level == level);
            self.runs = others;
            level += 1;
            let merged = merge_runs(full, self.width, level, &self.directory)?;
            self.runs.push(merged);
        }
    }
}

/// Merges runs into one.
fn merge_runs(mut runs: Vec<Run>, width: usize, level: u32, directory: &Path) -> Result<Run> {
    let mut writer = RunWriter::create(directory)?;
    let mut entries = Entries::of_runs(&mut runs, width)?;
    while let Some(entry) = entries.next_entry()? {
        writer.write(entry.key, entry.counters, entry.name.as_deref())?;
    }
    writer.finish(level)
}
