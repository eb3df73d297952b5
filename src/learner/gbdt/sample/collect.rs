//! One thread's share of a sample pass.
//!
//! For each block: the trees that grew since the last pass are applied round by round, the valid rows'
//! losses of each round summed up, and at the last margins all rows' losses; there the rows that may
//! belong to the sample are chosen and copied with their codes. Training rows' losses after every
//! round would cost several percent of a run, and nothing needs them.

use std::sync::{Mutex, PoisonError};

use crate::{
    data::{CodeBlock, RowBlock, Split, StateBlock},
    learner::gbdt::{
        constants::Constants,
        histogram::column,
        loss::{CHUNK_ROWS, Derivatives, Rows, add_by_split},
        sample::{
            kernel::TILE,
            row_chunk::RowChunk,
            selection::{Thresholds, random},
            store::{Collector, SampleRows},
            sums::SampleSums,
            work::{Draw, SampleWork},
        },
    },
    limits::BLOCK_ROWS,
};

/// Rows that a worker gathers before it hands them over.
pub(crate) const CHOSEN_MAX: usize = 1 << 12;

/// Bytes that a worker needs for the valid rows of a block.
pub(crate) fn valid_bytes(outputs: usize) -> usize {
    BLOCK_ROWS * size_of::<u16>() + CHUNK_ROWS * (outputs + 2) * size_of::<f32>()
}

/// The memory that a worker keeps from pass to pass.
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
    row_chunk: RowChunk,
}

/// A block with its margins at one moment.
#[derive(Clone, Copy)]
struct BlockView<'a> {
    codes: &'a CodeBlock<'a>,
    rows: &'a RowBlock<'a>,
    margin: &'a [f32],
}

impl<'a> BlockView<'a> {
    fn new(codes: &'a CodeBlock<'_>, rows: &'a RowBlock<'_>, margin: &'a [f32]) -> Self {
        Self {
            codes,
            rows,
            margin,
        }
    }
}

/// One thread's share of a sample pass.
#[derive(Debug, Default)]
pub(crate) struct SampleWorker {
    buffers: Option<Box<Buffers>>,
    sums: SampleSums,
    thresholds: Thresholds,
    rejected: bool,
}

impl SampleWorker {
    /// Prepares for a pass, keeping the memory.
    pub(crate) fn reset(&mut self, work: &SampleWork, constants: &Constants) {
        let outputs = constants.objective.outputs();
        self.sums = SampleSums::new(work, constants);
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
                row_chunk: RowChunk::new(outputs),
            })
        });
    }

    /// Does the pass's work on one block.
    pub(crate) fn block(
        &mut self,
        constants: &Constants,
        work: &SampleWork,
        codes: &CodeBlock<'_>,
        rows: &RowBlock<'_>,
        state: &mut StateBlock<'_>,
    ) {
        let outputs = constants.objective.outputs();
        let rounds = work.trees.len() / outputs;
        // After a single round all rows are scored below; valid rows alone are scored in between.
        if rounds > 1 {
            self.find_valid(rows.split);
        }
        for (round, trees) in work.trees.chunks(outputs).enumerate() {
            let counts = &mut self.sums.counts[round * outputs..];
            let margins = state.margin.chunks_exact_mut(codes.rows);
            for ((tree, margin), counts) in trees.iter().zip(margins).zip(counts) {
                tree.add_and_count(codes, rows.split, margin, counts);
            }
            if round + 1 == rounds {
                break;
            }
            let view = BlockView::new(codes, rows, state.margin);
            if self.sums.eval[round].is_some() {
                self.derive(constants, work, round, view, false);
            } else {
                self.score_valid(constants, round, rows, state.margin);
            }
        }
        let last = rounds.saturating_sub(1);
        let view = BlockView::new(codes, rows, state.margin);
        self.derive(constants, work, last, view, true);
        self.hand_over(work, codes);
    }

    /// Ends the worker's share: hands the last candidates over and returns the sums.
    pub(crate) fn finish(&mut self, work: &SampleWork) -> SampleSums {
        if let Some(draw) = &work.draw {
            let buffers = self.buffers.as_mut().expect("the worker was prepared");
            lock(&draw.collector).take(&mut buffers.chosen, self.rejected);
        }
        std::mem::take(&mut self.sums)
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
            let row_chunk = &mut buffers.row_chunk;
            row_chunk.take(places, rows, margin);
            let label = &row_chunk.label[..places.len()];
            let weights = &mut buffers.weight[..places.len()];
            constants.weigh(label, &row_chunk.weight[..places.len()], weights);
            let seen = Rows {
                margin: &row_chunk.margin,
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
        self.sums.losses[point][1].add(sum);
    }

    /// Sums up losses at the margins and, if asked, chooses candidates.
    fn derive(
        &mut self,
        constants: &Constants,
        work: &SampleWork,
        point: usize,
        view: BlockView<'_>,
        draws: bool,
    ) {
        let BlockView {
            codes,
            rows,
            margin,
        } = view;
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
            if let Some(eval) = &mut self.sums.eval[point] {
                eval.update(&constants.eval, &seen, &rows.weight[start..end], split);
            }
            add_by_split(&mut losses, split, &buffers.derivatives.loss);
            if draws && let Some(draw) = &work.draw {
                self.choose(constants, work, draw, view, start..end);
            }
        }
        for (total, loss) in self.sums.losses[point].iter_mut().zip(losses) {
            total.add(loss);
        }
    }

    /// Chooses the candidates of a chunk whose derivatives were computed.
    fn choose(
        &mut self,
        constants: &Constants,
        work: &SampleWork,
        draw: &Draw,
        view: BlockView<'_>,
        chunk: std::ops::Range<usize>,
    ) {
        let BlockView {
            codes,
            rows,
            margin,
        } = view;
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
            // The random number belongs to the row and the round, so every schedule draws the same.
            let random = random(constants.seed, row, work.round);
            let drawn = draw.policy.drawn(importance);
            if !self.thresholds.admit(drawn, random, importance) {
                // If the forecast proves too high, the booster needs to know that rows were missed.
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
        // Candidates of earlier blocks have their codes already; those of this block are the last.
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
            // Other workers have raised the thresholds meanwhile: fewer rows are copied in vain.
            self.thresholds = collector.thresholds();
        }
    }
}

fn lock(collector: &Mutex<Collector>) -> std::sync::MutexGuard<'_, Collector> {
    collector.lock().unwrap_or_else(PoisonError::into_inner)
}
