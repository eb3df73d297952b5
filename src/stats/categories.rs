//! Counts of the text values of a column, bounded in values and bytes.

use std::collections::HashMap;

use crate::{
    data::{TextValues, batch::MISSING_TEXT},
    error::{Error, Result},
    text::size::format_bytes,
};

/// Bytes a tracked value may take on average, so that long values are bounded too.
const VALUE_BYTES_MEAN_MAX: usize = 64;

/// Counts the values of one text column.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct CategoryCounts {
    counts: HashMap<Box<str>, u64>,
    missing: u64,
    tracked_max: usize,
    tracked_bytes: usize,
    /// Rows of each value of the batch's dictionary; empty between calls.
    #[serde(skip)]
    batch_counts: Vec<u64>,
}

/// The dictionary a categorical feature keeps.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Categories {
    /// The most frequent values and their rows: by rows descending, then by name.
    pub kept: Vec<(String, u64)>,
    /// Rows of the values that were not kept.
    pub other_rows: u64,
    /// Rows without a value.
    pub missing_rows: u64,
    /// Distinct values seen.
    pub distinct: u64,
}

impl CategoryCounts {
    /// Counts of nothing; at most `tracked_max` distinct values will be tracked
    /// ([`crate::limits::Limits::categories_tracked_max`]).
    pub fn new(tracked_max: usize) -> Self {
        Self {
            counts: HashMap::new(),
            missing: 0,
            tracked_max,
            tracked_bytes: 0,
            batch_counts: Vec::new(),
        }
    }

    /// Adds the rows of a batch, or those at some indexes.
    ///
    /// # Errors
    /// [`Error::Dataset`] naming the column if it has too many distinct values to be a category.
    pub fn update(
        &mut self,
        column: &str,
        values: &TextValues,
        indexes: Option<&[u32]>,
    ) -> Result<()> {
        let mut batch_counts = std::mem::take(&mut self.batch_counts);
        batch_counts.clear();
        batch_counts.resize(values.dictionary_len(), 0);
        let mut add = |id: u32| match batch_counts.get_mut(id as usize) {
            Some(count) => *count += 1,
            None => {
                debug_assert_eq!(id, MISSING_TEXT);
                self.missing += 1;
            }
        };
        match indexes {
            Some(indexes) => indexes.iter().for_each(|&i| add(values.ids[i as usize])),
            None => values.ids.iter().for_each(|&id| add(id)),
        }
        for (id, &rows) in batch_counts.iter().enumerate() {
            if rows > 0 {
                self.add(column, values.value(id as u32), rows)?;
            }
        }
        self.batch_counts = batch_counts;
        Ok(())
    }

    /// Adds the counts of another part of the same column. Exact in any order.
    ///
    /// # Errors
    /// As [`Self::update`].
    pub fn merge(&mut self, column: &str, other: &Self) -> Result<()> {
        self.missing += other.missing;
        for (value, &rows) in &other.counts {
            self.add(column, value, rows)?;
        }
        Ok(())
    }

    /// The `kept_max` most frequent values ([`crate::limits::Limits::categories_kept_max`]).
    pub fn finish(&self, kept_max: usize) -> Categories {
        let mut all: Vec<(&str, u64)> = self.counts.iter().map(|(v, &n)| (&**v, n)).collect();
        all.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        let (kept, others) = all.split_at(kept_max.min(all.len()));
        Categories {
            kept: kept.iter().map(|&(v, n)| (v.to_owned(), n)).collect(),
            other_rows: others.iter().map(|&(_, rows)| rows).sum(),
            missing_rows: self.missing,
            distinct: all.len() as u64,
        }
    }

    /// Bytes held, by capacity.
    pub fn heap_bytes(&self) -> usize {
        let entry_bytes = size_of::<(Box<str>, u64)>() + 1;
        self.counts.capacity() * entry_bytes
            + self.tracked_bytes
            + self.batch_counts.capacity() * size_of::<u64>()
    }

