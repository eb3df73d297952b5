//! All groups by name with their rows, classes and splits: the content of `splits.parquet`, and the proof.
//!
//! The table does not trust the assignment: it counts the split each row was really given, so a
//! group whose rows are in two splits is found whatever put them there.

use std::path::PathBuf;

use crate::{
    data::Split,
    error::{Error, Result},
    spill::{Entries, SpillMap},
};

/// Counters of a group before those of its classes: rows in train, valid, test, and in none.
const SPLITS: usize = 4;

/// Counts each group's rows by split and class, spilling to disk beyond a bound.
#[derive(Debug)]
pub(crate) struct GroupTable {
    classes: usize,
    map: SpillMap,
    /// The source of valid rows, where that is neither the assignment nor the split column alone.
    validation: Option<String>,
}

/// One group.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct GroupRow {
    /// The key's hash.
    pub group: u64,
    /// The key as the data has it; none if no name was given.
    pub name: Option<String>,
    /// The split its rows are in; none if it has only rows that are in none.
    pub split: Split,
    /// Rows in that split.
    pub rows: u64,
    /// Rows in no split (without a label).
    pub rows_unused: u64,
    /// Rows in that split by class.
    pub class_rows: Vec<u64>,
}

/// The result of the proof that no group is in two splits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct SplitProof {
    /// Groups with rows in a split.
    pub groups: u64,
    /// Groups of train, valid and test.
    pub split_groups: [u64; 3],
    /// Rows of train, valid and test.
    pub split_rows: [u64; 3],
    /// Rows in no split.
    pub rows_unused: u64,
}

impl GroupTable {
    /// A table of nothing. At most `groups_max` groups
    /// ([`crate::limits::Limits::groups_in_memory_max`]) are held in memory, the others in
    /// temporary files in `directory`. `classes` is 0 for a numeric target.
    pub(crate) fn new(classes: usize, groups_max: usize, directory: impl Into<PathBuf>) -> Self {
        Self {
            classes,
            map: SpillMap::new(SPLITS + classes, groups_max, directory),
            validation: None,
        }
    }

    /// Names the source of valid rows, for the message about a group in two splits.
    #[must_use]
    pub(crate) fn with_validation(self, validation: Option<String>) -> Self {
        Self { validation, ..self }
    }

    /// Names a group; once is enough, more often does no harm.
    ///
    /// # Errors
    /// [`Error::Dataset`] if two names have one hash, [`Error::Io`] if groups cannot be spilled.
    pub(crate) fn name(&mut self, group: u64, name: &str) -> Result<()> {
        self.map.set_name(group, name)
    }

    /// Adds rows: group hash, class index (NaN for none) and the split they were given.
    ///
    /// # Errors
    /// [`Error::Io`] if groups must be spilled and cannot.
    pub(crate) fn update(&mut self, groups: &[u64], labels: &[f32], splits: &[u8]) -> Result<()> {
        assert_eq!(groups.len(), labels.len(), "a label for each row");
        assert_eq!(groups.len(), splits.len(), "a split for each row");
        for ((&group, &label), &split) in groups.iter().zip(labels).zip(splits) {
            let split = Split::from_byte(split);
            self.map.add(group, split as usize, 1)?;
            if self.classes > 0 && split != Split::None && !label.is_nan() {
                assert!((label as usize) < self.classes, "a label is a class index");
                self.map.add(group, SPLITS + label as usize, 1)?;
            }
        }
        Ok(())
    }

    /// Adds a group as a table of the same classes had it.
    ///
    /// # Errors
    /// As [`Self::name`].
    pub(crate) fn insert(&mut self, group: &GroupRow) -> Result<()> {
        assert_eq!(group.class_rows.len(), self.classes, "same classes");
        let (key, map) = (group.group, &mut self.map);
        map.add(key, group.split as usize, group.rows)?;
        map.add(key, Split::None as usize, group.rows_unused)?;
        for (class, rows) in group.class_rows.iter().enumerate() {
            map.add(key, SPLITS + class, *rows)?;
        }
        match &group.name {
            Some(name) => self.map.set_name(group.group, name),
            None => Ok(()),
        }
    }

    /// Adds the rows of another table of the same classes. Exact in any order.
    ///
    /// # Errors
    /// As [`Self::name`].
    pub(crate) fn merge(&mut self, other: Self) -> Result<()> {
        self.map.merge(other.map)
    }

    /// The groups in the order of their hashes, in bounded memory.
    ///
    /// # Errors
    /// [`Error::Io`] if spilled groups cannot be read.
    pub(crate) fn groups(&mut self) -> Result<Groups<'_>> {
        Ok(Groups {
            entries: self.map.entries()?,
            validation: self.validation.as_deref(),
        })
    }

    /// Proves that no group is in two splits.
    ///
    /// # Errors
    /// [`Error::Dataset`] that names a group which is, or two groups with one hash.
    pub(crate) fn prove(&mut self) -> Result<SplitProof> {
        let mut proof = SplitProof::default();
        let mut groups = self.groups()?;
        while let Some(group) = groups.next_group()? {
            proof.rows_unused += group.rows_unused;
            if group.split != Split::None {
                proof.groups += 1;
                proof.split_groups[group.split as usize] += 1;
                proof.split_rows[group.split as usize] += group.rows;
            }
        }
        Ok(proof)
    }

    /// Bytes held, by capacity.
    #[cfg(test)]
    pub(crate) fn heap_bytes(&self) -> usize {
        self.map.heap_bytes()
    }

    /// The most bytes that it can hold, iteration included.
    pub(crate) fn heap_bytes_max(classes: usize, groups_max: usize) -> usize {
        SpillMap::heap_bytes_max(SPLITS + classes, groups_max)
            + SpillMap::names_heap_bytes_max(groups_max)
    }
}

/// The groups of a table in the order of their hashes.
pub(crate) struct Groups<'a> {
    entries: Entries<'a>,
    validation: Option<&'a str>,
}

impl Groups<'_> {
    /// The next group.
    ///
    /// # Errors
    /// [`Error::Io`] if spilled groups cannot be read, [`Error::Dataset`] if a group is in two
    /// splits or two groups have one hash.
    pub(crate) fn next_group(&mut self) -> Result<Option<GroupRow>> {
        let Some(entry) = self.entries.next_entry()? else {
            return Ok(None);
        };
        let (splits, classes) = entry.counters.split_at(SPLITS);
        let mut used = Split::ALL.into_iter().filter(|&s| splits[s as usize] > 0);
        let split = used.next().unwrap_or(Split::None);
        if let Some(second) = used.next() {
            let name = entry.name.unwrap_or_else(|| format!("{:016x}", entry.key));
            let source = match self.validation {
                Some(source) if [split, second].contains(&Split::Valid) => {
                    format!(
                        "its validation rows are in {source}, the others in the dataset; remove the group from \
                         one of them,"
                    )
                }
                _ => "all rows of a group must be in one split, so correct the split column"
                    .to_owned(),
            };
            return Err(Error::Dataset(format!(
                "group `{name}` is in two splits: {} of its rows are in {} and {} in {}; {source} or choose \
                 another --group-col",
                splits[split as usize],
                split.name(),
                splits[second as usize],
                second.name()
            )));
        }
        let rows = if split == Split::None {
            0
        } else {
            splits[split as usize]
        };
        Ok(Some(GroupRow {
            group: entry.key,
            name: entry.name,
            split,
            rows,
            rows_unused: splits[Split::None as usize],
            class_rows: classes.to_vec(),
        }))
    }
}

#[cfg(test)]
mod tests;
