//! The standardised design matrix of linear models: which columns it has, and how raw values fill it.
//!
//! A numeric feature gives one column `(x - mean) / sd`; missing and infinite values stand at the mean,
//! which is 0. A text feature gives an indicator for each of its most frequent categories; any other
//! text, and a missing one, is 0 in all of them. A feature may have one more column, which is 1 where
//! it is missing (or infinite). What does not vary in training is left out.

use std::{collections::HashMap, ops::Range};

use crate::{
    data::{TextValues, TileRows, Values, batch::MISSING_TEXT},
    error::{Error, Result},
    model::{Binning, Column, FeatureSpec, Linear, Link, Reading},
};

/// What training knows of a feature.
#[derive(Debug, Clone, PartialEq)]
pub enum Summary {
    /// Of the finite values; of none of them, whatever `mean` and `sd` are, if `min > max`.
    Numeric {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        sd: f64,
        /// Smallest.
        min: f64,
        /// Largest.
        max: f64,
    },
    /// The categories in the order of their codes, most frequent first.
    Categorical {
        /// At most [`crate::limits::Limits::categories_kept_max`] of them.
        values: Vec<String>,
    },
}

/// A feature that may enter the design.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// Index into the model's features.
    pub feature: u32,
    /// Index into the schema: where batches have the values.
    pub schema_column: usize,
    /// What training knows of it.
    pub summary: Summary,
    /// Whether it gets a column that says where it is missing.
    pub missing_indicator: bool,
}

/// A feature that is not in the design, and why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftOut {
    /// Index into the model's features.
    pub feature: u32,
    /// The reason, for `features.csv`.
    pub reason: &'static str,
}

/// The columns that one feature fills: `first_column..first_column + columns`.
#[derive(Debug, Clone)]
struct Source {
    schema_column: usize,
    first_column: usize,
    columns: usize,
    /// A category's place among the feature's columns; empty for numbers.
    places: HashMap<String, u32>,
}

/// A map from raw columns to the design matrix; fixed once training statistics are known.
#[derive(Debug, Clone)]
pub struct Design {
    columns: Vec<Column>,
    sources: Vec<Source>,
    left_out: Vec<LeftOut>,
    rows: Rows,
}

/// Which rows a design is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rows {
    /// Those that it was made from: what does not vary is left out, what is missing stands at the mean.
    Known,
    /// Later ones too, which a learner standardises by what it has seen: numbers that do not vary yet
    /// stay, and what is missing stays so.
    Later,
}

impl Design {
    /// The design of the given features, in their order, with at most `categories_max` indicators each.
    ///
    /// # Errors
    /// [`Error::Dataset`] when no feature varies.
    pub fn new(inputs: &[Input], categories_max: u32) -> Result<Self> {
        Self::of(inputs, categories_max, Rows::Known)
    }

    /// The same for a learner that goes on with rows of which nothing is known yet: numbers that have not
    /// varied so far have a column too, and a missing number is NaN in its column.
    ///
    /// # Errors
    /// [`Error::Dataset`] when there is no column.
    pub fn for_later_rows(inputs: &[Input], categories_max: u32) -> Result<Self> {
        Self::of(inputs, categories_max, Rows::Later)
    }

    /// The design of a model's columns, for later rows. `schema_columns` is where batches have each
    /// feature.
    pub fn of_model(linear: &Linear, features: &[FeatureSpec], schema_columns: &[usize]) -> Self {
        let mut design = Self::empty(Rows::Later);
        for columns in linear
            .columns
            .chunk_by(|one, next| one.feature == next.feature)
        {
            let feature = columns[0].feature as usize;
            let is_category = |column: &Column| matches!(column.reading, Reading::Category(_));
            let places = match &features[feature].binning {
                Binning::Categorical { values, .. } => {
                    let kept = columns.iter().filter(|column| is_category(column)).count();
                    let places = values[..kept].iter().cloned().zip(0..);
                    places.collect()
                }
                Binning::Numeric { .. } => HashMap::new(),
            };
            design.sources.push(Source {
                schema_column: schema_columns[feature],
                first_column: design.columns.len(),
                columns: columns.len(),
                places,
            });
            design.columns.extend(columns);
        }
        design
    }

    fn empty(rows: Rows) -> Self {
        Self {
            columns: Vec::new(),
            sources: Vec::new(),
            left_out: Vec::new(),
            rows,
        }
    }

