//! One thread's share of a sample pass.
//!
//! For each block: the trees that grew since the last pass are applied round by round, the valid rows'
//! losses of each round summed up, and at the last margins all rows' losses; there the rows that may
//! belong to the sample are chosen and copied with their codes. Training rows' losses after every
//! round would cost several percent of a run, and nothing waits for them.

use std::sync::{Mutex, PoisonError};

use crate::{
    data::{CodeBlock, RowBlock, Split, StateBlock},
    learner::gbdt::{
        histogram::column,
        loss::{CHUNK_ROWS, Derivatives, Rows, add_by_split},
        metric::EvalSums,
        replay::CompiledTree,
        sample::{
            TILE,
            selection::{Policy, Thresholds, random},
            store::{Collector, SampleRows},
        },
        worker::Constants,
    },
    limits::BLOCK_ROWS,
    stats::ExactSum,
};

/// Rows that a worker gathers before it hands them over.
pub(super) const CHOSEN_MAX: usize = 1 << 12;

/// Bytes that a worker needs for the valid rows of a block.
pub(super) fn valid_bytes(outputs: usize) -> usize {
    BLOCK_ROWS * size_of::<u16>() + CHUNK_ROWS * (outputs + 2) * size_of::<f32>()
}

/// A sample pass as its workers see it.
#[derive(Debug)]
pub(in crate::learner::gbdt) struct SampleWork {
    /// The round that the sample is drawn for.
    pub(super) round: u32,
    /// Trees to be applied, round by round.
    pub(super) trees: Vec<CompiledTree>,
    /// Who takes the candidates; `None` when no tree is to grow any more.
    pub(super) draw: Option<Draw>,
}

/// Drawing a sample.
#[derive(Debug)]
pub(super) struct Draw {
    pub(super) policy: Policy,
    pub(super) byte_columns: usize,
    pub(super) collector: Mutex<Collector>,
}

impl SampleWork {
    /// The byte columns that are read.
    pub(in crate::learner::gbdt) fn byte_columns(&self) -> Vec<u32> {
        match &self.draw {
            Some(draw) => (0..draw.byte_columns as u32).collect(),
            None => self
                .trees
                .iter()
                .flat_map(CompiledTree::byte_columns)
                .collect(),
        }
    }
}

/// What workers found in a sample pass beside the sample.
#[derive(Debug, Default)]
pub(in crate::learner::gbdt) struct SampleFound {
    /// Loss times weight of train and valid, after each round that was applied; after none, one. Those
    /// of train are summed up after the last round, and where there are metrics.
    pub(super) losses: Vec<[ExactSum; 2]>,
    /// Metrics after each of them.
    pub(super) eval: Vec<Option<EvalSums>>,
    /// Training rows in each node of the trees, where it is a leaf.
    pub(super) counts: Vec<Vec<u64>>,
}

impl SampleFound {
    fn new(work: &SampleWork, constants: &Constants) -> Self {
        let outputs = constants.objective.outputs();
        let points = (work.trees.len() / outputs).max(1);
        Self {
            losses: (0..points).map(|_| Default::default()).collect(),
            eval: (0..points).map(|_| constants.eval.sums()).collect(),
            counts: work
                .trees
                .iter()
                .map(|tree| vec![0; tree.nodes()])
                .collect(),
        }
    }

    /// Adds another worker's. Exact in any order.
    pub(in crate::learner::gbdt) fn merge(&mut self, other: Self) {
        if self.losses.is_empty() {
            *self = other;
            return;
        }
        let losses = self.losses.iter_mut().flatten();
        for (total, loss) in losses.zip(other.losses.iter().flatten()) {
            total.merge(loss);
        }
        let eval = self.eval.iter_mut().flatten();
        for (total, eval) in eval.zip(other.eval.iter().flatten()) {
            total.merge(eval);
        }
        let counts = self.counts.iter_mut().flatten();
        for (total, count) in counts.zip(other.counts.iter().flatten()) {
            *total += count;
        }
    }
}

/// What a worker keeps from pass to pass.
#[derive(Debug)]
struct Buffers {
    derivatives: Derivatives,
    weight: Vec<f64>,
    /// Candidates on their way to the store.
    chosen: SampleRows,
    /// Their places in the block.
    places: Vec<u16>,
    /// The places of the block's valid rows.
    valid: Vec<u16>,
    /// Some of them together.
    gathered: Gathered,
}

/// Rows taken together from a block, at most a chunk.
#[derive(Debug)]
struct Gathered {
    margin: Vec<f32>,
    label: Vec<f32>,
    weight: Vec<f32>,
}

impl Gathered {
    fn new(outputs: usize) -> Self {
        Self {
            margin: vec![0.0; outputs * CHUNK_ROWS],
            label: vec![0.0; CHUNK_ROWS],
            weight: vec![0.0; CHUNK_ROWS],
        }
    }

