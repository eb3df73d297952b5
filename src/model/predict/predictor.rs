//! Predictions from raw values, for both kinds of models.
//!
//! ```text
//!   start(rows)                   a slice of rows begins
//!   add(feature, row, values)*    columns of the slice, whole or in parts, in any order
//!   finish_into(margins)          the slice's margins
//!   predictions_into(..)          probabilities, or numbers, of the margins
//! ```
//!
//! Nothing is allocated for a slice that is no longer than those before it.

use std::sync::Arc;

use crate::{
    data::{CodeLayout, PackMember, Values},
    limits::CODES_MAX,
    model::{
        bundle::{Body, Model},
        coder::Coder,
        ensemble::Ensemble,
        features::{FeatureSpec, Unseen, missing_codes},
        link::Link,
        predict::{byte_trees::ByteTrees, linear::LinearPredictor},
        tree::Tree,
    },
};

/// A model ready to predict, trees and linear models alike. Each thread has its own.
#[derive(Debug, Clone)]
pub struct Predictor {
    features: usize,
    link: Link,
    /// Coders of the text features by feature, where an unseen text is an error.
    text_coders: Option<Arc<Vec<Option<Coder>>>>,
    rows: usize,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Trees(TreePredictor),
    Linear(LinearPredictor),
}

/// A text that training never met, where [`Unseen::Error`] was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "row {row} of feature {feature} has the text `{text}`, which training never met; predict with Unseen::Missing"
)]
pub struct UnseenText {
    /// Index into the model's features.
    pub feature: usize,
    /// The row in the slice.
    pub row: usize,
    /// The text.
    pub text: String,
}

impl Predictor {
    /// Prepares a model.
    pub fn new(model: &Model, unseen: Unseen) -> Self {
        let (link, kind) = match &model.body {
            Body::Trees(ensemble) => {
                let trees = TreePredictor::new(ensemble, &model.features);
                (ensemble.link, Kind::Trees(trees))
            }
            Body::Linear(linear) => {
                let predictor = LinearPredictor::new(Arc::new(linear.clone()), &model.features);
                (linear.link, Kind::Linear(predictor))
            }
        };
        let coder = |feature: &FeatureSpec| feature.is_text().then(|| feature.binning.coder());
        let coders = || Arc::new(model.features.iter().map(coder).collect());
        Self {
            features: model.features.len(),
            link,
            text_coders: (unseen == Unseen::Error).then(coders),
            rows: 0,
            kind,
        }
    }

    /// Margins of a row.
    pub fn outputs(&self) -> usize {
        match &self.kind {
            Kind::Trees(predictor) => predictor.trees.outputs(),
            Kind::Linear(predictor) => predictor.outputs(),
        }
    }

    /// The features that predictions depend on, ascending; [`add`](Self::add) needs no others.
    pub fn used_features(&self) -> &[usize] {
        match &self.kind {
            Kind::Trees(predictor) => &predictor.used,
            Kind::Linear(predictor) => predictor.used_features(),
        }
    }

    /// Begins a slice; one that was not finished is dropped.
    pub fn start(&mut self, rows: usize) {
        self.rows = rows;
        match &mut self.kind {
            Kind::Trees(predictor) => predictor.start(rows),
            Kind::Linear(predictor) => predictor.start(rows),
        }
    }

    /// Adds a feature's values in some rows of the slice, from `first_row` on. Features may be added in
    /// any order; the order changes no bit of the margins. A linear model buffers a feature ahead of its
    /// turn, at 8 bytes per row and output.
    ///
    /// # Errors
    /// The first text that training never met, if that is an error. The slice is lost then.
    ///
    /// # Panics
    /// If there is no such feature, rows are outside the slice or added twice, or the values are not of
    /// the feature's type.
    pub fn add(
        &mut self,
        feature: usize,
        first_row: usize,
        values: &Values,
    ) -> Result<(), UnseenText> {
        assert!(feature < self.features, "a feature of the model");
        assert!(first_row + values.len() <= self.rows, "rows of the slice");
        if let (Some(coders), Values::Text(text)) = (&self.text_coders, values)
            && let Some(coder) = &coders[feature]
            && let Some((row, text)) = coder.find_unseen(text)
        {
            return Err(UnseenText {
                feature,
                row: first_row + row,
                text: text.to_owned(),
            });
        }
        match &mut self.kind {
            Kind::Trees(predictor) => predictor.add(feature, first_row, values),
            Kind::Linear(predictor) => predictor.add(feature, first_row, values),
        }
        Ok(())
    }

    /// The slice's margins, output-major.
    ///
    /// # Panics
    /// If a used feature lacks rows, or `margins` is not `outputs * rows` long.
    pub fn finish_into(&mut self, margins: &mut [f32]) {
        match &mut self.kind {
            Kind::Trees(predictor) => predictor.finish_into(margins),
            Kind::Linear(predictor) => predictor.finish_into(margins),
        }
    }

