//! The trainer with fixed bins: codes a batch block by block, and grows trees.

use crate::{
    data::{CodeBlock, CodeLayout, RowBlock, Split},
    error::Result,
    learner::{
        gbdt::{
            BoosterOptions, BoosterPlan, FeatureCodes, Loss,
            stream::{STREAM_BLOCK_ROWS, StreamBooster, StreamOptions},
        },
        incremental::{
            Batch, BatchSchema, Table,
            trees::{coding::Coding, first_rows::FirstRows},
        },
    },
    limits::BLOCK_ROWS,
    model::Bins,
    platform::parallel::Parallel,
};

/// Bytes of histograms that trees may grow with; more columns are looked at in several turns.
const HISTOGRAM_BYTES: u64 = 64 << 20;

/// Bins, and trees that grow in them.
#[derive(Debug)]
pub(crate) struct TreeTrainer {
    pub(crate) bins: Bins,
    pub(crate) coding: Coding,
    pub(crate) booster: StreamBooster,
    /// The codes of a block of the batch.
    pub(crate) codes: Vec<u8>,
    pub(crate) labels: Vec<f32>,
    pub(crate) weights: Vec<f32>,
}

impl TreeTrainer {
    pub(crate) fn new(
        schema: &BatchSchema,
        options: &BoosterOptions,
        stream: StreamOptions,
        bins: Bins,
    ) -> Result<Self> {
        let mut booster = options.clone();
        let features = bins.features.iter();
        let features: Vec<(&str, bool)> = features
            .map(|feature| (feature.name.as_str(), feature.is_text()))
            .collect();
        booster.feature_constraints = booster.constraints.resolve(&features)?;
        let loss = loss_of(schema.classes().len());
        let plan = plan(&booster, loss, &bins.layout)?;
        let codes = FeatureCodes::of(&bins);
        let layout = bins.layout.clone();
        Ok(Self {
            coding: Coding::new(&bins, STREAM_BLOCK_ROWS),
            codes: Vec::new(),
            labels: Vec::with_capacity(STREAM_BLOCK_ROWS),
            weights: Vec::with_capacity(STREAM_BLOCK_ROWS),
            booster: StreamBooster::new(booster, stream, loss, codes, layout, plan),
            bins,
        })
    }

    /// Learns from a batch that was checked.
    pub(crate) fn learn(&mut self, batch: &Batch<'_>, parallel: &dyn Parallel) -> Result<()> {
        let rows = batch.features.rows();
        let step = self.booster.block_rows_max();
        for first in (0..rows).step_by(step) {
            let end = rows.min(first + step);
            self.labels.clear();
            self.weights.clear();
            for row in first..end {
                self.labels.push(batch.labels[row] as f32);
                let weight = batch.weights.map_or(1.0, |weights| weights[row]);
                self.weights.push(weight as f32);
            }
            self.learn_block(&batch.features, first, parallel)?;
        }
        self.booster.end_batch(parallel)
    }

    /// Learns from the first rows, which are a batch then.
    pub(crate) fn learn_first_rows(
        &mut self,
        first_rows: FirstRows,
        parallel: &dyn Parallel,
    ) -> Result<()> {
        let rows = first_rows.labels.len();
        let columns = first_rows.columns.len();
        let values: Vec<f64> = first_rows.columns.into_iter().flatten().collect();
        let table = ndarray::ArrayView2::from_shape((columns, rows), &values)
            .expect("a value a row and feature")
            .reversed_axes();
        let step = self.booster.block_rows_max();
        for first in (0..rows).step_by(step) {
            let end = rows.min(first + step);
            self.labels.clear();
            self.labels.extend(&first_rows.labels[first..end]);
            self.weights.clear();
            self.weights.extend(&first_rows.weights[first..end]);
            self.learn_block(&Table::F64(table), first, parallel)?;
        }
        self.booster.end_batch(parallel)
    }

    /// Learns from the rows of a table from `first` on whose labels and weights were taken over.
    pub(crate) fn learn_block(
        &mut self,
        table: &Table<'_>,
        first: usize,
        parallel: &dyn Parallel,
    ) -> Result<()> {
        static SPLIT: [u8; STREAM_BLOCK_ROWS] = [Split::Train as u8; STREAM_BLOCK_ROWS];
        let rows = self.labels.len();
        // Who has codes already needs no room for them.
        if self.codes.is_empty() {
            self.codes = vec![0; self.bins.layout.len() * BLOCK_ROWS];
        }
        self.coding.code(
            &self.bins,
            table,
            (first, rows),
            BLOCK_ROWS,
            &mut self.codes,
        );
        let block = CodeBlock {
            first_row: 0,
            rows,
            codes: &self.codes,
        };
        let of_rows = RowBlock {
            label: &self.labels,
            weight: &self.weights,
            group: &[],
            split: &SPLIT[..rows],
        };
        self.booster.block(&block, &of_rows, parallel)
    }

    /// Bytes held, by capacity.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.booster.heap_bytes()
            + self.coding.heap_bytes()
            + self.codes.capacity() / (BLOCK_ROWS / STREAM_BLOCK_ROWS)
            + (self.labels.capacity() + self.weights.capacity()) * 4
    }
}

/// The memory plan of the trees.
fn plan(options: &BoosterOptions, loss: Loss, layout: &CodeLayout) -> Result<BoosterPlan> {
    let budget = HISTOGRAM_BYTES.max(BoosterPlan::budget_bytes_min(options, loss));
    BoosterPlan::new(options, loss, layout, 1, budget)
}

/// Bytes of the histograms, and of the lists of a worker, that a learner's trees grow with.
///
/// # Errors
/// [`crate::error::Error::Usage`] where trees cannot be planned.
pub fn online_histogram_bytes(
    options: &BoosterOptions,
    loss: Loss,
    layout: &CodeLayout,
) -> Result<u64> {
    plan(options, loss, layout).map(|plan| plan.histogram_bytes + plan.worker_bytes)
}

/// The loss for `classes` classes.
fn loss_of(classes: usize) -> Loss {
    match classes {
        2 => Loss::BinaryLogLoss,
        classes => Loss::Softmax {
            classes: classes as u16,
        },
    }
}
