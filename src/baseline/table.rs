//! A baseline table: how an earlier system did on each group, by kind of site.
//!
//! One or two rows a group, a TSV or CSV whatever its name says, with counts of right and wrong
//! predictions and metrics that may be null. It is small and is held whole, its cells as text, so
//! that a report can repeat the table's own columns word for word:
//!
//! ```text
//!   gene_id   TP  FP  FN  precision  f1_score  splice_type
//!   gene-1    12   1   3  0.923      0.857     donor
//!   gene-1     9   0   2  1.0        0.9       acceptor
//!   gene-2     0   0   0                       donor          <- null metrics
//! ```

use std::{
    cmp::Ordering,
    fs::{self, File},
    io::{BufReader, Read},
    path::{Path, PathBuf},
};

use crate::{
    baseline::read,
    error::{Error, Place, Result},
    limits::Limits,
};

/// What the needed columns are called. Counts are `TP`, `FP`, `FN` and, optionally, `TN`; the
/// baseline's own F1 is `f1_score`, optional too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaselineColumns {
    /// The column that names the group: the first of these that is there.
    pub groups: Vec<String>,
    /// The column that names the kind of site: the first of these that is there.
    pub sites: Vec<String>,
}

impl Default for BaselineColumns {
    fn default() -> Self {
        Self {
            groups: vec!["gene_id".to_owned()],
            sites: vec!["splice_type".to_owned(), "site_type".to_owned()],
        }
    }
}

/// Right and wrong predictions of one row; `None` in place of it where the table has nulls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BaselineCounts {
    /// Sites found (`TP`).
    pub true_positives: u64,
    /// Predicted sites that are none (`FP`).
    pub false_positives: u64,
    /// Sites missed (`FN`).
    pub false_negatives: u64,
    /// Non-sites not predicted (`TN`), where the table says.
    pub true_negatives: Option<u64>,
}

/// Where the columns that mean something are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Roles {
    pub(crate) group: usize,
    pub(crate) site: usize,
    pub(crate) true_positives: usize,
    pub(crate) false_positives: usize,
    pub(crate) false_negatives: usize,
    pub(crate) true_negatives: Option<usize>,
    pub(crate) f1: Option<usize>,
}

/// What is parsed of a row; its cells are in the table's text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Parsed {
    pub(crate) line: u64,
    pub(crate) counts: Option<BaselineCounts>,
    pub(crate) f1: Option<f64>,
}

/// A checked baseline table.
///
/// Memory: the file's text, four bytes a cell and some 80 bytes a row, together at most
/// [`Limits::baseline_bytes_max`].
#[derive(Debug, Clone, PartialEq)]
pub struct Baseline {
    pub(crate) path: PathBuf,
    pub(crate) columns: Vec<String>,
    pub(crate) roles: Roles,
    /// All cells, row after row, without anything between them.
    pub(crate) text: String,
    /// Where each cell ends in `text`.
    pub(crate) ends: Vec<u32>,
    pub(crate) rows: Vec<Parsed>,
    /// Row indexes by (group, site).
    pub(crate) sorted: Vec<u32>,
}

/// One row of a baseline table.
#[derive(Debug, Clone, Copy)]
pub struct BaselineRow<'a> {
    pub(crate) table: &'a Baseline,
    pub(crate) index: usize,
}

impl Baseline {
    /// Reads and checks a table with the usual column names ([`BaselineColumns::default`]).
    ///
    /// # Errors
    /// [`Error::Io`] for a file that cannot be read; [`Error::Input`] naming the file, line, column
    /// and value of what is wrong in it.
    pub fn open(path: impl AsRef<Path>, limits: &Limits) -> Result<Self> {
        Self::open_as(path, &BaselineColumns::default(), limits)
    }

    /// Reads and checks a table whose group and site columns have other names.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_as(
        path: impl AsRef<Path>,
        names: &BaselineColumns,
        limits: &Limits,
    ) -> Result<Self> {
        let path = path.as_ref();
        // Asked before opening: opening a pipe that nobody writes to would wait for ever.
        let metadata = fs::metadata(path).map_err(|source| Error::io("read", path, source))?;
        if !metadata.is_file() {
            return Err(Error::input(
                Place::file(path),
                "is not a file; give the path of a baseline TSV or CSV",
            ));
        }
        let file = File::open(path).map_err(|source| Error::io("read", path, source))?;
        Self::from_reader(BufReader::new(file), path, names, limits)
    }

    /// Reads and checks a table from anywhere; `path` is what messages call it.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn from_reader(
        reader: impl Read,
        path: impl Into<PathBuf>,
        names: &BaselineColumns,
        limits: &Limits,
    ) -> Result<Self> {
        let mut table = read::read(reader, path.into(), names, limits)?;
        table.sort()?;
        Ok(table)
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
        self.roles.group
    }

    /// The index of the column that names the kind of site.
    pub fn site_column(&self) -> usize {
        self.roles.site
    }

    /// The index of the baseline's own F1, where it has one.
    pub fn f1_column(&self) -> Option<usize> {
        self.roles.f1
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows; never so for a table that was opened.
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

    /// How many groups have a row.
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
            + self.rows.capacity() * size_of::<Parsed>()
    }

    pub(crate) fn row(&self, index: u32) -> BaselineRow<'_> {
        BaselineRow {
            table: self,
            index: index as usize,
        }
    }

    /// Fills `sorted`, and refuses two rows for one group and site.
    pub(crate) fn sort(&mut self) -> Result<()> {
        let mut sorted: Vec<u32> = (0..self.rows.len() as u32).collect();
        sorted.sort_unstable_by(|&left, &right| self.compare(left, right).then(left.cmp(&right)));
        let twins = sorted
            .windows(2)
            .find(|pair| self.compare(pair[0], pair[1]) == Ordering::Equal);
        if let Some(pair) = twins {
            let (first, second) = (self.row(pair[0]), self.row(pair[1]));
            return Err(Error::input(
                Place::file(&self.path).column(&self.columns[self.roles.group]),
                format!(
                    "lines {} and {} are both for `{}` and site `{}`; keep one row a group and site",
                    first.line(),
                    second.line(),
                    read::shown(first.group()),
                    read::shown(first.site()),
                ),
            ));
        }
        self.sorted = sorted;
        Ok(())
    }

    pub(crate) fn compare(&self, left: u32, right: u32) -> Ordering {
        let (left, right) = (self.row(left), self.row(right));
        (left.group(), left.site()).cmp(&(right.group(), right.site()))
    }
}

impl<'a> BaselineRow<'a> {
    /// The group's name.
    pub fn group(self) -> &'a str {
        self.cell(self.table.roles.group)
    }

    /// The kind of site.
    pub fn site(self) -> &'a str {
        self.cell(self.table.roles.site)
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
