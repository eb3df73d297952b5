//! A learner of raw numbers: they are imputed, standardised by the rows so far, and trained on.

use ndarray::Array2;

use crate::{
    data::Tile,
    error::{Error, Result},
    learner::{
        ClassWeight,
        incremental::{
            Batch, BatchSchema, Learner, Merge, Table, file, rescale::Rescale,
            standardizer::Standardizer, step::Step,
        },
        logistic::{LabeledTile, LogisticOptions, Shape, kernel, link},
    },
};

/// Rows that are predicted at a time.
const PREDICTED_ROWS: usize = 256;

/// A standardiser and what learns from its rows, in memory that no batch changes.
///
/// Missing and infinite values stand at the mean of the time. A feature that has not varied so far has
/// no coefficient until it does.
#[derive(Debug)]
pub struct Pipeline<S: Step> {
    schema: BatchSchema,
    options: LogisticOptions,
    shape: Shape,
    rows: u64,
    standardizer: Standardizer,
    step: S,
    block: Block,
}

/// Working memory of a block of rows.
#[derive(Debug)]
struct Block {
    tile: Tile,
    /// The rows of the batch that are in the block: those with a weight.
    rows: Vec<u32>,
    classes: Vec<u32>,
    weights: Vec<f64>,
    values: Vec<f64>,
    rescale: Rescale,
}

impl<S: Step> Pipeline<S> {
    /// A learner that has seen nothing.
    ///
    /// # Errors
    /// [`Error::Usage`] for options out of range, or that need a pass over the whole dataset (`C`,
    /// balanced class weights), or that the learner does not offer, and for too many parameters.
    pub fn new(schema: BatchSchema, options: &LogisticOptions) -> Result<Self> {
        let classes = schema.classes().len();
        options.check(classes)?;
        check_known_beforehand(options)?;
        let features = schema.features().len();
        let shape = Shape {
            columns: features + 1,
            outputs: if classes == 2 { 1 } else { classes },
        };
        Ok(Self {
            options: options.clone(),
            shape,
            rows: 0,
            standardizer: Standardizer::new(features),
            step: S::new(shape, options)?,
            block: Block {
                tile: Tile::new(features, S::BLOCK_ROWS),
                rows: Vec::with_capacity(S::BLOCK_ROWS),
                classes: Vec::with_capacity(S::BLOCK_ROWS),
                weights: Vec::with_capacity(S::BLOCK_ROWS),
                values: Vec::with_capacity(S::BLOCK_ROWS),
                rescale: Rescale::default(),
            },
            schema,
        })
    }

    /// The options it was made with.
    pub fn options(&self) -> &LogisticOptions {
        &self.options
    }

    /// The coefficients of one output (of two classes there is one, else one a class) as factors of the
    /// raw values, and the intercept that goes with them.
    pub fn coefficients(&self, output: usize) -> (f64, Vec<f64>) {
        assert!(output < self.shape.outputs, "output of the learner");
        let all = &self.step.coefficients()[output * self.shape.columns..][..self.shape.columns];
        let (intercept, coefficients) = all.split_last().expect("an intercept");
        let mut intercept = *intercept;
        let on_data_scale = coefficients.iter().enumerate().map(|(column, w)| {
            let (center, sd) = self.standardizer.scale_of(column);
            let b = if sd > 0.0 { w / sd } else { 0.0 };
            intercept -= b * center;
            b
        });
        let coefficients = on_data_scale.collect();
        (intercept, coefficients)
    }

    /// A copy that predicts as the learner does now. Memory: a few numbers a parameter.
    pub fn snapshot(&self) -> PipelineSnapshot {
        PipelineSnapshot {
            schema: self.schema.clone(),
            shape: self.shape,
            standardizer: self.standardizer.clone(),
            coefficients: self.step.coefficients().to_vec(),
        }
    }

    /// Margins that a row has: one for two classes, else one a class.
    pub fn outputs(&self) -> usize {
        self.shape.outputs
    }

