//! Tables of numbers to blocks of codes.

use crate::{
    data::{PackMember, pack::pack_into},
    error::{Error, Result},
    learner::incremental::Table,
    model::{Bins, Coder},
};

/// The coders of a stream's features, and the memory that columns pass through.
#[derive(Debug)]
pub(crate) struct Coding {
    coders: Vec<Coder>,
    singles: Vec<f32>,
    doubles: Vec<f64>,
    codes: Vec<u8>,
}

impl Coding {
    /// Memory for blocks of at most `rows_max` rows.
    pub(crate) fn new(bins: &Bins, rows_max: usize) -> Self {
        Self {
            coders: bins
                .features
                .iter()
                .map(|feature| feature.binning.coder())
                .collect(),
            singles: Vec::with_capacity(rows_max),
            doubles: Vec::with_capacity(rows_max),
            codes: vec![0; rows_max],
        }
    }

    /// Refuses values that have no code: missing ones where the given bins have none for them, and
    /// numbers for a text.
    pub(crate) fn check(bins: &Bins, table: &Table<'_>) -> Result<()> {
        for (column, (feature, &radix)) in bins.features.iter().zip(&bins.radices).enumerate() {
            if feature.is_text() {
                return Err(Error::Dataset(format!(
                    "feature `{}` is text, but the table has only numbers; give its codes",
                    feature.name
                )));
            }
            let has_missing = radix > feature.binning.codes_without_missing();
            let row = if has_missing {
                None
            } else {
                table.first_nan(column)
            };
            if let Some(row) = row {
                return Err(Error::Dataset(format!(
                    "row {row} has no value of `{}`, but its bins have no code for missing values; compute the \
                     bins from rows with missing values, or let the first batches fix them",
                    feature.name
                )));
            }
        }
        Ok(())
    }

    /// Writes the codes of rows `first..first + rows`; byte column `i` starts at `i * stride`.
    pub(crate) fn code(
        &mut self,
        bins: &Bins,
        table: &Table<'_>,
        (first, rows): (usize, usize),
        stride: usize,
        out: &mut [u8],
    ) {
        for (byte_column, members) in bins.layout.byte_columns.iter().enumerate() {
            let bytes = &mut out[byte_column * stride..][..rows];
            bytes.fill(0);
            for member in members {
                self.code_column(*member, table, (first, rows));
                pack_into(&self.codes[..rows], *member, bytes);
            }
        }
    }

    fn code_column(
        &mut self,
        member: PackMember,
        table: &Table<'_>,
        (first, rows): (usize, usize),
    ) {
        let column = member.feature as usize;
        let codes = &mut self.codes[..rows];
        match table {
            Table::F32(view) => {
                self.singles.clear();
                let values = view.column(column);
                self.singles.extend(values.iter().skip(first).take(rows));
                self.coders[column].code_f32(&self.singles, codes);
            }
            Table::F64(view) => {
                self.doubles.clear();
                let values = view.column(column);
                self.doubles.extend(values.iter().skip(first).take(rows));
                self.coders[column].code_f64(&self.doubles, codes);
            }
        }
    }

    /// Bytes held, by capacity.
    pub(crate) fn heap_bytes(&self) -> usize {
        let coders: usize = self.coders.iter().map(Coder::heap_bytes).sum();
        coders + self.singles.capacity() * 4 + self.doubles.capacity() * 8 + self.codes.capacity()
    }
}
