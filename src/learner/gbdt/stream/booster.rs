//! The booster of a stream: the rows it holds, and when it grows trees.

use crate::{
    data::{CodeBlock, CodeLayout, RowBlock, Split},
    error::Result,
    learner::gbdt::{
        BoosterOptions, BoosterPlan, FeatureCodes, Loss,
        ensemble_builder::EnsembleBuilder,
        replay::CompiledTree,
        sample::{SampleGrower, SampleRows, TILE, UNITS_OF_ROW},
        stream::{
            leaves::{LeafSums, Refresher, TreeLeaves},
            options::{STREAM_BLOCK_ROWS, StreamOptions},
            reservoir,
        },
        summary::LabelSummary,
    },
    limits::BLOCK_ROWS,
    model::Ensemble,
    platform::parallel::Parallel,
};

/// Gradient boosting from blocks of rows, each read once.
///
/// A function of options and blocks alone: threads change no bit.
#[derive(Debug)]
pub(crate) struct StreamBooster {
    pub(super) builder: EnsembleBuilder,
    pub(super) stream: StreamOptions,
    /// The reservoir, then the rows of the batch.
    pub(super) store: SampleRows,
    sample_grower: SampleGrower,
    pub(super) compiled: Vec<CompiledTree>,
    /// The sums that leaf values follow from, by tree and node.
    pub(super) sums: Vec<Vec<LeafSums>>,
    refresher: Refresher,
    /// Rows so far: the number of the next one.
    pub(super) rows_seen: u64,
    /// Times that the store was thinned.
    pub(super) thinned: u32,
    buffers: BlockBuffers,
}

/// Working memory for one block at a time.
#[derive(Debug)]
struct BlockBuffers {
    /// Byte columns of a block of the store; each has room for [`BLOCK_ROWS`] and is used at its beginning.
    codes: Vec<u8>,
    margin: Vec<f32>,
    weight: Vec<f64>,
    /// The training rows of a block.
    places: Vec<u16>,
    /// The order of slots while the store is thinned.
    order: Vec<u32>,
}

impl StreamBooster {
    /// A booster of no trees.
    ///
    /// # Panics
    /// If features and layout do not belong together.
    pub(crate) fn new(
        options: BoosterOptions,
        stream: StreamOptions,
        loss: Loss,
        features: Vec<FeatureCodes>,
        layout: CodeLayout,
        plan: BoosterPlan,
    ) -> Self {
        let builder = EnsembleBuilder::new(options, loss, features, layout, plan);
        let (outputs, byte_columns) = (builder.outputs(), builder.layout.len());
        let capacity = stream.store_rows();
        Self {
            store: SampleRows::new(capacity, byte_columns, outputs),
            sample_grower: SampleGrower::new(outputs, capacity),
            compiled: Vec::new(),
            sums: Vec::new(),
            refresher: Refresher::new(&builder.options, outputs),
            rows_seen: 0,
            thinned: 0,
            buffers: BlockBuffers {
                codes: vec![0; byte_columns * BLOCK_ROWS],
                margin: vec![0.0; outputs * STREAM_BLOCK_ROWS],
                weight: vec![0.0; STREAM_BLOCK_ROWS],
                places: Vec::with_capacity(STREAM_BLOCK_ROWS),
                order: Vec::with_capacity(capacity),
            },
            builder,
            stream,
        }
    }

    /// Rows so far, trained on or not.
    pub(crate) fn rows_seen(&self) -> u64 {
        self.rows_seen
    }

    /// Rounds of trees so far.
    pub(crate) fn rounds(&self) -> u32 {
        self.builder.rounds()
    }

    /// The trees so far. Before the first rows margins start from 0.
    pub(crate) fn ensemble(&self) -> Ensemble {
        let outputs = self.builder.outputs();
        let mut base_margin = self.builder.constants.base_margins.clone();
        base_margin.resize(outputs, 0.0);
        Ensemble {
            outputs,
            base_margin,
            link: self.builder.constants.objective.link(),
            trees: self.builder.trees.clone(),
        }
    }

    /// The most rows of a block.
    pub(crate) fn block_rows_max(&self) -> usize {
        STREAM_BLOCK_ROWS.min(self.stream.batch_rows)
    }