    /// The value that a missing value of a feature counts as at present.
    pub fn center(&self, feature: usize) -> f64 {
        self.standardizer.scale_of(feature).0
    }

    /// Features that have not varied so far, ascending.
    pub fn constant_columns(&self) -> Vec<usize> {
        let is_constant = |feature: &usize| self.standardizer.scale_of(*feature).1 == 0.0;
        (0..self.schema.features().len())
            .filter(is_constant)
            .collect()
    }

    /// Learns from rows `first..end` of a batch that was checked.
    fn learn(&mut self, batch: &Batch<'_>, first: usize, end: usize) {
        let block = &mut self.block;
        block.select(batch, first, end, &self.options.class_weights);
        if block.rows.is_empty() {
            return;
        }
        let features = self.shape.columns - 1;
        for column in 0..features {
            batch
                .features
                .gather(column, &block.rows, &mut block.values);
            self.standardizer.update(column, &block.values);
        }
        let rows = block.rows.len() as u64;
        if self.standardizer.refresh_after(rows, &mut block.rescale) {
            self.step.rescale(&block.rescale);
        }
        block.tile.clear();
        let mut tile = block.tile.append(block.rows.len());
        for column in 0..features {
            batch
                .features
                .gather(column, &block.rows, &mut block.values);
            self.standardizer
                .standardise(column, &block.values, tile.column_mut(column));
        }
        self.step.learn(LabeledTile {
            design: &block.tile,
            classes: &block.classes,
            weights: &block.weights,
        });
    }

    fn from_parts(parts: file::Parts<S::State>) -> Result<Self, String> {
        parts.schema.check()?;
        let mut learner =
            Self::new(parts.schema, &parts.options).map_err(|error| error.to_string())?;
        if !parts.standardizer.is_sound(learner.shape.columns - 1) {
            return Err("the moments do not fit the declared features".to_owned());
        }
        learner.step.restore(parts.state)?;
        learner.standardizer = parts.standardizer;
        learner.rows = parts.rows;
        Ok(learner)
    }
}

impl<S: Step> Learner for Pipeline<S> {
    fn partial_fit(&mut self, batch: &Batch<'_>) -> Result<()> {
        self.schema.check_batch(batch)?;
        let rows = batch.features.rows();
        for first in (0..rows).step_by(S::BLOCK_ROWS) {
            self.learn(batch, first, rows.min(first + S::BLOCK_ROWS));
        }
        self.rows += rows as u64;
        Ok(())
    }

    fn predict(&self, features: Table<'_>) -> Result<Array2<f64>> {
        self.snapshot().predict(features)
    }

    fn rows(&self) -> u64 {
        self.rows
    }

    fn schema(&self) -> &BatchSchema {
        &self.schema
    }

    fn to_bytes(&self) -> Vec<u8> {
        let parts = file::PartsRef {
            schema: &self.schema,
            options: &self.options,
            rows: self.rows,
            standardizer: &self.standardizer,
            state: self.step.state(),
        };
        file::to_bytes(S::NAME, &parts)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        file::from_bytes(bytes, S::NAME).and_then(Self::from_parts)
    }

    fn heap_bytes(&self) -> usize {
        self.block.heap_bytes() + self.standardizer.heap_bytes() + self.step.heap_bytes()
    }
}

/// The predictions of a learner at one moment, independent of its later training.
#[derive(Debug, Clone)]
pub struct PipelineSnapshot {
    schema: BatchSchema,
    shape: Shape,
    standardizer: Standardizer,
    coefficients: Vec<f64>,
}

