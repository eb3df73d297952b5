//! One thread's share of a pass.
//!
//! A worker is handed blocks in any order and owns everything it adds to: histograms, row lists,
//! loss sums. What it answers at the end merges exactly, so that neither the number of workers nor
//! the order of blocks changes a bit.

use crate::{
    data::{CodeBlock, RowBlock, Split, StateBlock},
    learner::gbdt::{
        histogram::PackedHistograms,
        lists::{NONE, RowLists, count, route},
        loss::{Bounds, CHUNK_ROWS, Derivatives, Objective, Rows, add_by_split},
        metric::{EvalSpec, EvalSums},
        pass::{PassKind, PassWork},
        quantise::{RoundingKey, quantise_into},
        renew::{Quantiles, Tally, residual},
        sample::{SampleFound, SampleWorker},
        summary::LabelSummary,
    },
    limits::BLOCK_ROWS,
    stats::ExactSum,
};

/// Memory that goes from one pass's worker to the next one's.
#[derive(Debug)]
pub(super) struct WorkerBuffers {
    packed: PackedHistograms,
    lists: RowLists,
    derivatives: Derivatives,
    weight: Vec<f64>,
    counts: Vec<u32>,
    sample: SampleWorker,
}

impl WorkerBuffers {
    pub(super) fn new(outputs: usize) -> Self {
        Self {
            packed: PackedHistograms::default(),
            lists: RowLists::default(),
            derivatives: Derivatives::new(outputs),
            weight: vec![0.0; CHUNK_ROWS],
            counts: Vec::new(),
            sample: SampleWorker::default(),
        }
    }

    /// Bytes held, by capacity.
    pub(super) fn heap_bytes(&self) -> usize {
        self.packed.heap_bytes()
            + self.lists.heap_bytes()
            + self.derivatives.heap_bytes()
            + self.weight.capacity() * 8
            + self.counts.capacity() * 4
            + self.sample.heap_bytes()
    }
}

/// What a worker found in a pass.
#[derive(Debug)]
pub struct WorkerPart {
    pub(super) labels: LabelSummary,
    /// Training rows of each leaf, one list an output.
    pub(super) counts: Vec<Vec<u64>>,
    /// Loss times weight of train and valid.
    pub(super) losses: [ExactSum; 2],
    /// Metrics, in passes that compute losses.
    pub(super) eval: Option<EvalSums>,
    /// The largest magnitudes of a training row's derivatives, where the loss asks for them.
    pub(super) largest: Bounds,
    /// The next digit of quantiles, in passes that look for one.
    pub(super) tally: Option<Tally>,
    pub(super) sample: SampleFound,
    pub(super) buffers: WorkerBuffers,
}

/// What workers know that does not change from pass to pass.
#[derive(Debug)]
pub(super) struct Constants {
    pub(super) objective: Box<dyn Objective>,
    /// A factor on the weight of each class; empty where labels are numbers.
    pub(super) class_weights: Vec<f64>,
    pub(super) base_margins: Vec<f32>,
    pub(super) seed: u64,
    pub(super) eval: EvalSpec,
}

impl Constants {
    /// Writes the weights of some rows, class weights included.
    pub(super) fn weigh(&self, label: &[f32], weight: &[f32], weights: &mut [f64]) {
        let classes = &self.class_weights;
        for ((weight, &own), &label) in weights.iter_mut().zip(weight).zip(label) {
            let of_class = classes.get(label as usize).map_or(1.0, |&factor| factor);
            *weight = f64::from(own) * of_class;
        }
    }
}

/// One thread's share of a pass; lent blocks one after the other.
#[derive(Debug)]
pub struct Worker<'a> {
    constants: &'a Constants,
    work: &'a PassWork,
    part: WorkerPart,
}