    /// Takes the training rows of a block of at most [`Self::block_rows_max`] that have a weight: they
    /// refresh the leaf values of the trees, and join the store. When that is full, the rows so far are a
    /// batch.
    ///
    /// Cost O(rows * trees) beside what [`Self::end_batch`] costs.
    ///
    /// # Errors
    /// The error of a task of `parallel`.
    pub(crate) fn block(
        &mut self,
        codes: &CodeBlock<'_>,
        rows: &RowBlock<'_>,
        parallel: &dyn Parallel,
    ) -> Result<()> {
        assert!(codes.rows <= self.block_rows_max());
        assert_eq!(codes.rows, rows.label.len());
        if self.store.len + codes.rows > self.store.capacity {
            self.end_batch(parallel)?;
        }
        let weight = &mut self.buffers.weight[..codes.rows];
        self.builder
            .constants
            .weigh(rows.label, rows.weight, weight);
        // What is not trained on weighs nothing, in leaves too.
        for (weight, &split) in weight.iter_mut().zip(rows.split) {
            if split != Split::Train as u8 {
                *weight = 0.0;
            }
        }
        let places = &mut self.buffers.places;
        places.clear();
        places.extend((0..codes.rows).map(|row| row as u16));
        places.retain(|&row| weight[usize::from(row)] > 0.0);
        if !places.is_empty() {
            if self.builder.constants.base_margins.is_empty() {
                self.find_base(rows);
            }
            self.refresh(codes, rows.label);
            self.store_rows(codes, rows.label);
        }
        self.rows_seen += codes.rows as u64;
        Ok(())
    }

    /// Ends a batch: grows the trees that are due by now, and thins the store to the reservoir.
    ///
    /// # Errors
    /// The error of a task of `parallel`.
    pub(crate) fn end_batch(&mut self, parallel: &dyn Parallel) -> Result<()> {
        let due = self
            .stream
            .rounds_due(self.builder.options.n_estimators, self.rows_seen);
        self.grow_to(due, parallel)?;
        let kept = self.stream.reservoir_rows;
        if self.store.len > kept {
            let derivatives = self.refresher.derivatives();
            reservoir::weigh(&mut self.store, &self.builder.constants, derivatives);
            let seed = self.builder.constants.seed;
            let order = &mut self.buffers.order;
            reservoir::thin(&mut self.store, kept, seed, self.thinned, order);
            self.thinned += 1;
        }
        Ok(())
    }

    /// Grows what is left of the budget.
    ///
    /// # Errors
    /// The error of a task of `parallel`.
    pub(crate) fn spend_budget(&mut self, parallel: &dyn Parallel) -> Result<()> {
        self.grow_to(self.builder.options.n_estimators, parallel)
    }

    /// Bytes held, by capacity.
    pub(crate) fn heap_bytes(&self) -> usize {
        let compiled: usize = self.compiled.iter().map(CompiledTree::heap_bytes).sum();
        let sums: usize = self.sums.iter().map(Vec::capacity).sum();
        let buffers = &self.buffers;
        self.store.heap_bytes()
            + self.sample_grower.heap_bytes()
            + self.refresher.heap_bytes()
            + self.builder.heap_bytes()
            + compiled
            + sums * size_of::<LeafSums>()
            + buffers.codes.capacity() / (BLOCK_ROWS / STREAM_BLOCK_ROWS)
            + buffers.margin.capacity() * 4
            + buffers.weight.capacity() * 8
            + buffers.places.capacity() * 2
            + buffers.order.capacity() * 4
    }

    /// Computes the base margins: the classes' shares of the first rows, and a row of each beside them,
    /// so that a class that is not there yet is unlikely and not impossible.
    fn find_base(&mut self, rows: &RowBlock<'_>) {
        let objective = &self.builder.constants.objective;
        let classes = objective.classes();
        let mut labels = LabelSummary::new(classes);
        labels.update(rows, &self.buffers.weight[..rows.label.len()]);
        let label: Vec<f32> = (0..classes).map(|class| class as f32).collect();
        let one_each = RowBlock {
            label: &label,
            weight: &vec![1.0; classes],
            group: &[],
            split: &vec![Split::Train as u8; classes],
        };
        labels.update(&one_each, &self.builder.constants.class_weights);
        self.builder.constants.base_margins = objective.base_margins(&labels);
    }

    /// Computes the margins of a block's rows, while the leaves learn from them.
    fn refresh(&mut self, codes: &CodeBlock<'_>, label: &[f32]) {
        let margins = self.buffers.margin.chunks_exact_mut(STREAM_BLOCK_ROWS);
        for (margin, &base) in margins.zip(&self.builder.constants.base_margins) {
            margin[..codes.rows].fill(base);
        }
        let outputs = self.builder.outputs();
        for first in (0..self.builder.trees.len()).step_by(outputs) {
            let round = first..first + outputs;
            self.refresher.derive(
                &self.builder.constants,
                label,
                &self.buffers.weight[..codes.rows],
                &self.buffers.margin,
            );
            let margins = self.buffers.margin.chunks_exact_mut(STREAM_BLOCK_ROWS);
            for ((output, tree), margin) in round.enumerate().zip(margins) {
                let refreshed = TreeLeaves {
                    tree: &mut self.builder.trees[tree],
                    sums: &mut self.sums[tree],
                    compiled: &mut self.compiled[tree],
                };
                let margin = &mut margin[..codes.rows];
                self.refresher.refresh(output, codes, refreshed, margin);
            }
        }
    }

