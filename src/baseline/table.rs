//! The table: cells as text, figures, and an index by group and site.

use std::{
    cmp::Ordering,
    path::{Path, PathBuf},
};

use crate::{
    baseline::{
        columns::ColumnIndexes,
        row::{BaselineCounts, RowFigures},
        shown::shown,
    },
    error::{Error, Place, Result},
};

/// A checked baseline table.
///
/// Memory: the file's text, four bytes a cell and some 80 bytes a row, together at most
/// [`crate::limits::Limits::baseline_bytes_max`].
#[derive(Debug, Clone, PartialEq)]
pub struct Baseline {
    path: PathBuf,
    columns: Vec<String>,
    indexes: ColumnIndexes,
    /// All cells, row after row, without anything between them.
    text: String,
    /// The end of each cell in `text`.
    ends: Vec<u32>,
    rows: Vec<RowFigures>,
    /// Row indexes by (group, site).
    sorted: Vec<u32>,
}

/// One row of a baseline table.
#[derive(Debug, Clone, Copy)]
pub struct BaselineRow<'a> {
    table: &'a Baseline,
    index: usize,
}

impl Baseline {
    /// A table without rows.
    pub(super) fn new(path: PathBuf, columns: Vec<String>, indexes: ColumnIndexes) -> Self {
        Self {
            path,
            columns,
            indexes,
            text: String::new(),
            ends: Vec::new(),
            rows: Vec::new(),
            sorted: Vec::new(),
        }
    }

    /// Appends a row: its cells in the order of the columns, and their figures.
    pub(super) fn push<'a>(
        &mut self,
        cells: impl IntoIterator<Item = &'a str>,
        figures: RowFigures,
    ) {
        for cell in cells {
            self.text.push_str(cell);
            self.ends.push(self.text.len() as u32);
        }
        self.rows.push(figures);
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names of the columns, in the file's order.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The index of the column that names the group.
    pub fn group_column(&self) -> usize {
        self.indexes.group
    }

    /// The index of the column that names the kind of site.
    pub fn site_column(&self) -> usize {
        self.indexes.site
    }

    /// The index of the baseline's own F1, where it has one.
    pub fn f1_column(&self) -> Option<usize> {
        self.indexes.f1
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// True without rows; never so for a table that was opened.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows of a group, ordered by site. O(log rows).
    pub fn rows_of<'a>(&'a self, group: &str) -> impl Iterator<Item = BaselineRow<'a>> + use<'a> {
        let start = self
            .sorted
            .partition_point(|&index| self.row(index).group() < group);
        let rows = self.sorted[start..].partition_point(|&index| self.row(index).group() == group);
        self.sorted[start..][..rows]
            .iter()
            .map(|&index| self.row(index))
    }

    /// The row of a group and site. O(log rows).
    pub fn row_of(&self, group: &str, site: &str) -> Option<BaselineRow<'_>> {
        self.rows_of(group).find(|row| row.site() == site)
    }

    /// The number of groups.
    pub fn groups(&self) -> usize {
        let changes = self
            .sorted
            .windows(2)
            .filter(|pair| self.row(pair[0]).group() != self.row(pair[1]).group())
            .count();
        changes + usize::from(!self.sorted.is_empty())
    }

    /// The kinds of site there are, sorted.
    pub fn sites(&self) -> Vec<&str> {
        let mut sites: Vec<&str> = Vec::new();
        for index in 0..self.rows.len() {
            let site = self.row(index as u32).site();
            if let Err(place) = sites.binary_search(&site) {
                sites.insert(place, site);
            }
        }
        sites
    }

    /// Bytes held, by capacity.
    pub fn heap_bytes(&self) -> usize {
        let names: usize = self.columns.iter().map(String::capacity).sum();
        names
            + self.columns.capacity() * size_of::<String>()
            + self.text.capacity()
            + (self.ends.capacity() + self.sorted.capacity()) * size_of::<u32>()
            + self.rows.capacity() * size_of::<RowFigures>()
    }

    fn row(&self, index: u32) -> BaselineRow<'_> {
        BaselineRow {
            table: self,
            index: index as usize,
        }
    }

    /// Fills `sorted`, and refuses two rows for one group and site.
    pub(super) fn sort(&mut self) -> Result<()> {
        let mut sorted: Vec<u32> = (0..self.rows.len() as u32).collect();
        sorted.sort_unstable_by(|&left, &right| self.compare(left, right).then(left.cmp(&right)));
        let twins = sorted
            .windows(2)
            .find(|pair| self.compare(pair[0], pair[1]) == Ordering::Equal);
        if let Some(pair) = twins {
            let (first, second) = (self.row(pair[0]), self.row(pair[1]));
            return Err(Error::input(
                Place::file(&self.path).column(&self.columns[self.indexes.group]),
                format!(
                    "lines {} and {} are both for `{}` and site `{}`; keep one row for each group and site",
                    first.line(),
                    second.line(),
                    shown(first.group()),
                    shown(first.site()),
                ),
            ));
        }
        self.sorted = sorted;
        Ok(())
    }

    fn compare(&self, left: u32, right: u32) -> Ordering {
        let (left, right) = (self.row(left), self.row(right));
        (left.group(), left.site()).cmp(&(right.group(), right.site()))
    }
}

impl<'a> BaselineRow<'a> {
    /// The group's name.
    pub fn group(self) -> &'a str {
        self.cell(self.table.indexes.group)
    }

    /// The kind of site.
    pub fn site(self) -> &'a str {
        self.cell(self.table.indexes.site)
    }

    /// The line of the file it starts on, from 1.
    pub fn line(self) -> u64 {
        self.table.rows[self.index].line
    }

    /// Its counts; `None` where they are null.
    pub fn counts(self) -> Option<BaselineCounts> {
        self.table.rows[self.index].counts
    }

    /// The baseline's own F1; `None` where it is null or the table has no such column.
    pub fn f1(self) -> Option<f64> {
        self.table.rows[self.index].f1
    }

    /// A cell as the file has it, quotes removed.
    pub fn cell(self, column: usize) -> &'a str {
        assert!(column < self.table.columns.len());
        let cell = self.index * self.table.columns.len() + column;
        let start = match cell {
            0 => 0,
            _ => self.table.ends[cell - 1] as usize,
        };
        &self.table.text[start..self.table.ends[cell] as usize]
    }

    /// All cells, in the order of the columns.
    pub fn cells(self) -> impl Iterator<Item = &'a str> {
        (0..self.table.columns.len()).map(move |column| self.cell(column))
    }
}
