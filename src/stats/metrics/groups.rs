//! Right and wrong decisions of each group, for any number of groups.

use std::path::PathBuf;

use crate::{
    error::Result,
    spill::{Entries, SpillMap},
};

use crate::stats::metrics::{confusion::ClassCounts, rows::rows_at};

/// Counters a class: rows of it, rows said to be of it, rows rightly said to be.
const COUNTERS: usize = 3;

/// Counts each group's decisions by class, spilling to disk beyond a bound.
#[derive(Debug)]
pub(crate) struct GroupConfusion {
    classes: usize,
    map: SpillMap,
}

/// The counts of one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GroupCounts {
    /// The group's hash.
    pub group: u64,
    /// Rows.
    pub rows: u64,
    /// Each class against the rest.
    pub classes: Vec<ClassCounts>,
}

/// The F1 of groups, averaged without weights. A group's F1 pools all classes but 0.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct GroupF1 {
    /// Groups with rows.
    pub groups: u64,
    /// Mean F1 over all groups, 0 where a group has no site and none was predicted.
    pub mean_f1: Option<f64>,
    /// Groups with a row that is not of class 0.
    pub groups_with_sites: u64,
    /// Mean F1 over those.
    pub mean_f1_with_sites: Option<f64>,
}

impl GroupCounts {
    /// The counts of all classes but 0 pooled: right if the very class was said.
    pub(crate) fn sites(&self) -> ClassCounts {
        let mut pooled = ClassCounts::default();
        for class in &self.classes[1..] {
            pooled.tp += class.tp;
            pooled.fp += class.fp;
            pooled.fn_ += class.fn_;
        }
        pooled.tn = self.classes[0].tp;
        pooled
    }
}

impl GroupConfusion {
    /// Counts of nothing. At most `groups_max` groups
    /// ([`crate::limits::Limits::groups_in_memory_max`]) are held in memory, the others in
    /// temporary files in `directory`.
    pub(crate) fn new(classes: usize, groups_max: usize, directory: impl Into<PathBuf>) -> Self {
        assert!(classes >= 2, "at least two classes");
        Self {
            classes,
            map: SpillMap::new(classes * COUNTERS, groups_max, directory),
        }
    }

    /// Adds rows of two classes by margin: class 1 is said at a margin of at least the threshold's.
    ///
    /// # Errors
    /// [`crate::error::Error::Io`] if groups must be spilled and cannot.
    pub(crate) fn update_binary(
        &mut self,
        groups: &[u64],
        margins: &[f32],
        labels: &[f32],
        threshold: f64,
        at: Option<&[u32]>,
    ) -> Result<()> {
        assert_eq!(self.classes, 2, "two classes");
        assert_eq!(margins.len(), groups.len(), "a margin a row");
        let threshold_margin = crate::stats::metrics::binary::logit(threshold);
        self.update(groups, labels, at, |row| {
            let margin = f64::from(margins[row]);
            (!margin.is_nan()).then_some(usize::from(margin >= threshold_margin))
        })
    }

    /// Adds rows whose decision is known; `decided` answers it by row, or nothing for a row that
    /// has no prediction and is left out.
    ///
    /// # Errors
    /// As [`Self::update_binary`].
    pub(crate) fn update(
        &mut self,
        groups: &[u64],
        labels: &[f32],
        at: Option<&[u32]>,
        decided: impl Fn(usize) -> Option<usize>,
    ) -> Result<()> {
        assert_eq!(groups.len(), labels.len(), "a group and a label a row");
        for row in rows_at(groups.len(), at) {
            let Some(decided) = decided(row) else {
                continue;
            };
            debug_assert!(labels[row] >= 0.0, "a row without a label is in no split");
            let class = labels[row] as usize;
            assert!(class < self.classes && decided < self.classes, "classes");
            let (group, map) = (groups[row], &mut self.map);
            map.add(group, class * COUNTERS, 1)?;
            map.add(group, decided * COUNTERS + 1, 1)?;
            map.add(group, class * COUNTERS + 2, u64::from(class == decided))?;
        }
        Ok(())
    }