    fn of(inputs: &[Input], categories_max: u32, rows: Rows) -> Result<Self> {
        let mut design = Self::empty(rows);
        for input in inputs {
            let feature = input.feature;
            match design.add(input, categories_max as usize) {
                Ok(()) => {}
                Err(reason) => design.left_out.push(LeftOut { feature, reason }),
            }
        }
        if design.columns.is_empty() {
            return Err(Error::Dataset(format!(
                "none of the {} features varies in the training rows; a linear model has nothing to \
                 learn from, check --exclude and the split",
                inputs.len()
            )));
        }
        Ok(design)
    }

    fn add(&mut self, input: &Input, categories_max: usize) -> Result<(), &'static str> {
        let first_column = self.columns.len();
        let mut places = HashMap::new();
        let mut varies = Ok(());
        match &input.summary {
            Summary::Numeric { mean, sd, min, max } => {
                match number(input.feature, *mean, *sd, *min, *max) {
                    Ok(column) => self.columns.push(column),
                    Err(_) if self.rows == Rows::Later => {
                        let mean = if min <= max && mean.is_finite() {
                            *mean
                        } else {
                            0.0
                        };
                        self.columns.push(unscaled(input.feature, mean));
                    }
                    Err(reason) => varies = Err(reason),
                }
            }
            Summary::Categorical { values } => {
                let kept = values.len().min(categories_max).min(usize::from(u8::MAX));
                if kept == 0 {
                    varies = Err("no value in any training row");
                }
                for (code, value) in values[..kept].iter().enumerate() {
                    places.insert(value.clone(), code as u32);
                    let reading = Reading::Category(code as u8);
                    self.columns.push(indicator(input.feature, reading));
                }
            }
        }
        if input.missing_indicator {
            let column = indicator(input.feature, Reading::Missing);
            self.columns.push(column);
        } else {
            varies?;
        }
        self.sources.push(Source {
            schema_column: input.schema_column,
            first_column,
            columns: self.columns.len() - first_column,
            places,
        });
        Ok(())
    }

    /// The columns, those of a feature together.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// How many columns, the intercept's ones apart.
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// Whether there are none; never, once constructed.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The features that are not in the design.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// The schema columns that a pass has to read, in the order of the design.
    pub fn schema_columns(&self) -> impl Iterator<Item = usize> + '_ {
        self.sources.iter().map(|source| source.schema_column)
    }

    /// Looks at the columns of a batch, in any order, from which rows can then be taken.
    pub fn view<'a>(&'a self, columns: &'a [(usize, Values)]) -> DesignView<'a> {
        let find = |source: &'a Source| {
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

    /// The model of this design with coefficients by output, then by column.
    pub fn linear(&self, link: Link, intercepts: &[f64], coefficients: &[Vec<f64>]) -> Linear {
        assert_eq!(intercepts.len(), coefficients.len(), "outputs");
        for output in coefficients {
            assert_eq!(output.len(), self.len(), "coefficients of an output");
        }
        Linear {
            outputs: intercepts.len(),
            link,
            columns: self.columns.clone(),
            intercepts: intercepts.to_vec(),
            coefficients: coefficients.concat(),
        }
    }
}

/// The column of a number, or why there is none.
fn number(feature: u32, mean: f64, sd: f64, min: f64, max: f64) -> Result<Column, &'static str> {
    if min > max || mean.is_nan() {
        return Err("no finite value in any training row");
    }
    if min == max || sd == 0.0 {
        return Err("constant in the training rows");
    }
    let scalable = mean.is_finite() && sd.is_finite() && sd > 0.0 && (1.0 / sd).is_finite();
    if !scalable {
        return Err("values too large or too small to standardise");
    }
    Ok(Column {
        feature,
        reading: Reading::Number,
        mean,
        sd,
        imputation: mean,
    })
}

/// The column of a number of which too little is known to scale it.
fn unscaled(feature: u32, mean: f64) -> Column {
    Column {
        feature,
        reading: Reading::Number,
        mean,
        sd: 1.0,
        imputation: mean,
    }
}

fn indicator(feature: u32, reading: Reading) -> Column {
    Column {
        feature,
        reading,
        mean: 0.0,
        sd: 1.0,
        imputation: 0.0,
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
    source: &'a Source,
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
            Rows::Known => 0.0,
            Rows::Later => f32::NAN,
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
    source: &Source,
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

#[cfg(test)]
mod tests;
