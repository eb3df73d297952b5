//! The booster of a stream: the rows it holds, and when it grows trees.

use crate::{
    Result,
    data::{CodeBlock, CodeLayout, RowBlock, Split},
    learner::gbdt::{
        BoosterOptions, BoosterPlan, FeatureCodes, Loss, Parallel,
        features::{FeatureDraw, assert_layout},
        gain::Regularisation,
        grower::{Ground, Grower},
        loss::objective,
        metric::EvalSpec,
        renew::WeightUnits,
        replay::CompiledTree,
        sample::{Nursery, SampleRows, TILE, UNITS_OF_ROW},
        stream::{
            STREAM_BLOCK_ROWS, StreamOptions,
            leaves::{LeafSums, Refreshed, Refresher},
            reservoir,
        },
        summary::LabelSummary,
        worker::Constants,
    },
    limits::BLOCK_ROWS,
    model::{Ensemble, Tree},
};

/// Gradient boosting from blocks of rows that are lent once.
///
/// A function of options and blocks alone: threads change no bit.
#[derive(Debug)]
pub struct StreamBooster {
    pub(super) options: BoosterOptions,
    pub(super) stream: StreamOptions,
    pub(super) features: Vec<FeatureCodes>,
    pub(super) layout: CodeLayout,
    plan: BoosterPlan,
    pub(super) constants: Constants,
    /// The reservoir, then the rows of the batch.
    pub(super) store: SampleRows,
    nursery: Nursery,
    pub(super) trees: Vec<Tree>,
    pub(super) compiled: Vec<CompiledTree>,
    /// What leaf values follow from, by tree and node.
    pub(super) sums: Vec<Vec<LeafSums>>,
    refresher: Refresher,
    /// Rows that came so far: the number of the next one.
    pub(super) rows_seen: u64,
    /// Times that the store was thinned.
    pub(super) thinned: u32,
    lent: Lent,
}

/// Memory lent to one block or another.
#[derive(Debug)]
struct Lent {
    /// Byte columns of a block of the store; each has room for [`BLOCK_ROWS`] and is used at its beginning.
    codes: Vec<u8>,
    margin: Vec<f32>,
    weight: Vec<f64>,
    /// The rows of a block that are learned from.
    places: Vec<u16>,
    /// The order of slots while the store is thinned.
    order: Vec<u32>,
}

impl StreamBooster {
    /// A booster of no trees.
    ///
    /// # Panics
    /// If features and layout do not belong together.
    pub fn new(
        options: BoosterOptions,
        stream: StreamOptions,
        loss: Loss,
        features: Vec<FeatureCodes>,
        layout: CodeLayout,
        plan: BoosterPlan,
    ) -> Self {
        assert_layout(&features, &layout);
        let objective = objective(loss);
        let outputs = objective.outputs();
        let class_weights = options.class_factors(objective.classes());
        let capacity = stream.store_rows();
        Self {
            constants: Constants {
                objective,
                class_weights,
                base_margins: Vec::new(),
                seed: options.seed,
                eval: EvalSpec {
                    metrics: Vec::new(),
                    loss,
                    units: WeightUnits::new(0.0, 0),
                },
            },
            store: SampleRows::new(capacity, layout.len(), outputs),
            nursery: Nursery::new(outputs, capacity),
            trees: Vec::new(),
            compiled: Vec::new(),
            sums: Vec::new(),
            refresher: Refresher::new(&options, outputs),
            rows_seen: 0,
            thinned: 0,
            lent: Lent {
                codes: vec![0; layout.len() * BLOCK_ROWS],
                margin: vec![0.0; outputs * STREAM_BLOCK_ROWS],
                weight: vec![0.0; STREAM_BLOCK_ROWS],
                places: Vec::with_capacity(STREAM_BLOCK_ROWS),
                order: Vec::with_capacity(capacity),
            },
            options,
            stream,
            features,
            layout,
            plan,
        }
    }

    /// Rows that came so far, trained on or not.
    pub fn rows_seen(&self) -> u64 {
        self.rows_seen
    }

    /// Rounds of trees so far.
    pub fn rounds(&self) -> u32 {
        (self.trees.len() / self.constants.objective.outputs()) as u32
    }

    /// The trees so far. Before the first rows margins start from 0.
    pub fn ensemble(&self) -> Ensemble {
        let outputs = self.constants.objective.outputs();
        let mut base_margin = self.constants.base_margins.clone();
        base_margin.resize(outputs, 0.0);
        Ensemble {
            outputs,
            base_margin,
            link: self.constants.objective.link(),
            trees: self.trees.clone(),
        }
    }

