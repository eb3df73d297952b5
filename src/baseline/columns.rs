//! The columns of a baseline table that are used.

use std::path::Path;

use crate::{
    baseline::shown::shown,
    error::{Error, Place, Result},
};

/// The names of the needed columns. Counts are `TP`, `FP`, `FN` and, optionally, `TN`; the
/// baseline's own F1 is `f1_score`, optional too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaselineColumns {
    /// The column that names the group: the first of these that the table has.
    pub groups: Vec<String>,
    /// The column that names the kind of site: the first of these that the table has.
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

/// The indexes of the used columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ColumnIndexes {
    pub(super) group: usize,
    pub(super) site: usize,
    pub(super) true_positives: usize,
    pub(super) false_positives: usize,
    pub(super) false_negatives: usize,
    pub(super) true_negatives: Option<usize>,
    pub(super) f1: Option<usize>,
}

impl ColumnIndexes {
    /// Finds the used columns in the header.
    pub(super) fn find(columns: &[String], names: &BaselineColumns, path: &Path) -> Result<Self> {
        let index_of = |name: &str| -> Result<Option<usize>> {
            let mut found = (0..columns.len()).filter(|&index| columns[index] == name);
            let first = found.next();
            match found.next() {
                Some(_) => Err(Error::input(
                    Place::file(path).column(name),
                    "occurs twice in the header; rename or remove one of them",
                )),
                None => Ok(first),
            }
        };
        let mut missing: Vec<String> = Vec::new();
        let group = first_of(&names.groups, &index_of)?;
        if group.is_none() {
            missing.push(quoted(&names.groups));
        }
        let mut needed = |name: &str| -> Result<usize> {
            let found = index_of(name)?;
            if found.is_none() {
                missing.push(format!("`{name}`"));
            }
            Ok(found.unwrap_or_default())
        };
        let true_positives = needed("TP")?;
        let false_positives = needed("FP")?;
        let false_negatives = needed("FN")?;
        let site = first_of(&names.sites, &index_of)?;
        if site.is_none() {
            missing.push(quoted(&names.sites));
        }
        let (Some(group), Some(site), true) = (group, site, missing.is_empty()) else {
            return Err(Error::input(
                Place::file(path),
                format!(
                    "lacks the column {}; a baseline table needs a group, a site and the counts TP, \
                     FP and FN, and this one has {}",
                    missing.join(", "),
                    shown(&columns.join(", "))
                ),
            ));
        };
        Ok(Self {
            group,
            site,
            true_positives,
            false_positives,
            false_negatives,
            true_negatives: index_of("TN")?,
            f1: index_of("f1_score")?,
        })
    }
}

/// The first of some names that is a column.
fn first_of(
    names: &[String],
    index_of: &impl Fn(&str) -> Result<Option<usize>>,
) -> Result<Option<usize>> {
    for name in names {
        if let Some(found) = index_of(name)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn quoted(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(" or ")
}
