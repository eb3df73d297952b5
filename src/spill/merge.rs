//! The entries of several sorted sources as one sorted sequence.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, binary_heap::PeekMut},
};

use crate::{
    error::Result,
    spill::{
        entry::{Entry, check_names},
        run::{Run, RunReader},
        table::MemoryTable,
    },
};

/// Entries of a map in key order. The map is borrowed meanwhile.
pub(crate) struct Entries<'a> {
    sources: Vec<EntrySource<'a>>,
    /// The head of each source that is not exhausted, by (key, source).
    heads: BinaryHeap<Reverse<Head>>,
}

enum EntrySource<'a> {
    Memory(MemoryEntries<'a>),
    Run(RunReader<'a>),
}

/// The table in memory, in key order.
struct MemoryEntries<'a> {
    order: std::vec::IntoIter<u32>,
    table: &'a MemoryTable,
}

struct Head {
    entry: Entry,
    source: usize,
}

impl Head {
    fn rank(&self) -> (u64, usize) {
        (self.entry.key, self.source)
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }
}

impl Eq for Head {}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl EntrySource<'_> {
    fn next_entry(&mut self) -> Result<Option<Entry>> {
        match self {
            Self::Memory(entries) => Ok(entries.next_entry()),
            Self::Run(reader) => reader.next_entry(),
        }
    }
}

impl MemoryEntries<'_> {
    fn next_entry(&mut self) -> Option<Entry> {
        let slot = self.order.next()? as usize;
        Some(Entry {
            key: self.table.key(slot),
            counters: self.table.counters(slot).collect(),
            name: self.table.name(slot).map(str::to_owned),
        })
    }
}

impl<'a> Entries<'a> {
    /// The entries of a table in memory and of the runs that it was spilled to.
    pub(super) fn new(table: &'a MemoryTable, runs: &'a mut [Run], width: usize) -> Result<Self> {
        let memory = MemoryEntries {
            order: table.sorted().into_iter(),
            table,
        };
        let mut sources = vec![EntrySource::Memory(memory)];
        for run in runs {
            sources.push(EntrySource::Run(run.read(width)?));
        }
        Self::of_sources(sources)
    }

    pub(super) fn of_runs(runs: &'a mut [Run], width: usize) -> Result<Self> {
        let readers = runs
            .iter_mut()
            .map(|run| run.read(width).map(EntrySource::Run));
        Self::of_sources(readers.collect::<Result<Vec<_>>>()?)
    }

    fn of_sources(mut sources: Vec<EntrySource<'a>>) -> Result<Self> {
        let mut heads = BinaryHeap::with_capacity(sources.len());
        for (source, entries) in sources.iter_mut().enumerate() {
            if let Some(entry) = entries.next_entry()? {
                heads.push(Reverse(Head { entry, source }));
            }
        }
        Ok(Self { sources, heads })
    }

    /// The next entry, its counters summed over all sources.
    ///
    /// # Errors
    /// [`crate::error::Error::Io`] if a run cannot be read, [`crate::error::Error::Dataset`] if a key has two
    /// names.
    pub(crate) fn next_entry(&mut self) -> Result<Option<Entry>> {
        let Some(mut merged) = self.pop()? else {
            return Ok(None);
        };
        while self
            .heads
            .peek()
            .is_some_and(|head| head.0.entry.key == merged.key)
        {
            let Some(entry) = self.pop()? else { break };
            for (sum, counter) in merged.counters.iter_mut().zip(&entry.counters) {
                *sum += counter;
            }
            match (&merged.name, entry.name) {
                (Some(known), Some(name)) => check_names(known, &name, merged.key)?,
                (None, name) => merged.name = name,
                (Some(_), None) => {}
            }
        }
        Ok(Some(merged))
    }

    /// Takes the smallest head and moves its source on.
    fn pop(&mut self) -> Result<Option<Entry>> {
        let Some(mut head) = self.heads.peek_mut() else {
            return Ok(None);
        };
        match self.sources[head.0.source].next_entry()? {
            Some(next) => Ok(Some(std::mem::replace(&mut head.0.entry, next))),
            None => Ok(Some(PeekMut::pop(head).0.entry)),
        }
    }
}
