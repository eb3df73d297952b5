//! A map from 64-bit keys to counters and a name, of any size in bounded memory.
//!
//! ```text
//!   add ---> table in memory --full--> sorted run on disk --16 of a level--> one of the next
//!                    \______________________ | ______________________________/
//!                                            v
//!                                   entries in key order
//! ```
//!
//! Counters of one key add up, wherever they are, so the answer does not depend on when the table
//! was full. Runs lie in unnamed temporary files: nothing is left behind, whatever happens.

mod merge;
mod run;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    path::{Path, PathBuf},
};

use crate::error::{Error, Result};

pub use merge::Entries;
use run::{Run, RunWriter};

/// Runs of one level that are merged into one of the next.
const FAN_IN: usize = 16;

/// Bytes of names held in memory, for each entry allowed.
const NAME_BYTES_MEAN_MAX: usize = 64;

/// One key with the sum of its counters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entry {
    /// The key.
    pub key: u64,
    /// The counters.
    pub counters: Vec<u64>,
    /// The name, if one was given.
    pub name: Option<String>,
}

/// Maps keys, hashes or numbers of one's own, to `width` counters and an optional name.
#[derive(Debug)]
pub struct SpillMap {
    width: usize,
    entries_max: usize,
    directory: PathBuf,
    slots: HashMap<u64, u32, BuildHasherDefault<KeyIsHash>>,
    /// The key asked for last and its slot: rows of a group mostly follow each other.
    last: Option<(u64, u32)>,
    /// Entry `slot`'s counters are at `slot * width`.
    counters: Vec<u64>,
    names: Vec<Option<Box<str>>>,
    name_bytes: usize,
    /// Oldest first; levels descend.
    runs: Vec<Run>,
}

/// Spreads a key over the table: a hash would do as it is, but a row number has no high bits.
#[derive(Debug, Default)]
struct KeyIsHash(u64);

