//! Drives a booster over blocks in memory, as the engine does over scratch files.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use crate::{
    data::{CodeBlock, CodeLayout, RowBlock, StateBlock},
    learner::gbdt::{
        Booster, BoosterCheckpoint, BoosterOptions, BoosterPlan, FeatureCodes, Loss, RoundLoss,
    },
    limits::BLOCK_ROWS,
    model::Ensemble,
    platform::parallel::Parallel,
};

/// A data set in memory: codes by feature, and what rows are.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    pub(super) features: Vec<FeatureCodes>,
    /// One code a row, by feature.
    pub(super) codes: Vec<Vec<u8>>,
    pub(super) label: Vec<f32>,
    pub(super) weight: Vec<f32>,
    pub(super) split: Vec<u8>,
}

/// One block's arrays.
struct Block {
    first_row: usize,
    rows: usize,
    codes: Vec<u8>,
    margin: Vec<f32>,
    gradient: Vec<u32>,
    node: Vec<u16>,
}

/// Runs tasks on a number of threads.
pub(super) struct Threads(pub(super) usize);

impl Parallel for Threads {
    fn threads(&self) -> usize {
        self.0
    }

    fn for_each(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) -> crate::error::Result<()> {
        let taken = AtomicUsize::new(0);
        let work = || {
            loop {
                let index = taken.fetch_add(1, Ordering::Relaxed);
                if index >= tasks {
                    return;
                }
                task(index);
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..self.0.min(tasks) {
                scope.spawn(work);
            }
        });
        Ok(())
    }
}

/// The division of a run into work; it must not change the trees.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schedule {
    pub(super) threads: usize,
    pub(super) budget_bytes: u64,
    /// Blocks are taken last to first.
    pub(super) backwards: bool,
}

/// One thread, all in one tile.
pub(super) const SIMPLE: Schedule = Schedule {
    threads: 1,
    budget_bytes: 1 << 30,
    backwards: false,
};

/// The results of a run.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) ensemble: Ensemble,
    pub(super) curve: Vec<RoundLoss>,
    /// By row, then output.
    pub(super) margins: Vec<Vec<f32>>,
    pub(super) passes: usize,
}

impl Table {
    pub(super) fn rows(&self) -> usize {
        self.label.len()
    }

    fn blocks(&self, layout: &CodeLayout, outputs: usize) -> Vec<Block> {
        let starts = (0..self.rows()).step_by(BLOCK_ROWS);
        let block = |first_row: usize| {
            let rows = BLOCK_ROWS.min(self.rows() - first_row);
            let mut codes = vec![0; layout.len() * BLOCK_ROWS];
            for (column, members) in codes.chunks_exact_mut(BLOCK_ROWS).zip(&layout.byte_columns) {
                for member in members {
                    let of_feature = &self.codes[member.feature as usize][first_row..];
                    for (byte, &code) in column.iter_mut().zip(of_feature) {
                        *byte += (u16::from(code) * member.stride) as u8;
                    }
                }
            }
            Block {
                first_row,
                rows,
                codes,
                margin: vec![f32::NAN; rows * outputs],
                gradient: vec![u32::MAX; rows * outputs],
                node: vec![7; rows * outputs],
            }
        };
        starts.map(block).collect()
    }

    fn lend(
        &self,
        booster: &Booster,
        schedule: Schedule,
        blocks: &[Mutex<Block>],
    ) -> Vec<crate::learner::gbdt::WorkerPart> {
        let taken = AtomicUsize::new(0);
        let work = || {
            let mut worker = booster.worker();
            loop {
                let index = taken.fetch_add(1, Ordering::Relaxed);
                if index >= blocks.len() {
                    return worker.finish();
                }
                let index = if schedule.backwards {
                    blocks.len() - 1 - index
                } else {
                    index
                };
                let mut block = blocks[index].lock().expect("no worker panicked");
                let range = block.first_row..block.first_row + block.rows;
                let block = &mut *block;
                worker.block(
                    CodeBlock {
                        first_row: block.first_row as u64,
                        rows: block.rows,
                        codes: &block.codes,
                    },
                    RowBlock {
                        label: &self.label[range.clone()],
                        weight: &self.weight[range.clone()],
                        group: &[],
                        split: &self.split[range],
                    },
                    StateBlock {
                        margin: &mut block.margin,
                        gradient: &mut block.gradient,
                        node: &mut block.node,
                    },
                );
            }
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..schedule.threads).map(|_| scope.spawn(work)).collect();
            let joined = threads
                .into_iter()
                .map(|thread| thread.join().expect("no panic"));
            joined.collect()
        })
    }

    /// Trains to the end.
    pub(super) fn train(
        &self,
        options: &BoosterOptions,
        loss: Loss,
        layout: &CodeLayout,
        schedule: Schedule,
    ) -> crate::error::Result<Outcome> {
        self.train_from(options, loss, layout, schedule, None, &mut |_| {})
    }

    /// Trains to the end from a checkpoint, if there is one; `after_pass` sees the booster after each
    /// pass.
    pub(super) fn train_from(
        &self,
        options: &BoosterOptions,
        loss: Loss,
        layout: &CodeLayout,
        schedule: Schedule,
        checkpoint: Option<BoosterCheckpoint<'_>>,
        after_pass: &mut dyn FnMut(&Booster),
    ) -> crate::error::Result<Outcome> {
        let Schedule {
            threads,
            budget_bytes,
            ..
        } = schedule;
        let plan = BoosterPlan::new(options, loss, layout, threads, budget_bytes)?;
        let features = self.features.clone();
        let mut booster = Booster::new(options.clone(), loss, features, layout.clone(), plan)?;
        if let Some(checkpoint) = checkpoint {
            booster = booster
                .resume(checkpoint)
                .map_err(crate::error::Error::Dataset)?;
        }
        let blocks = self.blocks(layout, loss.outputs());
        let blocks: Vec<Mutex<Block>> = blocks.into_iter().map(Mutex::new).collect();
        let mut passes = 0;
        while booster.next_pass().is_some() {
            let parts = self.lend(&booster, schedule, &blocks);
            booster.finish_pass(parts, &Threads(threads))?;
            after_pass(&booster);
            passes += 1;
        }
        let mut margins = vec![Vec::new(); self.rows()];
        for block in &blocks {
            let block = block.lock().expect("no worker panicked");
            for row in 0..block.rows {
                let of_row = (0..loss.outputs()).map(|k| block.margin[k * block.rows + row]);
                margins[block.first_row + row] = of_row.collect();
            }
        }
        Ok(Outcome {
            curve: booster.curve().to_vec(),
            ensemble: booster.into_ensemble(),
            margins,
            passes,
        })
    }
}
