//! One thread's share of a pass.
//!
//! A worker gets blocks in any order and owns everything it adds to: histograms, row lists,
//! loss sums. Its results merge exactly, so neither the number of workers nor the order of blocks
//! changes a bit.

use crate::{
    data::{CodeBlock, RowBlock, Split, StateBlock},
    learner::gbdt::{
        constants::Constants,
        loss::{CHUNK_ROWS, Magnitudes, Rows, add_by_split},
        partition::{NONE, count, partition_rows},
        pass::{PassKind, PassWork},
        quantise::{RoundingKey, quantise_into},
        renew::{Quantiles, residual},
        worker_buffers::{BufferPool, WorkerBuffers},
        worker_part::WorkerPart,
    },
    limits::BLOCK_ROWS,
};

/// One thread's share of a pass; it borrows one block after the other.
#[derive(Debug)]
pub(crate) struct Worker<'a> {
    constants: &'a Constants,
    work: &'a PassWork,
    pool: &'a BufferPool,
    part: WorkerPart,
    buffers: WorkerBuffers,
}

impl<'a> Worker<'a> {
    pub(super) fn new(constants: &'a Constants, work: &'a PassWork, pool: &'a BufferPool) -> Self {
        let mut buffers = pool.take(constants.objective.outputs());
        buffers.packed.reset(work.tile.len(), work.slots());
        if let Some(sample) = &work.sample {
            buffers.sample.reset(sample, constants);
        }
        let mut part = WorkerPart::new(constants, work);
        if matches!(work.kind, PassKind::Root { .. } | PassKind::Scores) {
            part.eval = constants.eval.sums();
        }
        part.quantile_histogram = work.quantiles.as_ref().map(Quantiles::histogram);
        Self {
            constants,
            work,
            pool,
            part,
            buffers,
        }
    }

    /// Does the pass's work on one block. Blocks may be given in any order, each to one worker.
    ///
    /// The block's state must be what the pass before left there.
    ///
    /// # Panics
    /// If an array of the pass's request is missing, or does not have the block's length.
    pub(crate) fn block(
        &mut self,
        codes: CodeBlock<'_>,
        rows: RowBlock<'_>,
        mut state: StateBlock<'_>,
    ) {
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
            PassKind::Base => self.count_quantiles(&rows, None),
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
                self.partition(&codes, state.node);
                self.accumulate(&codes, &rows, state.gradient, state.node);
            }
            PassKind::Tile => self.accumulate(&codes, &rows, state.gradient, state.node),
            PassKind::Renew { is_first } => {
                if is_first {
                    self.partition_and_count(&codes, &rows, state.node);
                }
                self.count_quantiles(&rows, Some((&*state.margin, &*state.node)));
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
                let worker = &mut self.buffers.sample;
                worker.block(self.constants, sample, &codes, &rows, &mut state);
            }
            PassKind::Replay => self.replay(&codes, &rows, state.margin),
        }
    }

    /// Ends the worker's share: the results leave it, the buffers return to the pool.
    pub(crate) fn finish(mut self) -> WorkerPart {
        self.buffers.packed.spill_all(&self.work.wide);
        if let Some(sample) = &self.work.sample {
            self.part.sample = self.buffers.sample.finish(sample);
        }
        self.pool.give_back(self.buffers);
        self.part
    }

    fn sum_up_labels(&mut self, rows: &RowBlock<'_>) {
        for start in (0..rows.split.len()).step_by(CHUNK_ROWS) {
            let chunk = chunk_of(rows, start);
            let weight = self.weigh(&chunk);
            self.part
                .labels
                .update(&chunk, &self.buffers.weight[..weight]);
        }
    }

    /// Adds training rows to the next digit of quantiles: of their residuals by leaf, or of labels.
    fn count_quantiles(&mut self, rows: &RowBlock<'_>, state: Option<(&[f32], &[u16])>) {
        let quantiles = self.work.quantiles.as_ref();
        let quantiles = quantiles.expect("the pass looks for quantiles");
        for start in (0..rows.split.len()).step_by(CHUNK_ROWS) {
            let chunk = chunk_of(rows, start);
            self.weigh(&chunk);
            let part = &mut self.part;
            let quantile_histogram = part
                .quantile_histogram
                .as_mut()
                .expect("made with the worker");
            let is_train = |row: &usize| chunk.split[*row] == Split::Train as u8;
            for row in (0..chunk.split.len()).filter(is_train) {
                let (margin, leaf) = state.map_or((0.0, 0), |(margin, node)| {
                    (margin[start + row], node[start + row])
                });
                quantiles.add(
                    quantile_histogram,
                    usize::from(leaf),
                    residual(chunk.label[row], margin),
                    self.buffers.weight[row],
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
    fn partition(&self, codes: &CodeBlock<'_>, node: &mut [u16]) {
        for (output, work) in self.work.outputs.iter().enumerate() {
            let node = &mut node[output * codes.rows..][..codes.rows];
            if !work.partition_rules.is_empty() {
                partition_rows(codes, &work.partition_rules, node);
            }
        }
    }

    /// Rows follow the last node splits, and are counted.
    fn partition_and_count(
        &mut self,
        codes: &CodeBlock<'_>,
        rows: &RowBlock<'_>,
        node: &mut [u16],
    ) {
        self.partition(codes, node);
        for output in 0..self.work.outputs.len() {
            let of_output = output * codes.rows..(output + 1) * codes.rows;
            self.count(output, &node[of_output], rows.split);
        }
    }

    /// Counts the training rows of each leaf.
    fn count(&mut self, output: usize, node: &[u16], split: &[u8]) {
        let counts = &mut self.buffers.counts;
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
        self.partition_and_count(codes, rows, node);
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
            let derivatives = &mut self.buffers.derivatives;
            let seen = Rows {
                margin: &margin[start..],
                stride: codes.rows,
                label: chunk.label,
                weight: &self.buffers.weight[..len],
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
                    let Magnitudes { gradient, hessian } = &mut part.largest;
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
            let buffers = &mut self.buffers;
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

    /// Writes the weights of a chunk, class weights included; returns how many rows it has.
    fn weigh(&mut self, chunk: &RowBlock<'_>) -> usize {
        let weights = &mut self.buffers.weight[..chunk.label.len()];
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