impl Hasher for KeyIsHash {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _bytes: &[u8]) {
        unreachable!("keys are u64");
    }
    fn write_u64(&mut self, key: u64) {
        self.0 = key.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

impl SpillMap {
    /// An empty map of at most `entries_max` entries in memory; the others go to temporary files
    /// in `directory`, which is touched only then.
    pub fn new(width: usize, entries_max: usize, directory: impl Into<PathBuf>) -> Self {
        assert!(width > 0 && entries_max > 0, "room for something");
        Self {
            width,
            entries_max,
            directory: directory.into(),
            slots: HashMap::default(),
            last: None,
            counters: Vec::new(),
            names: Vec::new(),
            name_bytes: 0,
            runs: Vec::new(),
        }
    }

    /// The counters of a key, all 0 if it is not in memory; add to them.
    ///
    /// # Errors
    /// [`Error::Io`] if the table was full and cannot be written.
    pub fn counters_mut(&mut self, key: u64) -> Result<&mut [u64]> {
        let slot = self.slot(key)?;
        Ok(&mut self.counters[slot * self.width..][..self.width])
    }

    /// Names a key.
    ///
    /// # Errors
    /// [`Error::Dataset`] if the key has another name already: two names with one hash.
    /// [`Error::Io`] as [`Self::counters_mut`]. A clash with an entry on disk is found later.
    pub fn set_name(&mut self, key: u64, name: &str) -> Result<()> {
        let slot = self.slot(key)?;
        match &self.names[slot] {
            Some(known) => check_names(known, name, key),
            None => {
                self.names[slot] = Some(name.into());
                self.name_bytes += name.len();
                if self.name_bytes > self.entries_max * NAME_BYTES_MEAN_MAX {
                    self.flush()?;
                }
                Ok(())
            }
        }
    }

    /// Whether a key is in memory with a name.
    pub fn has_name(&self, key: u64) -> bool {
        let slot = self.slots.get(&key);
        slot.is_some_and(|&slot| self.names[slot as usize].is_some())
    }

    /// Adds the entries of another map of the same width. Exact in any order.
    ///
    /// # Errors
    /// As [`Self::set_name`].
    pub fn merge(&mut self, mut other: Self) -> Result<()> {
        assert_eq!(self.width, other.width, "same counters");
        for run in std::mem::take(&mut other.runs) {
            self.push_run(run)?;
        }
        for (&key, &slot) in &other.slots {
            let slot = slot as usize;
            let theirs = &other.counters[slot * self.width..][..self.width];
            let mine = self.counters_mut(key)?;
            mine.iter_mut().zip(theirs).for_each(|(m, t)| *m += t);
            if let Some(name) = &other.names[slot] {
                self.set_name(key, name)?;
            }
        }
        Ok(())
    }

    /// All entries in key order, in bounded memory.
    ///
    /// # Errors
    /// [`Error::Io`] if a run cannot be read.
    pub fn entries(&mut self) -> Result<Entries<'_>> {
        let order = self.sorted_slots();
        Entries::new(self, order)
    }

    /// Whether anything went to disk.
    pub fn has_spilled(&self) -> bool {
        !self.runs.is_empty()
    }

    /// Bytes held, by capacity.
    pub fn heap_bytes(&self) -> usize {
        self.slots.capacity() * 17
            + self.counters.capacity() * 8
            + self.names.capacity() * size_of::<Option<Box<str>>>()
            + self.name_bytes
    }

    /// The most memory a map can take, its iteration included.
    pub fn heap_bytes_max(width: usize, entries_max: usize) -> usize {
        // A hash map holds up to 16/7 slots of 17 bytes an entry; vectors double when they grow.
        let entry_bytes = 17 * 16 / 7 + 2 * (8 * width + 16) + NAME_BYTES_MEAN_MAX + 4;
        entries_max * entry_bytes + run::RUNS_MAX * run::BUFFER_BYTES
    }

    fn slot(&mut self, key: u64) -> Result<usize> {
        match self.last {
            Some((last, slot)) if last == key => return Ok(slot as usize),
            _ => {}
        }
        if let Some(&slot) = self.slots.get(&key) {
            self.last = Some((key, slot));
            return Ok(slot as usize);
        }
        if self.names.len() == self.entries_max {
            self.flush()?;
        }
        let slot = self.names.len();
        self.slots.insert(key, slot as u32);
        self.last = Some((key, slot as u32));
        self.counters.resize((slot + 1) * self.width, 0);
        self.names.push(None);
        Ok(slot)
    }

    /// The slots in memory, by key.
    fn sorted_slots(&self) -> Vec<(u64, u32)> {
        let mut order: Vec<(u64, u32)> = self.slots.iter().map(|(&k, &s)| (k, s)).collect();
        order.sort_unstable();
        order
    }

    /// Writes the table as a run and empties it, keeping its memory.
    fn flush(&mut self) -> Result<()> {
        let mut writer = RunWriter::create(&self.directory)?;
        for (key, slot) in self.sorted_slots() {
            let slot = slot as usize;
            let counters = &self.counters[slot * self.width..][..self.width];
            writer.write(key, counters, self.names[slot].as_deref())?;
        }
        let run = writer.finish(0)?;
        self.slots.clear();
        self.last = None;
        self.counters.clear();
        self.names.clear();
        self.name_bytes = 0;
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
        writer.write(entry.key, &entry.counters, entry.name.as_deref())?;
    }
    writer.finish(level)
}

/// Refuses two names of one key.
fn check_names(known: &str, name: &str, key: u64) -> Result<()> {
    if known == name {
        return Ok(());
    }
    let (first, second) = if known < name {
        (known, name)
    } else {
        (name, known)
    };
    Err(Error::Dataset(format!(
        "the groups `{first}` and `{second}` have the same 64-bit hash {key:016x}, so they cannot be \
         told apart; rename one of them"
    )))
}
