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
/// For each batch: [`start`](Self::start), [`add`](Self::add) every feature in the model's order,
/// [`finish_into`](Self::finish_into). Sums are f64, in feature order: the same bits however rows
/// are cut into batches.
#[derive(Debug, Clone)]
pub struct LinearPredictor {
    linear: Arc<Linear>,
    features: Vec<FeatureTerm>,
    /// The next feature that may be added.
    next: usize,
    rows: usize,
    /// Output-major margins so far.
    sums: Vec<f64>,
    codes: Vec<u8>,
}

/// How one feature enters the margins.
#[derive(Debug, Clone)]
enum FeatureTerm {
    /// Not at all.
    Unused,
    /// Through its columns of the design, the first of which is at this index.
    Number { first: usize, columns: usize },
    /// Through indicators: what each code adds to each output, output-major, 256 a stretch.
    Text { coder: Coder, terms: Vec<f64> },
}

impl LinearPredictor {
    /// Prepares a sound model (a loaded one is checked).
    pub fn new(linear: Arc<Linear>, features: &[FeatureSpec]) -> Self {
        let mut terms = Vec::with_capacity(features.len());
        let mut first = 0;
        for (index, feature) in features.iter().enumerate() {
            let rest = &linear.columns[first..];
            let columns = rest
                .iter()
                .take_while(|column| column.feature as usize == index)
                .count();
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
            next: 0,
            rows: 0,
            sums: Vec::new(),
            codes: Vec::new(),
        }
    }

    /// How many margins a row has.
    pub fn outputs(&self) -> usize {
        self.linear.outputs
    }

    /// Begins a batch.
    pub fn start(&mut self, rows: usize) {
        self.rows = rows;
        self.next = 0;
        self.sums.clear();
        for intercept in &self.linear.intercepts {
            self.sums.resize(self.sums.len() + rows, *intercept);
        }
        self.codes.resize(rows, 0);
    }

    /// Adds a feature's share. Features come in order; those that are not used may be skipped.
    ///
    /// # Panics
    /// If the order, the length or the column's type is wrong.
    pub fn add(&mut self, feature: usize, values: &Values) {
        assert_eq!(values.len(), self.rows, "a value a row");
        self.add_rows(feature, 0, values);
    }

    /// Adds a feature's share to some of the rows, from `first_row` on. Every row needs every
    /// feature once, each in its turn.
    ///
    /// # Panics
    /// As [`Self::add`].
    pub fn add_rows(&mut self, feature: usize, first_row: usize, values: &Values) {
        assert!(feature + 1 >= self.next, "features come in order");
        assert!(first_row + values.len() <= self.rows, "rows of the batch");
        self.next = self.next.min(feature);
        let skipped = &self.features[self.next..feature];
        assert!(
            skipped
                .iter()
                .all(|term| matches!(term, FeatureTerm::Unused)),
            "only unused features may be skipped"
        );
        self.next = feature + 1;
        let rows = self.rows;
        match &mut self.features[feature] {
            FeatureTerm::Unused => {}
            FeatureTerm::Number { first, columns } => {
                let (first, columns) = (*first, *columns);
                let design = &self.linear.columns[first..first + columns];
                for output in 0..self.linear.outputs {
                    let coefficients = &self.linear.coefficients_of(output)[first..];
                    let sums = &mut self.sums[output * rows + first_row..][..values.len()];
                    match design {
                        [column] if column.reading == Reading::Number => {
                            add_numbers(column, coefficients[0], values, sums);
                        }
                        _ => add_columns(design, coefficients, values, sums),
                    }
                }
            }
            FeatureTerm::Text { coder, terms } => {
                let codes = &mut self.codes[..values.len()];
                coder.code(values, codes);
                for (output, terms) in terms.as_chunks::<CODES>().0.iter().enumerate() {
                    let sums = &mut self.sums[output * rows + first_row..][..values.len()];
                    for (sum, code) in sums.iter_mut().zip(&*codes) {
                        *sum += terms[usize::from(*code)];
                    }
                }
            }
        }
    }

    /// The batch's margins, output-major.
    ///
    /// # Panics
    /// If a used feature was not added, or `margins` is not `outputs * rows` long.
    pub fn finish_into(&mut self, margins: &mut [f32]) {
        let rest = &self.features[self.next..];
        assert!(
            rest.iter().all(|term| matches!(term, FeatureTerm::Unused)),
            "every used feature was added"
        );
        assert_eq!(margins.len(), self.sums.len(), "a margin a row and output");
        for (margin, sum) in margins.iter_mut().zip(&self.sums) {
            *margin = *sum as f32;
        }
    }

    /// Bytes held, by capacity; the shared part is counted in every clone.
    pub fn heap_bytes(&self) -> usize {
        let terms: usize = self.features.iter().map(FeatureTerm::heap_bytes).sum();
        self.linear.heap_bytes()
            + terms
            + self.features.capacity() * size_of::<FeatureTerm>()
            + self.sums.capacity() * size_of::<f64>()
            + self.codes.capacity()
    }
}

impl FeatureTerm {
    fn heap_bytes(&self) -> usize {
        match self {
            Self::Text { coder, terms } => coder.heap_bytes() + terms.capacity() * size_of::<f64>(),
            Self::Unused | Self::Number { .. } => 0,
        }
    }
}

/// What each code of a text feature adds: its indicators, summed in column order.
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

/// What several columns of a number add, summed before they are added.
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

/// Adds to each row's sum what its number says.
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
