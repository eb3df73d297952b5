//! Linear predictions, a feature at a time, so that no caller needs all columns at once.

use std::sync::Arc;

use crate::{
    data::Values,
    limits::CODES_MAX as CODES,
    model::{
        coder::Coder,
        features::FeatureSpec,
        linear::{Column, Linear, Reading},
    },
};

/// A linear model with its working memory.
///
/// For each slice: [`start`](Self::start), [`add`](Self::add) every used feature,
/// [`finish_into`](Self::finish_into). Sums are f64 and in the model's order of features, whatever the
/// order of the calls: a feature ahead of its turn is buffered, at 8 bytes per row and output. So the
/// margins are the same bits however rows are cut into slices.
#[derive(Debug, Clone)]
pub(crate) struct LinearPredictor {
    linear: Arc<Linear>,
    features: Vec<FeatureTerm>,
    /// The features with columns in the design, ascending.
    used: Vec<usize>,
    /// Rows of the slice that each used feature has so far.
    rows_added: Vec<usize>,
    /// Index into `used` of the feature that adds to `sums`; all before it are complete.
    turn: usize,
    rows: usize,
    /// Output-major margins so far.
    sums: Vec<f64>,
    /// Terms of features ahead of their turn, by index into `used`.
    waiting: Vec<(usize, Vec<f64>)>,
    /// Buffers of earlier waiting terms, for later ones.
    spare: Vec<Vec<f64>>,
    codes: Vec<u8>,
}

/// One feature's part in the margins.
#[derive(Debug, Clone)]
enum FeatureTerm {
    /// No part.
    Unused,
    /// Its columns of the design, the first of which is at this index.
    Number { first: usize, columns: usize },
    /// Its indicators: the term of each code and output, output-major, 256 a stretch.
    Text { coder: Coder, terms: Vec<f64> },
}

impl LinearPredictor {
    /// Prepares a sound model (a loaded one is checked).
    pub(crate) fn new(linear: Arc<Linear>, features: &[FeatureSpec]) -> Self {
        let mut terms = Vec::with_capacity(features.len());
        let mut used = Vec::new();
        let mut first = 0;
        for (index, feature) in features.iter().enumerate() {
            let rest = &linear.columns[first..];
            let columns = rest
                .iter()
                .take_while(|column| column.feature as usize == index)
                .count();
            if columns > 0 {
                used.push(index);
            }
            terms.push(match columns {
                0 => FeatureTerm::Unused,
                _ if feature.is_text() => FeatureTerm::Text {
                    coder: feature.binning.coder(),
                    terms: text_terms(&linear, first, columns, feature.binning.missing_code()),
                },
                _ => FeatureTerm::Number { first, columns },
            });
            first += columns;
        }
        assert_eq!(first, linear.columns.len(), "columns in feature order");
        Self {
            linear,
            features: terms,
            rows_added: vec![0; used.len()],
            used,
            turn: 0,
            rows: 0,
            sums: Vec::new(),
            waiting: Vec::new(),
            spare: Vec::new(),
            codes: Vec::new(),
        }
    }

    /// Margins of a row.
    pub(crate) fn outputs(&self) -> usize {
        self.linear.outputs
    }

    /// The features that the margins depend on, ascending.
    pub(crate) fn used_features(&self) -> &[usize] {
        &self.used
    }

    /// Begins a slice.
    pub(crate) fn start(&mut self, rows: usize) {
        self.rows = rows;
        self.turn = 0;
        self.rows_added.fill(0);
        self.spare
            .extend(self.waiting.drain(..).map(|(_, terms)| terms));
        self.sums.clear();
        for intercept in &self.linear.intercepts {
            self.sums.resize(self.sums.len() + rows, *intercept);
        }
        self.codes.resize(rows, 0);
    }

    /// Adds a feature's values in some rows of the slice, from `first_row` on. Features may be added in any
    /// order; every row needs each used feature once. An unused feature changes nothing.
    ///
    /// # Panics
    /// If rows are outside the slice or added twice, or the column's type is wrong.
    pub(crate) fn add(&mut self, feature: usize, first_row: usize, values: &Values) {
        assert!(first_row + values.len() <= self.rows, "rows of the slice");
        let Ok(place) = self.used.binary_search(&feature) else {
            return;
        };
        self.rows_added[place] += values.len();
        assert!(self.rows_added[place] <= self.rows, "each row once");
        if place != self.turn {
            self.let_wait(place);
        }
        let own = self.waiting.iter_mut().find(|(other, _)| *other == place);
        let sums = own.map_or(&mut self.sums, |(_, terms)| terms);
        self.features[feature].add_to(
            &self.linear,
            values,
            &mut self.codes[..values.len()],
            (first_row, self.rows),
            sums,
        );
        self.take_turns();
    }

    /// The slice's margins, output-major.
    ///
    /// # Panics
    /// If a used feature lacks rows, or `margins` is not `outputs * rows` long.
    pub(crate) fn finish_into(&mut self, margins: &mut [f32]) {
        assert!(
            self.rows_added.iter().all(|rows| *rows == self.rows),
            "every used feature was added"
        );
        assert_eq!(margins.len(), self.sums.len(), "a margin a row and output");
        for (margin, sum) in margins.iter_mut().zip(&self.sums) {
            *margin = *sum as f32;
        }
    }