impl<'a> Worker<'a> {
    pub(super) fn new(
        constants: &'a Constants,
        work: &'a PassWork,
        mut buffers: WorkerBuffers,
    ) -> Self {
        buffers.packed.reset(work.tile.len(), work.slots());
        if let Some(sample) = &work.sample {
            buffers.sample.reset(sample, constants);
        }
        let counts = work.outputs.iter().map(|output| vec![0; output.leaves]);
        Self {
            constants,
            work,
            part: WorkerPart {
                labels: LabelSummary::new(constants.objective.classes()),
                counts: counts.collect(),
                losses: Default::default(),
                eval: match work.kind {
                    PassKind::Root { .. } | PassKind::Scores => constants.eval.sums(),
                    _ => None,
                },
                largest: Bounds {
                    gradient: 0.0,
                    hessian: 0.0,
                },
                tally: work.quantiles.as_ref().map(Quantiles::tally),
                sample: SampleFound::default(),
                buffers,
            },
        }
    }

    /// Does the pass's work on one block. Blocks may come in any order, each to one worker.
    ///
    /// The block's state must be what the pass before left there.
    ///
    /// # Panics
    /// If what the pass's request names is not lent, or is not of the block's length.
    pub fn block(&mut self, codes: CodeBlock<'_>, rows: RowBlock<'_>, mut state: StateBlock<'_>) {
        let outputs = self.constants.objective.outputs();
        let kind = self.work.kind;
        assert!(codes.rows <= BLOCK_ROWS);
        assert_eq!(rows.split.len(), codes.rows);
        let lent = |len: usize, used: bool| assert!(!used || len == outputs * codes.rows);
        lent(state.margin.len(), kind.margin().is_used());
        lent(state.gradient.len(), kind.gradient().is_used());
        lent(state.node.len(), kind.node().is_used());
        match kind {
            PassKind::Labels => self.sum_up_labels(&rows),
            PassKind::Base => self.tally(&rows, None),
            PassKind::Root { is_first } => {
                if is_first {
                    self.replay(&codes, &rows, state.margin);
                } else {
                    self.apply(&codes, &rows, state.margin, state.node);
                }
                self.derive(&codes, &rows, state.margin, Some(state.gradient));
                self.enter_roots(&rows, state.node);
                self.accumulate(&codes, &rows, state.gradient, state.node);
            }
            PassKind::Level => {
                self.route(&codes, state.node);
                self.accumulate(&codes, &rows, state.gradient, state.node);
            }
            PassKind::Tile => self.accumulate(&codes, &rows, state.gradient, state.node),
            PassKind::Renew { is_first } => {
                if is_first {
                    self.settle(&codes, &rows, state.node);
                }
                self.tally(&rows, Some((&*state.margin, &*state.node)));
            }
            PassKind::Scores => {
                self.apply(&codes, &rows, state.margin, state.node);
                self.derive(&codes, &rows, state.margin, None);
            }
            PassKind::Sample { .. } | PassKind::SampleScores => {
                let sample = self
                    .work
                    .sample
                    .as_ref()
                    .expect("a sample pass has its work");
                if kind == (PassKind::Sample { is_first: true }) {
                    self.replay(&codes, &rows, state.margin);
                }
                let worker = &mut self.part.buffers.sample;
                worker.block(self.constants, sample, &codes, &rows, &mut state);
            }
            PassKind::Replay => self.replay(&codes, &rows, state.margin),
        }
    }

    /// What the worker found, when its last block is done.
    pub fn finish(mut self) -> WorkerPart {
        self.part.buffers.packed.spill_all(&self.work.wide);
        if let Some(sample) = &self.work.sample {
            self.part.sample = self.part.buffers.sample.finish(sample);
        }
        self.part
    }

    fn sum_up_labels(&mut self, rows: &RowBlock<'_>) {
        for start in (0..rows.split.len()).step_by(CHUNK_ROWS) {
            let chunk = chunk_of(rows, start);
            let weight = self.weigh(&chunk);
            self.part
                .labels
                .update(&chunk, &self.part.buffers.weight[..weight]);
        }
    }