    /// Takes the rows at some places, at most [`CHUNK_ROWS`]; margins are [`CHUNK_ROWS`] apart.
    fn take(&mut self, places: &[u16], rows: &RowBlock<'_>, margin: &[f32]) {
        let block_rows = rows.split.len();
        for (index, &place) in places.iter().enumerate() {
            let place = usize::from(place);
            self.label[index] = rows.label[place];
            self.weight[index] = rows.weight[place];
            let margins = margin.chunks_exact(block_rows);
            for (into, margin) in self.margin.chunks_exact_mut(CHUNK_ROWS).zip(margins) {
                into[index] = margin[place];
            }
        }
    }

    fn heap_bytes(&self) -> usize {
        (self.margin.capacity() + self.label.capacity() + self.weight.capacity()) * 4
    }
}

/// One thread's share of a sample pass.
#[derive(Debug, Default)]
pub(in crate::learner::gbdt) struct SampleWorker {
    buffers: Option<Box<Buffers>>,
    found: SampleFound,
    thresholds: Thresholds,
    rejected: bool,
}

impl SampleWorker {
    /// Prepares for a pass, keeping the memory.
    pub(in crate::learner::gbdt) fn reset(&mut self, work: &SampleWork, constants: &Constants) {
        let outputs = constants.objective.outputs();
        self.found = SampleFound::new(work, constants);
        self.rejected = false;
        let byte_columns = work.draw.as_ref().map_or(0, |draw| draw.byte_columns);
        if let Some(draw) = &work.draw {
            self.thresholds = lock(&draw.collector).thresholds();
        }
        self.buffers.get_or_insert_with(|| {
            Box::new(Buffers {
                derivatives: Derivatives::new(outputs),
                weight: vec![0.0; CHUNK_ROWS],
                chosen: SampleRows::new(CHOSEN_MAX, byte_columns, outputs),
                places: Vec::with_capacity(CHOSEN_MAX),
                valid: Vec::with_capacity(BLOCK_ROWS),
                gathered: Gathered::new(outputs),
            })
        });
    }

    /// Does the pass's work on one block.
    pub(in crate::learner::gbdt) fn block(
        &mut self,
        constants: &Constants,
        work: &SampleWork,
        codes: &CodeBlock<'_>,
        rows: &RowBlock<'_>,
        state: &mut StateBlock<'_>,
    ) {
        let outputs = constants.objective.outputs();
        let rounds = work.trees.len() / outputs;
        if rounds > 1 {
            self.find_valid(rows.split);
        }
        for (round, trees) in work.trees.chunks(outputs).enumerate() {
            let counts = &mut self.found.counts[round * outputs..];
            let margins = state.margin.chunks_exact_mut(codes.rows);
            for ((tree, margin), counts) in trees.iter().zip(margins).zip(counts) {
                tree.add_and_count(codes, rows.split, margin, counts);
            }
            if round + 1 == rounds {
                break;
            }
            if self.found.eval[round].is_some() {
                self.derive(constants, work, round, codes, rows, state.margin, false);
            } else {
                self.score_valid(constants, round, rows, state.margin);
            }
        }
        let last = rounds.saturating_sub(1);
        self.derive(constants, work, last, codes, rows, state.margin, true);
        self.hand_over(work, codes);
    }

    /// What the worker found, when its last block is done.
    pub(in crate::learner::gbdt) fn finish(&mut self, work: &SampleWork) -> SampleFound {
        if let Some(draw) = &work.draw {
            let buffers = self.buffers.as_mut().expect("the worker was prepared");
            lock(&draw.collector).take(&mut buffers.chosen, self.rejected);
        }
        std::mem::take(&mut self.found)
    }

    /// Bytes held, by capacity.
    pub(in crate::learner::gbdt) fn heap_bytes(&self) -> usize {
        self.buffers.as_ref().map_or(0, |buffers| {
            buffers.derivatives.heap_bytes()
                + buffers.weight.capacity() * 8
                + buffers.chosen.heap_bytes()
                + (buffers.places.capacity() + buffers.valid.capacity()) * 2
                + buffers.gathered.heap_bytes()
        })
    }

    fn find_valid(&mut self, split: &[u8]) {
        let buffers = self.buffers.as_mut().expect("the worker was prepared");
        buffers.valid.clear();
        let valid = split.iter().zip(0u16..=u16::MAX);
        let valid = valid.filter(|&(&split, _)| split == Split::Valid as u8);
        buffers.valid.extend(valid.map(|(_, place)| place));
    }

    /// Sums up the losses of the block's valid rows at the margins.
    fn score_valid(
        &mut self,
        constants: &Constants,
        point: usize,
        rows: &RowBlock<'_>,
        margin: &[f32],
    ) {
        let buffers = self.buffers.as_deref_mut();
        let buffers = buffers.expect("the worker was prepared");
        let mut sum = 0.0;
        for places in buffers.valid.chunks(CHUNK_ROWS) {
            let gathered = &mut buffers.gathered;
            gathered.take(places, rows, margin);
            let label = &gathered.label[..places.len()];
            let weights = &mut buffers.weight[..places.len()];
            constants.weigh(label, &gathered.weight[..places.len()], weights);
            let seen = Rows {
                margin: &gathered.margin,
                stride: CHUNK_ROWS,
                label,
                weight: weights,
            };
            constants
                .objective
                .evaluate(&seen, &mut buffers.derivatives);
            for loss in &buffers.derivatives.loss[..places.len()] {
                sum += loss;
            }
        }
        self.found.losses[point][1].add(sum);
    }

