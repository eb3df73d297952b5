//! The memory of workers, and the pool that keeps it between passes.

use std::sync::{Mutex, PoisonError};

use crate::learner::gbdt::{
    histogram::PackedHistograms,
    loss::{CHUNK_ROWS, Derivatives},
    partition::RowLists,
    sample::SampleWorker,
};

/// The memory of one worker. Owned by the worker during a pass and by the [`BufferPool`] between.
#[derive(Debug)]
pub(crate) struct WorkerBuffers {
    pub(crate) packed: PackedHistograms,
    pub(crate) lists: RowLists,
    pub(crate) derivatives: Derivatives,
    pub(crate) weight: Vec<f64>,
    pub(crate) counts: Vec<u32>,
    pub(crate) sample: SampleWorker,
}

impl WorkerBuffers {
    pub(crate) fn new(outputs: usize) -> Self {
        Self {
            packed: PackedHistograms::default(),
            lists: RowLists::default(),
            derivatives: Derivatives::new(outputs),
            weight: vec![0.0; CHUNK_ROWS],
            counts: Vec::new(),
            sample: SampleWorker::default(),
        }
    }
}

/// Buffers that no worker uses at the moment, at most one a worker of the widest pass so far.
#[derive(Debug, Default)]
pub(crate) struct BufferPool {
    idle: Mutex<Vec<WorkerBuffers>>,
}

impl BufferPool {
    /// Takes buffers out of the pool, or allocates some.
    pub(crate) fn take(&self, outputs: usize) -> WorkerBuffers {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let buffers = idle.pop();
        drop(idle);
        buffers.unwrap_or_else(|| WorkerBuffers::new(outputs))
    }

    /// Puts buffers back for the workers of the next pass.
    pub(crate) fn give_back(&self, buffers: WorkerBuffers) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push(buffers);
    }
}