    /// Adds rows of several classes by margins, output-major as in
    /// [`crate::stats::metrics::MulticlassTable::update`]; the likeliest class is said.
    ///
    /// # Errors
    /// As [`Self::update_binary`].
    pub(crate) fn update_multiclass(
        &mut self,
        groups: &[u64],
        margins: &[f32],
        labels: &[f32],
        at: Option<&[u32]>,
    ) -> Result<()> {
        let (rows, classes) = (groups.len(), self.classes);
        assert_eq!(margins.len(), rows * classes, "a margin a class and row");
        self.update(groups, labels, at, |row| {
            let mut best = 0;
            for class in 0..classes {
                let margin = margins[class * rows + row];
                if margin.is_nan() {
                    return None;
                }
                if margin > margins[best * rows + row] {
                    best = class;
                }
            }
            Some(best)
        })
    }

    /// Adds the counts of another table of the same classes. Exact in any order.
    ///
    /// # Errors
    /// As [`Self::update_binary`].
    pub(crate) fn merge(&mut self, other: Self) -> Result<()> {
        self.map.merge(other.map)
    }

    /// The groups in the order of their hashes, in bounded memory.
    ///
    /// # Errors
    /// [`crate::error::Error::Io`] if spilled groups cannot be read.
    pub(crate) fn groups(&mut self) -> Result<GroupCountsIter<'_>> {
        Ok(GroupCountsIter {
            entries: self.map.entries()?,
        })
    }

    /// The mean F1 over groups.
    ///
    /// # Errors
    /// As [`Self::groups`].
    pub(crate) fn finish(&mut self) -> Result<GroupF1> {
        let (mut groups, mut sum) = (0u64, 0.0);
        let (mut groups_with_sites, mut sum_with_sites) = (0u64, 0.0);
        let mut iter = self.groups()?;
        while let Some(counts) = iter.next_group()? {
            let sites = counts.sites();
            let f1 = sites.f1().unwrap_or(0.0);
            groups += 1;
            sum += f1;
            // Sites: rows that are not of class 0.
            if sites.tp + sites.fn_ > 0 {
                groups_with_sites += 1;
                sum_with_sites += f1;
            }
        }
        let mean = |sum: f64, groups: u64| (groups > 0).then(|| sum / groups as f64);
        Ok(GroupF1 {
            groups,
            mean_f1: mean(sum, groups),
            groups_with_sites,
            mean_f1_with_sites: mean(sum_with_sites, groups_with_sites),
        })
    }

    /// The most bytes that it can hold, iteration included.
    pub(crate) fn heap_bytes_max(classes: usize, groups_max: usize) -> usize {
        SpillMap::heap_bytes_max(classes * COUNTERS, groups_max)
    }
}

/// Groups with their counts, in the order of their hashes.
pub(crate) struct GroupCountsIter<'a> {
    entries: Entries<'a>,
}

impl GroupCountsIter<'_> {
    /// The next group.
    ///
    /// # Errors
    /// [`crate::error::Error::Io`] if spilled groups cannot be read.
    pub(crate) fn next_group(&mut self) -> Result<Option<GroupCounts>> {
        let Some(entry) = self.entries.next_entry()? else {
            return Ok(None);
        };
        let rows = entry.counters.iter().step_by(COUNTERS).sum();
        let class = |counters: &[u64]| {
            let (of_class, said, tp) = (counters[0], counters[1], counters[2]);
            ClassCounts {
                tp,
                fp: said - tp,
                fn_: of_class - tp,
                tn: rows + tp - said - of_class,
            }
        };
        Ok(Some(GroupCounts {
            group: entry.key,
            rows,
            classes: entry.counters.chunks(COUNTERS).map(class).collect(),
        }))
    }
}
