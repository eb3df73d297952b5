//! The evaluation of predictions: tables of a fixed size by split, and counts by held-out group.

use std::path::PathBuf;

use crate::{
    data::{RowBlock, Split, Task},
    error::Result,
    stats::metrics::{
        BinaryMetrics, BinaryTable, Deviation, GroupConfusion, GroupF1, MulticlassMetrics,
        MulticlassTable, RegressionMetrics, RegressionTable,
    },
};

/// The probability from which on a row counts as positive.
pub(crate) const THRESHOLD: f64 = 0.5;

/// The predictions of one split, tabled.
#[derive(Debug, Clone)]
pub(crate) enum Table {
    /// Two classes.
    Binary(BinaryTable),
    /// Several classes.
    Multiclass(MulticlassTable),
    /// A number.
    Regression(Box<RegressionTable>),
}

/// The figures of a table.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum Metrics {
    /// Two classes.
    Binary(BinaryMetrics),
    /// Several classes.
    Multiclass(MulticlassMetrics),
    /// A number.
    Regression(RegressionMetrics),
}

impl Table {
    /// An empty table.
    pub(crate) fn new(spec: &EvaluationSpec) -> Self {
        match spec.task {
            Task::Binary => Self::Binary(BinaryTable::new(THRESHOLD)),
            Task::Multiclass => Self::Multiclass(MulticlassTable::new(spec.classes)),
            Task::Regression => Self::Regression(Box::new(RegressionTable::new(
                spec.label_center,
                spec.deviation,
            ))),
        }
    }

    /// Adds rows at some indexes: margins output-major, labels a row.
    pub(crate) fn update(&mut self, margins: &[f32], labels: &[f32], at: &[u32]) {
        match self {
            Self::Binary(table) => table.update(margins, labels, Some(at)),
            Self::Multiclass(table) => table.update(margins, labels, Some(at)),
            Self::Regression(table) => table.update(margins, labels, Some(at)),
        }
    }

    /// Adds another's rows; exact in any order.
    pub(crate) fn merge(&mut self, other: &Self) {
        match (self, other) {
            (Self::Binary(table), Self::Binary(other)) => table.merge(other),
            (Self::Multiclass(table), Self::Multiclass(other)) => table.merge(other),
            (Self::Regression(table), Self::Regression(other)) => table.merge(other),
            _ => unreachable!("tables of one run are of one task"),
        }
    }

    /// The figures.
    pub(crate) fn finish(&self) -> Metrics {
        match self {
            Self::Binary(table) => Metrics::Binary(table.finish()),
            Self::Multiclass(table) => Metrics::Multiclass(table.finish()),
            Self::Regression(table) => Metrics::Regression(table.finish()),
        }
    }

    /// Bytes of a table of a task.
    pub(crate) fn bytes(task: Task, classes: usize) -> u64 {
        match task {
            Task::Binary => 1 << 20,
            Task::Multiclass => (classes as u64) << 20,
            Task::Regression => 1 << 13,
        }
    }
}

/// The indexes of a block's rows, by split.
#[derive(Debug, Clone, Default)]
pub(crate) struct BySplit {
    indexes: [Vec<u32>; 3],
}

impl BySplit {
    /// Sorts rows by their split.
    pub(crate) fn fill(&mut self, splits: &[u8]) {
        self.indexes.iter_mut().for_each(Vec::clear);
        for (row, split) in splits.iter().enumerate() {
            if let Some(indexes) = self.indexes.get_mut(usize::from(*split)) {
                indexes.push(row as u32);
            }
        }
    }

    /// The rows of a split, ascending; none of [`Split::None`].
    pub(crate) fn rows(&self, split: Split) -> &[u32] {
        self.indexes.get(split as usize).map_or(&[], Vec::as_slice)
    }
}

/// The task of an evaluation, and the bounds of its memory.
#[derive(Debug, Clone)]
pub(crate) struct EvaluationSpec {
    /// The kind of target.
    pub task: Task,
    /// The number of classes; 0 for regression.
    pub classes: usize,
    /// Any number near a regression's labels.
    pub label_center: f64,
    /// The measure that goes with a regression's loss.
    pub deviation: Deviation,
    /// True if rows have groups, whose test rows are counted apart.
    pub grouped: bool,
    /// Groups that are counted in memory.
    pub groups_max: usize,
    /// The directory that the counts of many groups spill to.
    pub spill: PathBuf,
}

impl EvaluationSpec {
    /// Bytes of one worker's tables.
    pub(crate) fn worker_bytes(&self) -> u64 {
        let groups = if self.counts_groups() {
            GroupConfusion::heap_bytes_max(self.classes, self.groups_max) as u64
        } else {
            0
        };
        3 * Table::bytes(self.task, self.classes) + groups
    }

    fn counts_groups(&self) -> bool {
        self.grouped && self.task != Task::Regression
    }
}

/// The predictions of a run, tabled by split, and the test rows by group.
#[derive(Debug)]
pub(crate) struct Evaluation {
    spec: EvaluationSpec,
    tables: [Option<Table>; 3],
    groups: Option<GroupConfusion>,
    by_split: BySplit,
}

