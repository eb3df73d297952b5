//! The inputs of the assignment of rows to splits.

use std::path::Path;

use crate::{
    group::assign::Shares,
    pipeline::{
        open::{target::Target, validation::Validation},
        options::SplitRule,
    },
};

/// The source of the splits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum SplitSource {
    /// The hashes of groups.
    Groups { rule: SplitRule, shares: Shares },
    /// A column of the data; the scan has written it.
    Column,
}

/// The inputs of the assignment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AssignSpec<'a> {
    pub(crate) source: SplitSource,
    /// The target, for class names.
    pub target: &'a Target,
    /// The classes were declared, and some may have no rows.
    pub classes_declared: bool,
    /// The rows of `--val-dir`, which are valid rows whatever the source.
    pub validation: Option<&'a Validation>,
    /// Seed of split and sample.
    pub seed: u64,
    /// Training rows of the sample, about.
    pub sample_rows: u64,
    /// Rows have groups.
    pub grouped: bool,
    /// Groups held in memory.
    pub groups_max: usize,
    /// The directory to which more groups spill.
    pub spill: &'a Path,
}
