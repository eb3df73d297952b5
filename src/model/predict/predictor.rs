//! Predictions over batches of raw values, whatever the model is.

use std::sync::Arc;

use crate::{
    data::{CodeLayout, PackMember, Values},
    limits::CODES_MAX,
    model::{
        bundle::{Body, Model},
        coder::Coder,
        ensemble::Ensemble,
        features::{FeatureSpec, Unseen, missing_codes},
        predict::{byte_trees::ByteTrees, linear::LinearPredictor},
        tree::Tree,
    },
};

/// A model ready to predict, a thread's own.
#[derive(Debug, Clone)]
pub struct Predictor {
    features: Arc<Vec<FeatureSpec>>,
    unseen: Unseen,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Trees(TreePredictor),
    Linear(LinearPredictor),
}

#[derive(Debug, Clone)]
struct TreePredictor {
    /// The features that split nodes, ascending: the byte columns of `codes`.
    used: Vec<usize>,
    coders: Vec<Coder>,
    trees: ByteTrees,
    /// Lent to `trees`: one stretch of a batch's rows a used feature.
    codes: Vec<u8>,
}

/// A text that training never met, where [`Unseen::Error`] was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnseenText {
    /// Index into the model's features.
    pub feature: usize,
    /// The row in the batch.
    pub row: usize,
    /// The text.
    pub text: String,
}

impl Predictor {
    /// Prepares a model.
    pub fn new(model: &Model, unseen: Unseen) -> Self {
        let kind = match &model.body {
            Body::Trees(ensemble) => Kind::Trees(TreePredictor::new(ensemble, &model.features)),
            Body::Linear(linear) => {
                let linear = Arc::new(linear.clone());
                Kind::Linear(LinearPredictor::new(linear, &model.features))
            }
        };
        Self {
            features: Arc::new(model.features.clone()),
            unseen,
            kind,
        }
    }

    /// How many margins a row has.
    pub fn outputs(&self) -> usize {
        match &self.kind {
            Kind::Trees(trees) => trees.trees.outputs(),
            Kind::Linear(linear) => linear.outputs(),
        }
    }

    /// The margins of a batch whose columns are the model's features in order, output-major.
    ///
    /// # Errors
    /// The first text that training never met, if that is an error.
    ///
    /// # Panics
    /// If columns are not as many, as long and of the types that the features say, or `margins` is
    /// not `outputs * rows` long.
    pub fn margins_into<'a>(
        &mut self,
        columns: impl ExactSizeIterator<Item = &'a Values> + Clone,
        rows: usize,
        margins: &mut [f32],
    ) -> Result<(), UnseenText> {
        assert_eq!(columns.len(), self.features.len(), "a column a feature");
        if self.unseen == Unseen::Error {
            self.check_texts(columns.clone())?;
        }
        match &mut self.kind {
            Kind::Trees(trees) => trees.margins_into(columns, rows, margins),
            Kind::Linear(linear) => {
                linear.start(rows);
                for (feature, values) in columns.enumerate() {
                    linear.add(feature, values);
                }
                linear.finish_into(margins);
            }
        }
        Ok(())
    }

    /// Bytes held, by capacity; the shared part is counted in every clone.
    pub fn heap_bytes(&self) -> usize {
        match &self.kind {
            Kind::Trees(trees) => {
                let coders: usize = trees.coders.iter().map(Coder::heap_bytes).sum();
                coders + trees.trees.heap_bytes() + trees.codes.capacity()
            }
            Kind::Linear(linear) => linear.heap_bytes(),
        }
    }

    fn check_texts<'a>(&self, columns: impl Iterator<Item = &'a Values>) -> Result<(), UnseenText> {
        for (feature, (spec, values)) in self.features.iter().zip(columns).enumerate() {
            let Values::Text(text) = values else { continue };
            if let Some((row, text)) = spec.binning.coder().find_unseen(text) {
                let text = text.to_owned();
                return Err(UnseenText { feature, row, text });
            }
        }
        Ok(())
    }
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
            codes: Vec::new(),
            used,
        }
    }

    fn margins_into<'a>(
        &mut self,
        columns: impl Iterator<Item = &'a Values>,
        rows: usize,
        margins: &mut [f32],
    ) {
        self.codes.resize(self.used.len() * rows, 0);
        let mut slot = 0;
        for (feature, values) in columns.enumerate() {
            if self.used.get(slot) == Some(&feature) {
                let codes = &mut self.codes[slot * rows..][..rows];
                self.coders[slot].code(values, codes);
                slot += 1;
            }
        }
        self.trees
            .margins_of_columns_into(&self.codes, rows, rows, margins);
    }
}