impl Evaluation {
    /// An evaluation without rows; also what each worker starts from.
    pub(crate) fn new(spec: &EvaluationSpec) -> Self {
        let groups = spec
            .counts_groups()
            .then(|| GroupConfusion::new(spec.classes, spec.groups_max, &spec.spill));
        Self {
            spec: spec.clone(),
            tables: [None, None, None],
            groups,
            by_split: BySplit::default(),
        }
    }

    /// Adds the rows of some splits from all rows of a block with their margins, output-major.
    ///
    /// # Errors
    /// When the counts of groups cannot be spilled.
    pub(crate) fn update(
        &mut self,
        splits: &[Split],
        rows: &RowBlock<'_>,
        margins: &[f32],
    ) -> Result<()> {
        let mut by_split = std::mem::take(&mut self.by_split);
        by_split.fill(rows.split);
        for split in splits {
            self.update_at(*split, rows, margins, by_split.rows(*split))?;
        }
        self.by_split = by_split;
        Ok(())
    }

    /// Adds rows of one split, given by their indexes into labels, groups and margins.
    ///
    /// # Errors
    /// As [`Self::update`].
    pub(crate) fn update_at(
        &mut self,
        split: Split,
        rows: &RowBlock<'_>,
        margins: &[f32],
        at: &[u32],
    ) -> Result<()> {
        if at.is_empty() {
            return Ok(());
        }
        let spec = &self.spec;
        let new = || Table::new(spec);
        self.tables[split as usize]
            .get_or_insert_with(new)
            .update(margins, rows.label, at);
        match &mut self.groups {
            Some(groups) if split == Split::Test => match spec.task {
                Task::Multiclass => {
                    groups.update_multiclass(rows.group, margins, rows.label, Some(at))
                }
                _ => groups.update_binary(rows.group, margins, rows.label, THRESHOLD, Some(at)),
            },
            _ => Ok(()),
        }
    }

    /// Adds the rows of some splits from probabilities (of class 1, or of each class, output-major)
    /// and the class that was decided for each row.
    ///
    /// # Errors
    /// As [`Self::update`].
    pub(crate) fn update_decided(
        &mut self,
        splits: &[Split],
        rows: &RowBlock<'_>,
        probabilities: &[f64],
        decided: &[u32],
    ) -> Result<()> {
        let mut by_split = std::mem::take(&mut self.by_split);
        by_split.fill(rows.split);
        let spec = &self.spec;
        let new = || Table::new(spec);
        for split in splits {
            let at = by_split.rows(*split);
            if at.is_empty() {
                continue;
            }
            match self.tables[*split as usize].get_or_insert_with(new) {
                Table::Binary(table) => {
                    table.update_probabilities(probabilities, rows.label, Some(at))
                }
                Table::Multiclass(table) => {
                    table.update_probabilities(probabilities, rows.label, Some(at))
                }
                Table::Regression(_) => unreachable!("base scores are of classes"),
            }
            if let (Some(groups), Split::Test) = (&mut self.groups, split) {
                let decided = |row: usize| Some(decided[row] as usize);
                groups.update(rows.group, rows.label, Some(at), decided)?;
            }
        }
        self.by_split = by_split;
        Ok(())
    }

    /// Adds another's rows; exact in any order.
    ///
    /// # Errors
    /// As [`Self::update`].
    pub(crate) fn merge(&mut self, other: Self) -> Result<()> {
        for (table, other) in self.tables.iter_mut().zip(other.tables) {
            match (table, other) {
                (Some(table), Some(other)) => table.merge(&other),
                (table @ None, other) => *table = other,
                (Some(_), None) => {}
            }
        }
        match (&mut self.groups, other.groups) {
            (Some(groups), Some(other)) => groups.merge(other),
            _ => Ok(()),
        }
    }

    /// The figures of a split; `None` for one without rows.
    pub(crate) fn metrics(&self, split: Split) -> Option<Metrics> {
        self.tables[split as usize].as_ref().map(Table::finish)
    }

    /// The mean F1 of the test groups, where there are groups.
    ///
    /// # Errors
    /// When spilled counts cannot be read.
    pub(crate) fn group_f1(&mut self) -> Result<Option<GroupF1>> {
        self.groups.as_mut().map(GroupConfusion::finish).transpose()
    }

    /// The counts of the test groups, where there are groups.
    pub(crate) fn groups_mut(&mut self) -> Option<&mut GroupConfusion> {
        self.groups.as_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_to_their_split() {
        let mut by_split = BySplit::default();
        by_split.fill(&[0, 2, 3, 0, 1]);
        assert_eq!(by_split.rows(Split::Train), [0, 3]);
        assert_eq!(by_split.rows(Split::Test), [1]);
        assert_eq!(by_split.rows(Split::Valid), [4]);
        assert_eq!(by_split.rows(Split::None), [0u32; 0]);
    }
}