    /// The most bytes that they can hold.
    pub fn heap_bytes_max(tracked_max: usize) -> usize {
        // A hash map holds up to 16/7 slots an entry.
        tracked_max * ((size_of::<(Box<str>, u64)>() + 1) * 16 / 7 + VALUE_BYTES_MEAN_MAX)
    }

    fn add(&mut self, column: &str, value: &str, rows: u64) -> Result<()> {
        if let Some(count) = self.counts.get_mut(value) {
            *count += rows;
            return Ok(());
        }
        let bytes_max = self.tracked_max * VALUE_BYTES_MEAN_MAX;
        if self.counts.len() == self.tracked_max || self.tracked_bytes + value.len() > bytes_max {
            return Err(Error::Dataset(format!(
                "column `{column}` has more than {} distinct text values (or {} of them), too many \
                 to be a category; leave it out with --exclude {column}",
                self.tracked_max,
                format_bytes(bytes_max as u64),
            )));
        }
        self.tracked_bytes += value.len();
        self.counts.insert(value.into(), rows);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(values: &[Option<&str>]) -> TextValues {
        let mut text = TextValues::default();
        for value in values {
            let known =
                (0..text.dictionary_len() as u32).find(|&id| Some(text.value(id)) == *value);
            let id = match (known, value) {
                (Some(id), _) => id,
                (None, Some(value)) => text.push_value(value),
                (None, None) => MISSING_TEXT,
            };
            text.ids.push(id);
        }
        text
    }

    fn counts(tracked_max: usize, values: &[Option<&str>]) -> Result<CategoryCounts> {
        let mut counts = CategoryCounts::new(tracked_max);
        counts.update("strand", &batch(values), None)?;
        Ok(counts)
    }

    #[test]
    fn keeps_the_most_frequent_and_breaks_ties_by_name() {
        let values = [Some("b"), None, Some("c"), Some("a"), Some("c"), Some("")];
        let categories = counts(10, &values).expect("few values").finish(3);
        let kept: Vec<(&str, u64)> = categories.kept.iter().map(|(v, n)| (&**v, *n)).collect();
        assert_eq!(kept, [("c", 2), ("", 1), ("a", 1)]);
        assert_eq!((categories.other_rows, categories.missing_rows), (1, 1));
        assert_eq!(categories.distinct, 4);
    }

    #[test]
    fn counts_only_the_selected_rows() {
        let text = batch(&[Some("a"), Some("b"), None, Some("a")]);
        let mut counts = CategoryCounts::new(10);
        counts
            .update("c", &text, Some(&[0, 2]))
            .expect("few values");
        let categories = counts.finish(254);
        assert_eq!(categories.kept, [("a".to_owned(), 1)]);
        assert_eq!(categories.missing_rows, 1);
    }

    #[test]
    fn merging_is_commutative_and_has_an_identity() {
        let a = counts(10, &[Some("x"), Some("y"), None]).expect("few");
        let b = counts(10, &[Some("y"), Some("z")]).expect("few");
        let merged = |left: &CategoryCounts, right: &CategoryCounts| {
            let mut merged = left.clone();
            merged.merge("c", right).expect("few");
            merged.finish(254)
        };
        assert_eq!(merged(&a, &b), merged(&b, &a));
        assert_eq!(merged(&a, &CategoryCounts::new(10)), a.finish(254));
        assert_eq!(merged(&CategoryCounts::new(10), &a), a.finish(254));
    }

    #[test]
    fn too_many_values_name_the_column_and_the_option() {
        let error = counts(2, &[Some("a"), Some("b"), Some("c")]).expect_err("three values");
        let message = error.to_string();
        assert!(
            message.contains("column `strand` has more than 2"),
            "{message}"
        );
        assert!(message.contains("--exclude strand"), "{message}");

        let long = "x".repeat(200);
        counts(2, &[Some(&long)]).expect_err("more bytes than two values may have");
    }
}
