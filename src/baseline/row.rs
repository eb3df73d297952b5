//! The figures of a row: counts and F1, parsed and checked.

use std::path::Path;

use crate::{
    baseline::{columns::ColumnIndexes, shown::shown},
    error::{Error, Place, Result},
};

/// Cells that mean null, as pandas, polars, R and SQL write them.
const NULLS: [&str; 10] = [
    "", "null", "NULL", "NaN", "nan", "NA", "N/A", "<NA>", "None", "none",
];

/// The largest count: integers up to here survive a spreadsheet's floats.
const COUNT_MAX: f64 = (1u64 << 53) as f64;

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

/// The figures of a row; its cells are in the table's text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct RowFigures {
    pub(super) line: u64,
    pub(super) counts: Option<BaselineCounts>,
    pub(super) f1: Option<f64>,
}

/// A parser of rows under one header.
pub(super) struct RowParser<'a> {
    pub(super) path: &'a Path,
    pub(super) columns: &'a [String],
    pub(super) indexes: ColumnIndexes,
}

impl RowParser<'_> {
    /// Checks the used cells of a row.
    pub(super) fn parse(&self, record: &csv::StringRecord, line: u64) -> Result<RowFigures> {
        assert!(record.len() == self.columns.len());
        for column in [self.indexes.group, self.indexes.site] {
            if NULLS.contains(&record[column].trim()) {
                return Err(self.wrong(line, column, "is empty; fill it or remove the row"));
            }
        }
        let true_positives = self.count(record, line, self.indexes.true_positives)?;
        let false_positives = self.count(record, line, self.indexes.false_positives)?;
        let false_negatives = self.count(record, line, self.indexes.false_negatives)?;
        let true_negatives = match self.indexes.true_negatives {
            Some(column) => self.count(record, line, column)?,
            None => None,
        };
        let counts = match (true_positives, false_positives, false_negatives) {
            (Some(true_positives), Some(false_positives), Some(false_negatives)) => {
                Some(BaselineCounts {
                    true_positives,
                    false_positives,
                    false_negatives,
                    true_negatives,
                })
            }
            (None, None, None) => None,
            (tp, fp, _) => {
                let column = match (tp, fp) {
                    (None, _) => self.indexes.true_positives,
                    (_, None) => self.indexes.false_positives,
                    _ => self.indexes.false_negatives,
                };
                return Err(self.wrong(
                    line,
                    column,
                    "is null, but another count is not; fill TP, FP and FN, or leave all three empty",
                ));
            }
        };
        let f1 = match self.indexes.f1 {
            Some(column) => self.share(record, line, column)?,
            None => None,
        };
        Ok(RowFigures { line, counts, f1 })
    }

    /// A whole number, also written `12.0`; `None` for null.
    fn count(&self, record: &csv::StringRecord, line: u64, column: usize) -> Result<Option<u64>> {
        let cell = record[column].trim();
        if NULLS.contains(&cell) {
            return Ok(None);
        }
        match cell.parse::<f64>() {
            Ok(value) if value.fract() == 0.0 && (0.0..=COUNT_MAX).contains(&value) => {
                Ok(Some(value as u64))
            }
            _ => Err(self.wrong(
                line,
                column,
                &format!(
                    "is `{}`, which is not a count; write a whole number",
                    shown(cell)
                ),
            )),
        }
    }

    /// A number from 0 to 1; `None` for null.
    fn share(&self, record: &csv::StringRecord, line: u64, column: usize) -> Result<Option<f64>> {
        let cell = record[column].trim();
        if NULLS.contains(&cell) {
            return Ok(None);
        }
        match cell.parse::<f64>() {
            Ok(value) if value.is_nan() => Ok(None),
            Ok(value) if (0.0..=1.0).contains(&value) => Ok(Some(value)),
            _ => Err(self.wrong(
                line,
                column,
                &format!(
                    "is `{}`; write a number from 0 to 1, or leave it empty",
                    shown(cell)
                ),
            )),
        }
    }

    fn wrong(&self, line: u64, column: usize, message: &str) -> Error {
        let place = Place::file(self.path).column(&self.columns[column]);
        Error::input(place, format!("line {line} {message}"))
    }
}