impl PipelineSnapshot {
    /// Probabilities, rows by classes.
    ///
    /// # Errors
    /// [`Error::Dataset`] for columns that are not those declared.
    pub fn predict(&self, features: Table<'_>) -> Result<Array2<f64>> {
        self.schema.check_columns(&features)?;
        let (rows, outputs) = (features.rows(), self.shape.outputs);
        let mut probabilities = Array2::zeros((rows, self.schema.classes().len()));
        let mut tile = Tile::new(self.shape.columns - 1, PREDICTED_ROWS);
        let mut values = Vec::with_capacity(PREDICTED_ROWS);
        let mut margins = vec![0.0; PREDICTED_ROWS * outputs];
        for first in (0..rows).step_by(PREDICTED_ROWS) {
            let block: Vec<u32> = (first..rows.min(first + PREDICTED_ROWS))
                .map(|row| row as u32)
                .collect();
            tile.clear();
            let mut appended = tile.append(block.len());
            for column in 0..self.shape.columns - 1 {
                features.gather(column, &block, &mut values);
                self.standardizer
                    .standardise(column, &values, appended.column_mut(column));
            }
            let margins = &mut margins[..block.len() * outputs];
            let points = self.coefficients.chunks_exact(self.shape.columns);
            for (margins, point) in margins.chunks_exact_mut(block.len()).zip(points) {
                kernel::margins_into(&tile, point, margins);
            }
            for row in 0..block.len() {
                let of_row = margins.iter().skip(row).step_by(block.len()).copied();
                let of_classes = probabilities.row_mut(first + row).into_slice();
                link::probabilities(of_row, of_classes.expect("rows are contiguous"));
            }
        }
        Ok(probabilities)
    }
}

impl<S: Step> Merge for Pipeline<S> {
    fn merge(&mut self, other: &Self) -> Result<()> {
        let refuse = |what: &str| {
            Err(Error::Dataset(format!(
                "the learners have different {what}; only learners with the same declaration and options can be \
                 merged"
            )))
        };
        if self.schema != other.schema {
            return refuse("features or classes");
        }
        if self.options != other.options {
            return refuse("options");
        }
        // The other one's step on the common scale: restored into a step of its own.
        let mut theirs = S::new(self.shape, &self.options)?;
        theirs
            .restore(other.step.state().clone())
            .expect("a learner of the same shape is sound");
        let mut change = Rescale::default();
        self.standardizer
            .merge(&other.standardizer, &mut self.block.rescale, &mut change);
        self.step.rescale(&self.block.rescale);
        theirs.rescale(&change);
        self.step.merge(&theirs);
        self.rows += other.rows;
        Ok(())
    }
}

impl Block {
    /// Takes the rows with a weight, their classes and their weights.
    fn select(&mut self, batch: &Batch<'_>, first: usize, end: usize, class_weights: &[f64]) {
        self.rows.clear();
        self.classes.clear();
        self.weights.clear();
        for row in first..end {
            let weight = batch.weights.map_or(1.0, |weights| weights[row]);
            if weight > 0.0 {
                let class = batch.labels[row] as u32;
                let factor = class_weights.get(class as usize).copied().unwrap_or(1.0);
                self.rows.push(row as u32);
                self.classes.push(class);
                self.weights.push(weight * factor);
            }
        }
    }

    fn heap_bytes(&self) -> usize {
        let rescale = self.rescale.ratios.capacity() + self.rescale.shifts.capacity();
        self.tile.heap_bytes()
            + (self.rows.capacity() + self.classes.capacity()) * 4
            + (self.weights.capacity() + self.values.capacity() + rescale) * 8
    }
}

/// Refuses options that need facts about all rows.
fn check_known_beforehand(options: &LogisticOptions) -> Result<()> {
    let refuse = |message: &str| Err(Error::Usage(message.to_owned()));
    if options.c.is_some() {
        return refuse(
            "`C` needs the number of rows, which an incremental learner does not know; use `l2`, the penalty on \
             the mean loss",
        );
    }
    if options.class_weights.is_empty() && options.class_weight != ClassWeight::Equal {
        return refuse(
            "class weights must be numbers in the order of the declared classes, because the number of rows of \
             each class is not known beforehand",
        );
    }
    Ok(())
}