    /// Bytes held, by capacity; the shared part is counted in every clone.
    pub(crate) fn heap_bytes(&self) -> usize {
        let terms: usize = self.features.iter().map(FeatureTerm::heap_bytes).sum();
        let waiting = self.waiting.iter().map(|(_, terms)| terms);
        let waiting: usize = waiting.chain(&self.spare).map(Vec::capacity).sum();
        self.linear.heap_bytes()
            + terms
            + self.features.capacity() * size_of::<FeatureTerm>()
            + (self.used.capacity() + self.rows_added.capacity()) * size_of::<usize>()
            + (self.sums.capacity() + waiting) * size_of::<f64>()
            + self.codes.capacity()
    }

    /// Gives a feature a buffer of its own, unless it has one.
    fn let_wait(&mut self, place: usize) {
        if self.waiting.iter().any(|(other, _)| *other == place) {
            return;
        }
        let mut terms = self.spare.pop().unwrap_or_default();
        terms.clear();
        // Adding -0 changes no number, and a term added to -0 is the term itself.
        terms.resize(self.sums.len(), -0.0);
        self.waiting.push((place, terms));
    }

    /// Moves on from complete features; the terms of the next one that waited join the sums.
    fn take_turns(&mut self) {
        while self.rows_added.get(self.turn) == Some(&self.rows) {
            self.turn += 1;
            let turn = self.turn;
            let waiting = self.waiting.iter().position(|(place, _)| *place == turn);
            if let Some(index) = waiting {
                let (_, terms) = self.waiting.swap_remove(index);
                for (sum, term) in self.sums.iter_mut().zip(&terms) {
                    *sum += term;
                }
                self.spare.push(terms);
            }
        }
    }
}

impl FeatureTerm {
    /// Adds the terms of a slice's rows from `first_row` on to sums of all its `rows`.
    fn add_to(
        &mut self,
        linear: &Linear,
        values: &Values,
        codes: &mut [u8],
        (first_row, rows): (usize, usize),
        sums: &mut [f64],
    ) {
        match self {
            Self::Unused => {}
            Self::Number { first, columns } => {
                let (first, columns) = (*first, *columns);
                let design = &linear.columns[first..first + columns];
                for output in 0..linear.outputs {
                    let coefficients = &linear.coefficients_of(output)[first..];
                    let sums = &mut sums[output * rows + first_row..][..values.len()];
                    match design {
                        [column] if column.reading == Reading::Number => {
                            add_numbers(column, coefficients[0], values, sums);
                        }
                        _ => add_columns(design, coefficients, values, sums),
                    }
                }
            }
            Self::Text { coder, terms } => {
                coder.code(values, codes);
                for (output, terms) in terms.as_chunks::<CODES>().0.iter().enumerate() {
                    let sums = &mut sums[output * rows + first_row..][..values.len()];
                    for (sum, code) in sums.iter_mut().zip(&*codes) {
                        *sum += terms[usize::from(*code)];
                    }
                }
            }
        }
    }

    fn heap_bytes(&self) -> usize {
        match self {
            Self::Text { coder, terms } => coder.heap_bytes() + terms.capacity() * size_of::<f64>(),
            Self::Unused | Self::Number { .. } => 0,
        }
    }
}

/// The term of each code of a text feature: its indicators, summed in column order.
fn text_terms(linear: &Linear, first: usize, columns: usize, missing_code: u8) -> Vec<f64> {
    let design = &linear.columns[first..first + columns];
    let mut terms = Vec::with_capacity(linear.outputs * CODES);
    for output in 0..linear.outputs {
        let coefficients = &linear.coefficients_of(output)[first..first + columns];
        for code in 0..CODES {
            let mut term = 0.0;
            for (column, coefficient) in design.iter().zip(coefficients) {
                let is_code = match column.reading {
                    Reading::Missing => code == usize::from(missing_code),
                    reading => reading == Reading::Category(code as u8),
                };
                term += coefficient * column.standardise(f64::from(u8::from(is_code)));
            }
            terms.push(term);
        }
    }
    terms
}

/// Adds the terms of several columns of a number, summed beforehand.
fn add_columns(design: &[Column], coefficients: &[f64], values: &Values, sums: &mut [f64]) {
    let term = |value: f64| {
        let mut term = 0.0;
        for (column, coefficient) in design.iter().zip(coefficients) {
            let read = match column.reading {
                Reading::Missing => f64::from(u8::from(!value.is_finite())),
                Reading::Number | Reading::Category(_) => value,
            };
            term += coefficient * column.standardise(read);
        }
        term
    };
    add_terms(values, sums, term);
}

fn add_numbers(column: &Column, coefficient: f64, values: &Values, sums: &mut [f64]) {
    add_terms(values, sums, move |value| {
        coefficient * column.standardise(value)
    });
}

/// Adds the term of each row's number to the row's sum.
fn add_terms(values: &Values, sums: &mut [f64], term: impl Fn(f64) -> f64) {
    match values {
        Values::F32(values) => {
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += term(f64::from(*value));
            }
        }
        Values::F64(values) => {
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += term(*value);
            }
        }
        Values::Text(_) => panic!("a text column for a numeric feature"),
    }
}