    /// Sums up losses at the margins and, if asked, chooses candidates.
    #[expect(clippy::too_many_arguments, reason = "a block is three views")]
    fn derive(
        &mut self,
        constants: &Constants,
        work: &SampleWork,
        point: usize,
        codes: &CodeBlock<'_>,
        rows: &RowBlock<'_>,
        margin: &[f32],
        draws: bool,
    ) {
        let mut losses = [0.0; 2];
        for start in (0..codes.rows).step_by(CHUNK_ROWS) {
            let end = codes.rows.min(start + CHUNK_ROWS);
            let buffers = self.buffers.as_mut().expect("the worker was prepared");
            let (label, split) = (&rows.label[start..end], &rows.split[start..end]);
            let weights = &mut buffers.weight[..end - start];
            constants.weigh(label, &rows.weight[start..end], weights);
            let seen = Rows {
                margin: &margin[start..],
                stride: codes.rows,
                label,
                weight: weights,
            };
            constants
                .objective
                .evaluate(&seen, &mut buffers.derivatives);
            if let Some(eval) = &mut self.found.eval[point] {
                eval.update(&constants.eval, &seen, &rows.weight[start..end], split);
            }
            add_by_split(&mut losses, split, &buffers.derivatives.loss);
            if draws && let Some(draw) = &work.draw {
                self.choose(constants, work, draw, codes, rows, margin, start..end);
            }
        }
        for (total, loss) in self.found.losses[point].iter_mut().zip(losses) {
            total.add(loss);
        }
    }

    /// Chooses the candidates of a chunk whose derivatives were computed.
    #[expect(clippy::too_many_arguments, reason = "a block is three views")]
    fn choose(
        &mut self,
        constants: &Constants,
        work: &SampleWork,
        draw: &Draw,
        codes: &CodeBlock<'_>,
        rows: &RowBlock<'_>,
        margin: &[f32],
        chunk: std::ops::Range<usize>,
    ) {
        let outputs = constants.objective.outputs();
        let mut importances = [0.0; CHUNK_ROWS];
        let importances = &mut importances[..chunk.len()];
        let buffers = self.buffers.as_mut().expect("the worker was prepared");
        draw.policy
            .weigh(&buffers.derivatives, outputs, importances);
        for (index, &importance) in importances.iter().enumerate() {
            let place = chunk.start + index;
            if rows.split[place] != Split::Train as u8 || importance == 0.0 {
                continue;
            }
            let row = codes.first_row + place as u64;
            let random = random(constants.seed, row, work.round);
            let drawn = draw.policy.drawn(importance);
            if !self.thresholds.admit(drawn, random, importance) {
                self.rejected = true;
                continue;
            }
            let buffers = self.buffers.as_mut().expect("the worker was prepared");
            let chosen = &mut buffers.chosen;
            let slot = chosen.len;
            chosen.row[slot] = row;
            chosen.label[slot] = rows.label[place];
            chosen.weight[slot] = buffers.weight[index];
            chosen.importance[slot] = importance;
            chosen.priority[slot] = drawn / random;
            for output in 0..outputs {
                chosen.margin[output * CHOSEN_MAX + slot] = margin[output * codes.rows + place];
            }
            chosen.len += 1;
            buffers.places.push(place as u16);
            if chosen.len == CHOSEN_MAX {
                self.hand_over(work, codes);
            }
        }
    }

    /// Copies the codes of the chosen rows of this block; a full lot goes to the store.
    fn hand_over(&mut self, work: &SampleWork, codes: &CodeBlock<'_>) {
        let Some(draw) = &work.draw else { return };
        let buffers = self.buffers.as_mut().expect("the worker was prepared");
        let chosen = &mut buffers.chosen;
        let first = chosen.len - buffers.places.len();
        for byte_column in 0..draw.byte_columns {
            let column = column(codes.codes, byte_column as u32);
            let (tile, of_tile) = (byte_column / TILE, byte_column % TILE);
            let slots = chosen.codes.chunks_exact_mut(chosen.tiles).skip(first);
            for (codes, &place) in slots.zip(&buffers.places) {
                codes[tile][of_tile] = column[usize::from(place)];
            }
        }
        buffers.places.clear();
        if chosen.len == CHOSEN_MAX {
            let mut collector = lock(&draw.collector);
            collector.take(chosen, self.rejected);
            self.thresholds = collector.thresholds();
        }
    }
}

fn lock(collector: &Mutex<Collector>) -> std::sync::MutexGuard<'_, Collector> {
    collector.lock().unwrap_or_else(PoisonError::into_inner)
}
