//! The entries in memory. Each group of a table costs its key, its counters in 32 bits, its name's
//! bytes and little else: tables of groups grow with the data.

use hashbrown::HashTable;

/// Keys with counters and names, by slot, in the order of arrival.
#[derive(Debug)]
pub(super) struct MemoryTable {
    width: usize,
    /// Slots by the hashes of their keys.
    slots: HashTable<u32>,
    keys: Vec<u64>,
    /// Those of `slot` begin at `slot * width`.
    counters: Vec<u32>,
    /// Empty until there is a name.
    names: Vec<NameAt>,
    text: String,
}

/// The place of a name in the text.
#[derive(Debug, Clone, Copy)]
struct NameAt {
    first: u32,
    bytes: u32,
}

impl NameAt {
    const NONE: Self = Self {
        first: u32::MAX,
        bytes: 0,
    };
}

/// Spreads a key over the table: a hash would do as it is, but a row number has no high bits.
fn spread(key: u64) -> u64 {
    key.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// Makes room for some more items. A vector that grows by a quarter holds less than one that doubles, and
/// still copies each item a few times only.
fn make_room<T>(items: &mut Vec<T>, more: usize) {
    if items.capacity() - items.len() < more {
        items.reserve_exact(more.max(items.len() / 4));
    }
}

impl MemoryTable {
    /// An empty table with `width` counters per entry.
    pub(super) fn new(width: usize) -> Self {
        Self {
            width,
            slots: HashTable::new(),
            keys: Vec::new(),
            counters: Vec::new(),
            names: Vec::new(),
            text: String::new(),
        }
    }

    /// Entries.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Bytes of all names.
    pub(super) fn name_bytes(&self) -> usize {
        self.text.len()
    }

    /// The slot of a key.
    pub(super) fn find(&self, key: u64) -> Option<usize> {
        let is_key = |slot: &u32| self.keys[*slot as usize] == key;
        let slot = self.slots.find(spread(key), is_key)?;
        Some(*slot as usize)
    }

    /// Adds a key that is not there, with counters of 0. Returns its slot.
    pub(super) fn push(&mut self, key: u64) -> usize {
        let slot = self.keys.len();
        make_room(&mut self.keys, 1);
        self.keys.push(key);
        make_room(&mut self.counters, self.width);
        self.counters.resize((slot + 1) * self.width, 0);
        let keys = &self.keys;
        let hash_of = |slot: &u32| spread(keys[*slot as usize]);
        self.slots.insert_unique(spread(key), slot as u32, hash_of);
        slot
    }

    /// Adds to a counter.
    pub(super) fn add(&mut self, slot: usize, counter: usize, amount: u32) {
        assert!(counter < self.width, "one of the counters");
        self.counters[slot * self.width + counter] += amount;
    }

    /// The key at a slot.
    pub(super) fn key(&self, slot: usize) -> u64 {
        self.keys[slot]
    }

    /// The counters at a slot.
    pub(super) fn counters(&self, slot: usize) -> impl Iterator<Item = u64> {
        let counters = &self.counters[slot * self.width..][..self.width];
        counters.iter().map(|counter| u64::from(*counter))
    }

    /// The name at a slot, if it has one.
    pub(super) fn name(&self, slot: usize) -> Option<&str> {
        let NameAt { first, bytes } = *self.names.get(slot)?;
        (first != u32::MAX).then(|| &self.text[first as usize..][..bytes as usize])
    }

    /// Names a slot that has no name.
    pub(super) fn set_name(&mut self, slot: usize, name: &str) {
        let first = u32::try_from(self.text.len()).expect("names are bounded");
        if self.names.len() < self.keys.len() {
            let more = self.keys.len() - self.names.len();
            make_room(&mut self.names, more);
            self.names.resize(self.keys.len(), NameAt::NONE);
        }
        self.names[slot] = NameAt {
            first,
            bytes: name.len() as u32,
        };
        if self.text.capacity() - self.text.len() < name.len() {
            self.text.reserve_exact(name.len().max(self.text.len() / 4));
        }
        self.text.push_str(name);
    }

    /// The slots by key.
    pub(super) fn sorted(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.len() as u32).collect();
        order.sort_unstable_by_key(|slot| self.keys[*slot as usize]);
        order
    }

    /// Removes all entries, and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.slots.clear();
        self.keys.clear();
        self.counters.clear();
        self.names.clear();
        self.text.clear();
    }

    /// Bytes held, by capacity.
    #[cfg(test)]
    pub(super) fn heap_bytes(&self) -> usize {
        self.slots.allocation_size()
            + self.keys.capacity() * size_of::<u64>()
            + self.counters.capacity() * size_of::<u32>()
            + self.names.capacity() * size_of::<NameAt>()
            + self.text.capacity()
    }

    /// The most memory that entries can take, sorting and growing included, without their names.
    pub(super) fn heap_bytes_max(width: usize, entries_max: usize) -> usize {
        // A hash table has up to 16/7 buckets an entry, and half as many more while it grows; of the vectors
        // the widest is there twice while it does.
        let (slot, key, counters) = (size_of::<u32>() + 1, size_of::<u64>(), 4 * width);
        let entry_bytes = slot * 24 / 7 + (key + counters) * 5 / 4 + counters.max(key) + 4;
        64 + (entries_max + 8) * entry_bytes
    }

    /// The most memory that names of `text_bytes` bytes can take in addition.
    pub(super) fn name_bytes_max(entries_max: usize, text_bytes: usize) -> usize {
        entries_max * size_of::<NameAt>() * 5 / 4 + text_bytes * 9 / 4
    }
}