    /// Predictions of rows from their margins, both output-major: of two classes the probability of
    /// the second, of more classes the probability of each, else the number.
    ///
    /// # Panics
    /// As [`Link::apply_into`].
    pub fn predictions_into(&self, margins: &[f32], predictions: &mut [f64]) {
        self.link.apply_into(margins, self.outputs(), predictions);
    }

    /// Predictions of rows whose columns are the model's features in order, output-major: of two classes the
    /// probability of the second, of more classes the probability of each, else the number.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    ///
    /// # Panics
    /// As [`margins_into`](Self::margins_into).
    pub fn predict(&mut self, columns: &[Values]) -> Result<Vec<f64>, UnseenText> {
        let rows = columns.first().map_or(0, Values::len);
        let mut margins = vec![0.0; self.outputs() * rows];
        self.margins_into(columns.iter(), rows, &mut margins)?;
        let mut predictions = vec![0.0; margins.len()];
        self.predictions_into(&margins, &mut predictions);
        Ok(predictions)
    }

    /// The margins of a slice whose columns are the model's features in order, output-major.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    ///
    /// # Panics
    /// If columns are not as many, as long and of the types that the features say, or `margins` is
    /// not `outputs * rows` long.
    pub fn margins_into<'a>(
        &mut self,
        columns: impl ExactSizeIterator<Item = &'a Values>,
        rows: usize,
        margins: &mut [f32],
    ) -> Result<(), UnseenText> {
        assert_eq!(columns.len(), self.features, "a column a feature");
        self.start(rows);
        for (feature, values) in columns.enumerate() {
            assert_eq!(values.len(), rows, "a value a row");
            self.add(feature, 0, values)?;
        }
        self.finish_into(margins);
        Ok(())
    }

    /// Bytes held, by capacity; the shared part is counted in every clone.
    pub fn heap_bytes(&self) -> usize {
        let coders = self.text_coders.iter().flat_map(|coders| coders.iter());
        let coders: usize = coders
            .map(|coder| size_of::<Option<Coder>>() + coder.as_ref().map_or(0, Coder::heap_bytes))
            .sum();
        coders
            + match &self.kind {
                Kind::Trees(predictor) => predictor.heap_bytes(),
                Kind::Linear(predictor) => predictor.heap_bytes(),
            }
    }
}

/// Trees over a slice's codes, a byte a used feature and row.
#[derive(Debug, Clone)]
struct TreePredictor {
    /// The features that split nodes, ascending: the byte columns of `codes`.
    used: Vec<usize>,
    coders: Vec<Coder>,
    trees: ByteTrees,
    rows: usize,
    /// Rows of the slice that each used feature has so far.
    rows_added: Vec<usize>,
    /// One stretch of the slice's rows a used feature.
    codes: Vec<u8>,
}

impl TreePredictor {
    fn new(ensemble: &Ensemble, features: &[FeatureSpec]) -> Self {
        let splits = ensemble.trees.iter().flat_map(Tree::splits);
        let mut used: Vec<usize> = splits.map(|split| split.feature as usize).collect();
        used.sort_unstable();
        used.dedup();
        let member = |feature: &usize| PackMember {
            feature: *feature as u32,
            radix: CODES_MAX as u16,
            stride: 1,
        };
        let layout = CodeLayout {
            byte_columns: used.iter().map(|feature| vec![member(feature)]).collect(),
        };
        let coder = |feature: &usize| features[*feature].binning.coder();
        Self {
            coders: used.iter().map(coder).collect(),
            trees: ByteTrees::compile(ensemble, &layout, &missing_codes(features)),
            rows: 0,
            rows_added: vec![0; used.len()],
            codes: Vec::new(),
            used,
        }
    }

    fn start(&mut self, rows: usize) {
        self.rows = rows;
        self.rows_added.fill(0);
        self.codes.resize(self.used.len() * rows, 0);
    }

    fn add(&mut self, feature: usize, first_row: usize, values: &Values) {
        let Ok(place) = self.used.binary_search(&feature) else {
            return;
        };
        self.rows_added[place] += values.len();
        assert!(self.rows_added[place] <= self.rows, "each row once");
        let codes = &mut self.codes[place * self.rows + first_row..][..values.len()];
        self.coders[place].code(values, codes);
    }

    fn finish_into(&mut self, margins: &mut [f32]) {
        assert!(
            self.rows_added.iter().all(|rows| *rows == self.rows),
            "every used feature was added"
        );
        self.trees
            .margins_of_columns_into(&self.codes, self.rows, self.rows, margins);
    }

    fn heap_bytes(&self) -> usize {
        let coders: usize = self.coders.iter().map(Coder::heap_bytes).sum();
        coders
            + self.trees.heap_bytes()
            + (self.used.capacity() + self.rows_added.capacity()) * size_of::<usize>()
            + self.codes.capacity()
    }
}