    /// The most rows of a block.
    pub fn block_rows_max(&self) -> usize {
        STREAM_BLOCK_ROWS.min(self.stream.batch_rows)
    }

    /// Takes the training rows of a block of at most [`Self::block_rows_max`] that have a weight: trees
    /// learn their leaf values from them, and they join the store. Where that is full, what came so far is
    /// a batch of its own.
    ///
    /// Cost O(rows * trees) beside what [`Self::end_batch`] costs.
    ///
    /// # Errors
    /// What `parallel` answers.
    pub fn block(
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
        let weight = &mut self.lent.weight[..codes.rows];
        self.constants.weigh(rows.label, rows.weight, weight);
        // What is not trained on weighs nothing, in leaves too.
        for (weight, &split) in weight.iter_mut().zip(rows.split) {
            if split != Split::Train as u8 {
                *weight = 0.0;
            }
        }
        let places = &mut self.lent.places;
        places.clear();
        places.extend((0..codes.rows).map(|row| row as u16));
        places.retain(|&row| weight[usize::from(row)] > 0.0);
        if !places.is_empty() {
            if self.constants.base_margins.is_empty() {
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
    /// What `parallel` answers.
    pub fn end_batch(&mut self, parallel: &dyn Parallel) -> Result<()> {
        let due = self
            .stream
            .rounds_due(self.options.n_estimators, self.rows_seen);
        self.grow_to(due, parallel)?;
        let kept = self.stream.reservoir_rows;
        if self.store.len > kept {
            let derivatives = self.refresher.derivatives();
            reservoir::weigh(&mut self.store, &self.constants, derivatives);
            let seed = self.constants.seed;
            let order = &mut self.lent.order;
            reservoir::thin(&mut self.store, kept, seed, self.thinned, order);
            self.thinned += 1;
        }
        Ok(())
    }

    /// Grows what is left of the budget.
    ///
    /// # Errors
    /// What `parallel` answers.
    pub fn spend_budget(&mut self, parallel: &dyn Parallel) -> Result<()> {
        self.grow_to(self.options.n_estimators, parallel)
    }

    /// Bytes held, by capacity.
    pub fn heap_bytes(&self) -> usize {
        let trees: usize = self.trees.iter().map(Tree::heap_bytes).sum();
        let compiled: usize = self.compiled.iter().map(CompiledTree::heap_bytes).sum();
        let sums: usize = self.sums.iter().map(Vec::capacity).sum();
        let lent = &self.lent;
        self.store.heap_bytes()
            + self.nursery.heap_bytes()
            + self.refresher.heap_bytes()
            + trees
            + compiled
            + sums * size_of::<LeafSums>()
            + lent.codes.capacity() / (BLOCK_ROWS / STREAM_BLOCK_ROWS)
            + lent.margin.capacity() * 4
            + lent.weight.capacity() * 8
            + lent.places.capacity() * 2
            + lent.order.capacity() * 4
    }

    /// What margins start from: the classes' shares of the first rows, and a row of each beside them,
    /// so that a class that is not there yet is unlikely and not impossible.
    fn find_base(&mut self, rows: &RowBlock<'_>) {
        let objective = &self.constants.objective;
        let classes = objective.classes();
        let mut labels = LabelSummary::new(classes);
        labels.update(rows, &self.lent.weight[..rows.label.len()]);
        let label: Vec<f32> = (0..classes).map(|class| class as f32).collect();
        let one_each = RowBlock {
            label: &label,
            weight: &vec![1.0; classes],
            group: &[],
            split: &vec![Split::Train as u8; classes],
        };
        labels.update(&one_each, &self.constants.class_weights);
        self.constants.base_margins = objective.base_margins(&labels);
    }

    /// Computes the margins of a block's rows, while the leaves learn from them.
    fn refresh(&mut self, codes: &CodeBlock<'_>, label: &[f32]) {
        let margins = self.lent.margin.chunks_exact_mut(STREAM_BLOCK_ROWS);
        for (margin, &base) in margins.zip(&self.constants.base_margins) {
            margin[..codes.rows].fill(base);
        }
        let outputs = self.constants.objective.outputs();
        for first in (0..self.trees.len()).step_by(outputs) {
            let round = first..first + outputs;
            self.refresher.derive(
                &self.constants,
                label,
                &self.lent.weight[..codes.rows],
                &self.lent.margin,
            );
            let margins = self.lent.margin.chunks_exact_mut(STREAM_BLOCK_ROWS);
            for ((output, tree), margin) in round.enumerate().zip(margins) {
                let refreshed = Refreshed {
                    tree: &mut self.trees[tree],
                    sums: &mut self.sums[tree],
                    compiled: &mut self.compiled[tree],
                };
                let margin = &mut margin[..codes.rows];
                self.refresher.refresh(output, codes, refreshed, margin);
            }
        }
    }

    /// Adds the rows of a block that are learned from to the store.
    fn store_rows(&mut self, codes: &CodeBlock<'_>, label: &[f32]) {
        let (store, lent) = (&mut self.store, &self.lent);
        let first = store.len;
        for (slot, &place) in (first..).zip(&lent.places) {
            let place = usize::from(place);
            store.row[slot] = self.rows_seen + place as u64;
            store.label[slot] = label[place];
            store.weight[slot] = lent.weight[place];
            store.units[slot] = UNITS_OF_ROW as u32;
            let margins = store.margin.chunks_exact_mut(store.capacity);
            for (margin, lent) in margins.zip(lent.margin.chunks_exact(STREAM_BLOCK_ROWS)) {
                margin[slot] = lent[place];
            }
        }
        for byte_column in 0..self.layout.len() {
            let column = codes.column(byte_column);
            let (tile, of_tile) = (byte_column / TILE, byte_column % TILE);
            let slots = store.codes.chunks_exact_mut(store.tiles).skip(first);
            for (codes, &place) in slots.zip(&lent.places) {
                codes[tile][of_tile] = column[usize::from(place)];
            }
        }
        store.len = first + lent.places.len();
    }

    /// Grows trees until there are so many rounds.
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
        let outputs = self.constants.objective.outputs();
        let round = self.rounds();
        let scale = self
            .nursery
            .derive(&self.constants, &self.store, round, parallel)?;
        let draw = FeatureDraw::new(&self.layout, self.features.len(), &self.options, round);
        let rules = Regularisation::new(&self.options, scale);
        let ground = Ground {
            options: &self.options,
            features: &self.features,
            layout: &self.layout,
            plan: &self.plan,
        };
        let mut grower = Grower::new(ground, outputs, draw, rules);
        let (nursery, store) = (&mut self.nursery, &mut self.store);
        nursery.grow(&mut grower, ground, store, self.rows_seen, parallel)?;
        nursery.apply(&grower, store);
        for tree in grower.trees() {
            self.sums.push(Refresher::sums_of(tree, &rules));
            let tree = tree.finish(&rules);
            let compiled = CompiledTree::new(&tree, &self.features, &self.layout);
            self.compiled.push(compiled);
            self.trees.push(tree);
        }
        Ok(())
    }

    /// Computes the store's margins anew: leaf values have changed since they were computed.
    ///
    /// Cost O(rows * (byte columns + trees)).
    fn replay(&mut self) {
        let outputs = self.constants.objective.outputs();
        let store = &mut self.store;
        for first in (0..store.len).step_by(STREAM_BLOCK_ROWS) {
            let rows = STREAM_BLOCK_ROWS.min(store.len - first);
            let columns = self.lent.codes.chunks_exact_mut(BLOCK_ROWS);
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
                codes: &self.lent.codes,
            };
            let margins = store.margin.chunks_exact_mut(store.capacity);
            for (output, margin) in margins.enumerate() {
                let margin = &mut margin[first..first + rows];
                margin.fill(self.constants.base_margins[output]);
                for tree in self.compiled.iter().skip(output).step_by(outputs) {
                    tree.add(&codes, 0, margin);
                }
            }
        }
    }
}

/// Bytes that a booster of a stream holds beside its trees and histograms.
pub fn stream_bytes(stream: &StreamOptions, byte_columns: usize, outputs: usize) -> u64 {
    let store = SampleRows::bytes(stream.store_rows(), byte_columns, outputs);
    let entries = Nursery::bytes(stream.store_rows(), outputs);
    let order = stream.store_rows() * size_of::<u32>();
    let block = STREAM_BLOCK_ROWS * (byte_columns + outputs * 4 + 8 + 2);
    (store + entries + order + block + Refresher::bytes(outputs)) as u64
}