    /// Adds training rows to the next digit of quantiles: of their residuals by leaf, or of labels.
    fn tally(&mut self, rows: &RowBlock<'_>, state: Option<(&[f32], &[u16])>) {
        let quantiles = self.work.quantiles.as_ref();
        let quantiles = quantiles.expect("the pass looks for quantiles");
        for start in (0..rows.split.len()).step_by(CHUNK_ROWS) {
            let chunk = chunk_of(rows, start);
            self.weigh(&chunk);
            let part = &mut self.part;
            let tally = part.tally.as_mut().expect("made with the worker");
            let is_train = |row: &usize| chunk.split[*row] == Split::Train as u8;
            for row in (0..chunk.split.len()).filter(is_train) {
                let (margin, leaf) = state.map_or((0.0, 0), |(margin, node)| {
                    (margin[start + row], node[start + row])
                });
                quantiles.add(
                    tally,
                    usize::from(leaf),
                    residual(chunk.label[row], margin),
                    part.buffers.weight[row],
                );
            }
        }
    }

    /// Sets every row's margins to the base.
    fn start(&self, rows: &RowBlock<'_>, margin: &mut [f32]) {
        let base = &self.constants.base_margins;
        for (margin, &base) in margin.chunks_exact_mut(rows.split.len()).zip(base) {
            margin.fill(base);
        }
    }

    /// Puts train and valid rows into the roots.
    fn enter_roots(&self, rows: &RowBlock<'_>, node: &mut [u16]) {
        for node in node.chunks_exact_mut(rows.split.len()) {
            for (node, &split) in node.iter_mut().zip(rows.split) {
                *node = if split <= Split::Valid as u8 { 0 } else { NONE };
            }
        }
    }

    /// Rows follow the last node splits.
    fn route(&self, codes: &CodeBlock<'_>, node: &mut [u16]) {
        for (output, work) in self.work.outputs.iter().enumerate() {
            let node = &mut node[output * codes.rows..][..codes.rows];
            if !work.routes.is_empty() {
                route(codes, &work.routes, node);
            }
        }
    }

    /// Rows follow the last node splits, and are counted.
    fn settle(&mut self, codes: &CodeBlock<'_>, rows: &RowBlock<'_>, node: &mut [u16]) {
        self.route(codes, node);
        for output in 0..self.work.outputs.len() {
            let of_output = output * codes.rows..(output + 1) * codes.rows;
            self.count(output, &node[of_output], rows.split);
        }
    }

    /// Counts the training rows of each leaf.
    fn count(&mut self, output: usize, node: &[u16], split: &[u8]) {
        let counts = &mut self.part.buffers.counts;
        counts.clear();
        counts.resize(self.work.outputs[output].leaves + 1, 0);
        count(node, split, counts);
        for (total, &count) in self.part.counts[output].iter_mut().zip(&*counts) {
            *total += u64::from(count);
        }
    }

    /// Rows reach their leaves, and margins take the leaves' values.
    fn apply(
        &mut self,
        codes: &CodeBlock<'_>,
        rows: &RowBlock<'_>,
        margin: &mut [f32],
        node: &mut [u16],
    ) {
        self.settle(codes, rows, node);
        for (output, work) in self.work.outputs.iter().enumerate() {
            let range = output * codes.rows..(output + 1) * codes.rows;
            for (margin, &node) in margin[range.clone()].iter_mut().zip(&node[range]) {
                // Rows in no split have no leaf.
                *margin += work
                    .values
                    .get(usize::from(node))
                    .map_or(0.0, |&value| value);
            }
        }
    }

    /// Sums up losses at the margins and, if asked, packs this round's gradients.
    fn derive(
        &mut self,
        codes: &CodeBlock<'_>,
        rows: &RowBlock<'_>,
        margin: &[f32],
        mut gradient: Option<&mut [u32]>,
    ) {
        let mut losses = [0.0; 2];
        for start in (0..codes.rows).step_by(CHUNK_ROWS) {
            let chunk = chunk_of(rows, start);
            let len = self.weigh(&chunk);
            let part = &mut self.part;
            let derivatives = &mut part.buffers.derivatives;
            let seen = Rows {
                margin: &margin[start..],
                stride: codes.rows,
                label: chunk.label,
                weight: &part.buffers.weight[..len],
            };
            self.constants.objective.evaluate(&seen, derivatives);
            if let Some(eval) = &mut part.eval {
                eval.update(&self.constants.eval, &seen, chunk.weight, chunk.split);
            }
            add_by_split(&mut losses, chunk.split, &derivatives.loss);
            let Some(gradient) = gradient.as_deref_mut() else {
                continue;
            };
            for output in 0..self.constants.objective.outputs() {
                let gradients = &derivatives.gradient[output * CHUNK_ROWS..][..len];
                let hessians = &derivatives.hessian[output * CHUNK_ROWS..][..len];
                if self.constants.objective.is_measured() {
                    let Bounds { gradient, hessian } = &mut part.largest;
                    *gradient = gradient.max(largest_in_training(chunk.split, gradients));
                    *hessian = hessian.max(largest_in_training(chunk.split, hessians));
                }
                quantise_into(
                    gradients,
                    hessians,
                    self.work.scale,
                    RoundingKey {
                        seed: self.constants.seed,
                        tree: self.work.tree(output),
                        first_row: codes.first_row + start as u64,
                    },
                    &mut gradient[output * codes.rows + start..][..len],
                );
            }
        }
        for (total, loss) in self.part.losses.iter_mut().zip(losses) {
            total.add(loss);
        }
    }

