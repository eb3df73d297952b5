//! The rows of the design matrix, filled from a batch.

use std::{collections::HashMap, ops::Range};

use crate::{
    data::{TextValues, TileRows, Values, batch::MISSING_TEXT},
    model::{Column, Reading},
    transform::standardize::design::{Design, DesignRows, FeatureColumns},
};

impl Design {
    /// Looks at the columns of a batch, in any order, from which rows can then be taken.
    pub fn view<'a>(&'a self, columns: &'a [(usize, Values)]) -> DesignView<'a> {
        let find = |source: &'a FeatureColumns| {
            let (_, values) = columns
                .iter()
                .find(|(schema_column, _)| *schema_column == source.schema_column)
                .expect("the batch has every column of the design");
            let places = match values {
                Values::Text(text) => places_of(text, &source.places),
                Values::F32(_) | Values::F64(_) => Vec::new(),
            };
            ViewColumn {
                source,
                values,
                places,
            }
        };
        DesignView {
            design: self,
            columns: self.sources.iter().map(find).collect(),
        }
    }
}

/// The place of each value of a batch's dictionary, [`MISSING_TEXT`] for those without one.
fn places_of(text: &TextValues, places: &HashMap<String, u32>) -> Vec<u32> {
    (0..text.dictionary_len())
        .map(|id| {
            let place = places.get(text.value(id as u32));
            place.copied().unwrap_or(MISSING_TEXT)
        })
        .collect()
}

/// A batch's columns, matched to the design.
#[derive(Debug)]
pub struct DesignView<'a> {
    design: &'a Design,
    columns: Vec<ViewColumn<'a>>,
}

#[derive(Debug)]
struct ViewColumn<'a> {
    source: &'a FeatureColumns,
    values: &'a Values,
    places: Vec<u32>,
}

impl DesignView<'_> {
    /// Writes the design of the given rows of the batch (indexes, ascending). O(rows * columns).
    pub fn fill(&self, rows: &[u32], tile: &mut TileRows<'_>) {
        assert_eq!(tile.features(), self.design.len(), "features of the tile");
        assert_eq!(tile.rows(), rows.len(), "rows of the tile");
        let Some((first, last)) = rows.first().zip(rows.last()) else {
            return;
        };
        assert!(first <= last, "rows ascend");
        let window = *first as usize..*last as usize + 1;
        for ViewColumn {
            source,
            values,
            places,
        } in &self.columns
        {
            let filled = source.first_column..source.first_column + source.columns;
            match values {
                Values::F32(values) => {
                    self.fill_numbers(&values[window.clone()], rows, filled, tile);
                }
                Values::F64(values) => {
                    self.fill_numbers(&values[window.clone()], rows, filled, tile);
                }
                Values::Text(text) => {
                    let ids = &text.ids[window.clone()];
                    let last = self.design.columns[filled.end - 1].reading;
                    indicate_rows(ids, rows, places, source, tile);
                    if last == Reading::Missing {
                        let out = tile.column_mut(filled.end - 1);
                        fill_rows(ids, rows, out, |id| f32::from(u8::from(id == MISSING_TEXT)));
                    }
                }
            }
        }
    }

    /// Fills the columns of a number from the values `rows[0]..` of the batch.
    fn fill_numbers<T: Copy + Into<f64>>(
        &self,
        values: &[T],
        rows: &[u32],
        columns: Range<usize>,
        tile: &mut TileRows<'_>,
    ) {
        let missing = match self.design.rows {
            DesignRows::Training => 0.0,
            DesignRows::Later => f32::NAN,
        };
        for index in columns {
            let column = &self.design.columns[index];
            fill_column(values, rows, column, missing, tile.column_mut(index));
        }
    }
}

/// Fills a column of a number: standardised with `missing` where it is missing, or where it is missing.
fn fill_column<T: Copy + Into<f64>>(
    values: &[T],
    rows: &[u32],
    column: &Column,
    missing: f32,
    out: &mut [f32],
) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the one precondition is that the processor has AVX2.
        #[allow(unsafe_code)]
        unsafe {
            fill_column_avx2(values, rows, column, missing, out);
        }
        return;
    }
    fill_column_portable(values, rows, column, missing, out);
}

/// The portable twin compiled for wider registers: the same operations, so the same bits.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn fill_column_avx2<T: Copy + Into<f64>>(
    values: &[T],
    rows: &[u32],
    column: &Column,
    missing: f32,
    out: &mut [f32],
) {
    fill_column_portable(values, rows, column, missing, out);
}

#[inline(always)]
fn fill_column_portable<T: Copy + Into<f64>>(
    values: &[T],
    rows: &[u32],
    column: &Column,
    missing: f32,
    out: &mut [f32],
) {
    if column.reading == Reading::Missing {
        return fill_rows(values, rows, out, |value| {
            f32::from(u8::from(!value.into().is_finite()))
        });
    }
    let (mean, scale) = (column.mean, 1.0 / column.sd);
    fill_rows(values, rows, out, |value| {
        let value: f64 = value.into();
        let scaled = ((value - mean) * scale) as f32;
        if value.is_finite() { scaled } else { missing }
    });
}

/// Maps `values[row - rows[0]]` for each row: without gaps as a vectorised run, else gathered.
#[inline(always)]
fn fill_rows<T: Copy>(values: &[T], rows: &[u32], out: &mut [f32], map: impl Fn(T) -> f32) {
    if values.len() == rows.len() {
        for (out, value) in out.iter_mut().zip(values) {
            *out = map(*value);
        }
    } else {
        let first = rows[0];
        for (out, row) in out.iter_mut().zip(rows) {
            *out = map(values[(row - first) as usize]);
        }
    }
}

/// Sets the indicators of `ids[row - rows[0]]` for each row.
fn indicate_rows(
    ids: &[u32],
    rows: &[u32],
    places: &[u32],
    source: &FeatureColumns,
    tile: &mut TileRows<'_>,
) {
    for column in 0..source.columns {
        tile.column_mut(source.first_column + column).fill(0.0);
    }
    let first = rows[0];
    for (index, row) in rows.iter().enumerate() {
        let id = ids[(row - first) as usize];
        if id == MISSING_TEXT {
            continue;
        }
        let place = places[id as usize];
        if place != MISSING_TEXT {
            tile.column_mut(source.first_column + place as usize)[index] = 1.0;
        }
    }
}