    /// Adds the training rows of a block to the store.
    fn store_rows(&mut self, codes: &CodeBlock<'_>, label: &[f32]) {
        let (store, buffers) = (&mut self.store, &self.buffers);
        let first = store.len;
        for (slot, &place) in (first..).zip(&buffers.places) {
            let place = usize::from(place);
            store.row[slot] = self.rows_seen + place as u64;
            store.label[slot] = label[place];
            store.weight[slot] = buffers.weight[place];
            store.units[slot] = UNITS_OF_ROW as u32;
            let margins = store.margin.chunks_exact_mut(store.capacity);
            for (margin, buffers) in margins.zip(buffers.margin.chunks_exact(STREAM_BLOCK_ROWS)) {
                margin[slot] = buffers[place];
            }
        }
        for byte_column in 0..self.builder.layout.len() {
            let column = codes.column(byte_column);
            let (tile, of_tile) = (byte_column / TILE, byte_column % TILE);
            let slots = store.codes.chunks_exact_mut(store.tiles).skip(first);
            for (codes, &place) in slots.zip(&buffers.places) {
                codes[tile][of_tile] = column[usize::from(place)];
            }
        }
        store.len = first + buffers.places.len();
    }

    /// Grows trees up to `rounds` rounds.
    fn grow_to(&mut self, rounds: u32, parallel: &dyn Parallel) -> Result<()> {
        if self.store.len == 0 || self.rounds() >= rounds {
            return Ok(());
        }
        self.replay();
        while self.rounds() < rounds {
            self.grow_round(parallel)?;
        }
        Ok(())
    }

    fn grow_round(&mut self, parallel: &dyn Parallel) -> Result<()> {
        let round = self.rounds();
        let scale =
            self.sample_grower
                .derive(&self.builder.constants, &self.store, round, parallel)?;
        let mut grower = self.builder.grower(round, scale);
        let (sample_grower, store) = (&mut self.sample_grower, &mut self.store);
        let context = self.builder.growth_context();
        sample_grower.grow(&mut grower, context, store, self.rows_seen, parallel)?;
        sample_grower.apply(&grower, store);
        let rules = grower.rules();
        for tree in grower.trees() {
            self.sums.push(Refresher::sums_of(tree, rules));
            let tree = tree.finish(rules);
            let compiled = self.builder.compile(&tree);
            self.compiled.push(compiled);
            self.builder.trees.push(tree);
        }
        Ok(())
    }

    /// Recomputes the store's margins, since leaf values have changed.
    ///
    /// Cost O(rows * (byte columns + trees)).
    fn replay(&mut self) {
        let outputs = self.builder.outputs();
        let store = &mut self.store;
        for first in (0..store.len).step_by(STREAM_BLOCK_ROWS) {
            let rows = STREAM_BLOCK_ROWS.min(store.len - first);
            let columns = self.buffers.codes.chunks_exact_mut(BLOCK_ROWS);
            for (byte_column, column) in columns.enumerate() {
                let (tile, of_tile) = (byte_column / TILE, byte_column % TILE);
                let slots = store.codes.chunks_exact(store.tiles).skip(first);
                for (byte, codes) in column[..rows].iter_mut().zip(slots) {
                    *byte = codes[tile][of_tile];
                }
            }
            let codes = CodeBlock {
                first_row: 0,
                rows,
                codes: &self.buffers.codes,
            };
            let margins = store.margin.chunks_exact_mut(store.capacity);
            for (output, margin) in margins.enumerate() {
                let margin = &mut margin[first..first + rows];
                margin.fill(self.builder.constants.base_margins[output]);
                for tree in self.compiled.iter().skip(output).step_by(outputs) {
                    tree.add(&codes, 0, margin);
                }
            }
        }
    }
}

/// Bytes that a booster of a stream holds beside its trees and histograms.
pub(crate) fn stream_bytes(stream: &StreamOptions, byte_columns: usize, outputs: usize) -> u64 {
    let store = SampleRows::bytes(stream.store_rows(), byte_columns, outputs);
    let entries = SampleGrower::bytes(stream.store_rows(), outputs);
    let order = stream.store_rows() * size_of::<u32>();
    let block = STREAM_BLOCK_ROWS * (byte_columns + outputs * 4 + 8 + 2);
    (store + entries + order + block + Refresher::bytes(outputs)) as u64
}