    /// Adds the block's rows to the histograms of their nodes; on a level's first pass also counts
    /// the training rows of each leaf.
    fn accumulate(
        &mut self,
        codes: &CodeBlock<'_>,
        rows: &RowBlock<'_>,
        gradient: &[u32],
        node: &[u16],
    ) {
        let counts_leaves = self.work.kind == PassKind::Level;
        for (output, work) in self.work.outputs.iter().enumerate() {
            let range = output * codes.rows..(output + 1) * codes.rows;
            let node = &node[range.clone()];
            if work.slots == 0 {
                if counts_leaves {
                    self.count(output, node, rows.split);
                }
                continue;
            }
            let buffers = &mut self.part.buffers;
            buffers.lists.build(
                node,
                rows.split,
                &gradient[range],
                &work.slot_of,
                work.slots,
            );
            if counts_leaves {
                let totals = self.part.counts[output].iter_mut();
                for (total, count) in totals.zip(buffers.lists.counts()) {
                    *total += u64::from(count);
                }
            }
            buffers.packed.accumulate(
                codes.codes,
                &self.work.tile,
                &buffers.lists,
                work.first_slot,
                &self.work.wide,
            );
        }
    }

    /// Sets the margins of train and valid rows from finished trees; other rows keep the base.
    fn replay(&self, codes: &CodeBlock<'_>, rows: &RowBlock<'_>, margin: &mut [f32]) {
        self.start(rows, margin);
        let outputs = self.constants.objective.outputs();
        for (index, tree) in self.work.replay.iter().enumerate() {
            let margin = &mut margin[index % outputs * codes.rows..][..codes.rows];
            tree.add(codes, 0, margin);
        }
        // As in training, where held-out rows reach no leaf.
        let base = &self.constants.base_margins;
        for (margin, &base) in margin.chunks_exact_mut(codes.rows).zip(base) {
            for (margin, &split) in margin.iter_mut().zip(rows.split) {
                if split > Split::Valid as u8 {
                    *margin = base;
                }
            }
        }
    }

    /// Writes the weights of a chunk, class weights included; answers how many rows it has.
    fn weigh(&mut self, chunk: &RowBlock<'_>) -> usize {
        let weights = &mut self.part.buffers.weight[..chunk.label.len()];
        self.constants.weigh(chunk.label, chunk.weight, weights);
        weights.len()
    }
}

/// The rows of a block from `start` on, at most [`CHUNK_ROWS`]; groups are not needed.
fn chunk_of<'a>(rows: &RowBlock<'a>, start: usize) -> RowBlock<'a> {
    let end = rows.split.len().min(start + CHUNK_ROWS);
    RowBlock {
        label: &rows.label[start..end],
        weight: &rows.weight[start..end],
        group: &[],
        split: &rows.split[start..end],
    }
}

/// The largest magnitude of the training rows' values.
fn largest_in_training(split: &[u8], values: &[f64]) -> f64 {
    let magnitude = |(&split, &value): (&u8, &f64)| {
        if split == Split::Train as u8 {
            value.abs()
        } else {
            0.0
        }
    };
    split.iter().zip(values).map(magnitude).fold(0.0, f64::max)
}
