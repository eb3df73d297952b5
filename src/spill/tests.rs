use std::collections::BTreeMap;

use crate::spill::{
    Entry, SpillMap,
    map::{COUNTED_MAX, FAN_IN, NAME_BYTES_MEAN_MAX},
    table::MemoryTable,
};

/// A key that is as good as a hash.
fn key(i: u64) -> u64 {
    i.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (i << 7)
}

fn all(map: &mut SpillMap) -> Vec<Entry> {
    let mut entries = map.entries().expect("temporary files can be read");
    let mut all = Vec::new();
    while let Some(entry) = entries.next_entry().expect("temporary files can be read") {
        all.push(entry);
    }
    all
}

/// Adds `rows` rows over `keys` keys, naming every other key, to the map and to its naive twin.
fn fill(map: &mut SpillMap, twin: &mut BTreeMap<u64, Entry>, rows: u64, keys: u64) {
    for row in 0..rows {
        let i = row * 7 % keys;
        map.add(key(i), (row % 2) as usize, row)
            .expect("a directory to write to");
        let entry = twin.entry(key(i)).or_insert_with(|| Entry {
            key: key(i),
            counters: vec![0; 2],
            name: None,
        });
        entry.counters[(row % 2) as usize] += row;
        if i.is_multiple_of(2) {
            let name = format!("group {i}");
            map.set_name(key(i), &name).expect("one name a key");
            entry.name = Some(name);
        }
    }
}

#[test]
fn any_bound_gives_what_a_map_in_memory_gives() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    for (entries_max, spills) in [(1_000, false), (100, true), (7, true), (1, true)] {
        let mut map = SpillMap::new(2, entries_max, directory.path());
        let mut twin = BTreeMap::new();
        fill(&mut map, &mut twin, 2_000, 501);
        assert_eq!(map.has_spilled(), spills, "{entries_max}");
        assert_eq!(all(&mut map), twin.values().cloned().collect::<Vec<_>>());
        // Reading changes nothing.
        assert_eq!(all(&mut map).len(), 501);
        let left = std::fs::read_dir(directory.path())
            .expect("a directory")
            .count();
        assert_eq!(left, 0, "temporary files have no name");
    }
}

#[test]
fn runs_and_memory_stay_within_their_bounds() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut map = SpillMap::new(2, 10, directory.path());
    fill(&mut map, &mut BTreeMap::new(), 20_000, 5_003);
    assert!(map.runs.len() <= 4 * (FAN_IN - 1), "{}", map.runs.len());
    let bytes_max = SpillMap::heap_bytes_max(2, 10) + SpillMap::names_heap_bytes_max(10);
    assert!(map.heap_bytes() <= bytes_max);
}

#[test]
fn a_table_in_memory_stays_within_its_bound() {
    for entries in [1, 57, 900, 14_337] {
        let mut map = SpillMap::new(6, entries, "/nonexistent/rowmill");
        for i in 0..entries as u64 {
            map.add(key(i), 0, 1).expect("room in memory");
            map.set_name(key(i), "ENSG00000139618")
                .expect("one name a key");
        }
        let bytes_max = MemoryTable::heap_bytes_max(6, entries)
            + MemoryTable::name_bytes_max(entries, entries * NAME_BYTES_MEAN_MAX);
        assert!(
            map.heap_bytes() <= bytes_max,
            "{entries}: {} > {bytes_max}",
            map.heap_bytes()
        );
    }
}

#[test]
fn merging_is_commutative_and_has_an_identity() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let make = |rows, keys| {
        let mut map = SpillMap::new(2, 50, directory.path());
        fill(&mut map, &mut BTreeMap::new(), rows, keys);
        map
    };
    let merged = |mut left: SpillMap, right: SpillMap| {
        left.merge(right).expect("a directory to write to");
        all(&mut left)
    };
    let forwards = merged(make(900, 301), make(100, 40));
    assert_eq!(forwards, merged(make(100, 40), make(900, 301)));
    let alone = all(&mut make(900, 301));
    assert_eq!(alone, merged(make(900, 301), make(0, 1)));
    assert_eq!(alone, merged(make(0, 1), make(900, 301)));
}

#[test]
fn two_names_of_one_key_are_an_error_in_memory_and_on_disk() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut map = SpillMap::new(1, 1, directory.path());
    map.set_name(5, "BRCA2").expect("the first name");
    let error = map.set_name(5, "BRCA1").expect_err("the second name");
    assert!(error.to_string().contains("`BRCA1` and `BRCA2`"), "{error}");

    map.set_name(6, "TP53").expect("flushes the first");
    map.set_name(5, "BRCA1").expect("the clash is on disk");
    let mut entries = map.entries().expect("temporary files can be read");
    let error = entries.next_entry().expect_err("two names");
    assert!(error.to_string().contains("same 64-bit hash"), "{error}");
}

#[test]
fn long_names_are_bounded_too() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut map = SpillMap::new(1, 100, directory.path());
    for i in 0..50 {
        map.set_name(key(i), &"n".repeat(1_000))
            .expect("one name a key");
    }
    assert!(map.has_spilled());
    assert_eq!(all(&mut map).len(), 50);
}

#[test]
fn counters_grow_beyond_what_one_in_memory_holds() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut map = SpillMap::new(2, 100, directory.path());
    let amounts = [
        (7, 0, COUNTED_MAX),
        (7, 0, 1),
        (8, 1, 3 * COUNTED_MAX + 5),
        (7, 1, 2),
    ];
    for (key, counter, amount) in amounts {
        map.add(key, counter, amount)
            .expect("a directory to write to");
    }
    let counters: Vec<Vec<u64>> = all(&mut map)
        .into_iter()
        .map(|entry| entry.counters)
        .collect();
    assert_eq!(counters, [[COUNTED_MAX + 1, 2], [0, 3 * COUNTED_MAX + 5]]);
}

#[test]
fn a_directory_that_cannot_be_written_is_an_error_with_its_path() {
    let mut map = SpillMap::new(1, 1, "/nonexistent/rowmill");
    map.add(1, 0, 1).expect("room for one");
    let error = map.add(2, 0, 1).expect_err("nowhere to spill");
    assert!(
        error.to_string().contains("/nonexistent/rowmill"),
        "{error}"
    );
}

#[test]
fn a_run_that_was_cut_short_is_an_error() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut map = SpillMap::new(1, 1, directory.path());
    for i in 0..3 {
        map.add(key(i), 0, 1).expect("a directory to write to");
    }
    map.runs[1].file.set_len(3).expect("our own file");
    let error = map.entries().map(|_| ()).expect_err("half an entry");
    assert!(
        error.to_string().contains("cannot read a temporary file"),
        "{error}"
    );
}
