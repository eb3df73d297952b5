//! Blocks in memory while trees grow: one that each worker reads its blocks into, and those that stay.
//!
//! Half of the time of a pass over blocks that the page cache holds goes into copying them out of it.
//! So the first blocks, as many as the plan has room for, are read once and stay, their state with
//! them; no pass copies anything of them. Figures: `docs/notes/resident-blocks.md`.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{
    data::{CodeBlock, CodeLayout},
    error::Result,
    learner::gbdt::{Access, PassRequest, Worker},
    limits::BLOCK_ROWS,
    pipeline::storage::{
        rows::{RowsBuffer, RowsFile},
        state::{StateArrays, StateBuffer, StateFile},
    },
    scratch::BlockFile,
};

/// Bytes of a block's codes, rows and state in memory.
pub(crate) fn block_memory_bytes(layout: &CodeLayout, outputs: usize) -> u64 {
    let codes = layout.len() * BLOCK_ROWS;
    let rows = BLOCK_ROWS * RowsBuffer::ROW_BYTES;
    (codes + rows) as u64 + StateBuffer::bytes(outputs)
}

/// The files that passes over blocks read and write.
#[derive(Clone, Copy)]
pub(crate) struct BlockFiles<'a> {
    /// The packed codes of all rows.
    pub codes: &'a BlockFile,
    /// Labels, weights and splits.
    pub rows: &'a RowsFile,
    /// Margin, gradients and node of each row.
    pub state: &'a StateFile,
}

/// One block's codes, rows and state.
#[derive(Default)]
pub(crate) struct BlockMemory {
    codes: Vec<u8>,
    rows: RowsBuffer,
    state: StateBuffer,
}

impl BlockMemory {
    /// Does a worker's work on a block: what the request names is read before and written back after.
    ///
    /// # Errors
    /// As [`BlockFile::read`] and [`BlockFile::write`].
    pub(crate) fn pass(
        &mut self,
        worker: &mut Worker<'_>,
        request: &PassRequest,
        files: BlockFiles<'_>,
        block: usize,
    ) -> Result<()> {
        self.rows.read_splits(files.rows, block)?;
        if request.labels {
            self.rows.read_labels(files.rows, block)?;
        }
        let arrays = state_arrays(request, |access| access.reads);
        self.state.read(files.state, block, arrays)?;
        let byte_columns = request.byte_columns.iter().map(|at| *at as usize);
        files
            .codes
            .read_block_into(block, byte_columns, &mut self.codes)?;
        self.lend(worker, files, block);
        let arrays = state_arrays(request, |access| access.writes);
        self.state.write(files.state, block, arrays)
    }

    fn lend(&mut self, worker: &mut Worker<'_>, files: BlockFiles<'_>, block: usize) {
        let codes = CodeBlock {
            first_row: (block * BLOCK_ROWS) as u64,
            rows: files.rows.block_rows(block),
            codes: &self.codes,
        };
        worker.block(codes, self.rows.block(), self.state.block());
    }
}

fn state_arrays(request: &PassRequest, is_used: impl Fn(Access) -> bool) -> StateArrays {
    StateArrays {
        margin: is_used(request.margin),
        gradient: is_used(request.gradient),
        node: is_used(request.node),
    }
}

/// The first blocks, which stay in memory from pass to pass.
pub(crate) struct ResidentBlocks {
    blocks: Vec<Mutex<Resident>>,
}

/// A block that stays, and what of it has been read.
#[derive(Default)]
struct Resident {
    memory: BlockMemory,
    has_splits: bool,
    has_labels: bool,
    has_codes: bool,
}

impl ResidentBlocks {
    /// As many of `blocks` blocks as fit `budget_bytes`, nothing of them read yet.
    pub(crate) fn new(
        budget_bytes: u64,
        layout: &CodeLayout,
        outputs: usize,
        blocks: usize,
    ) -> Self {
        let fit = budget_bytes / block_memory_bytes(layout, outputs);
        let fit = usize::try_from(fit).map_or(blocks, |fit| fit.min(blocks));
        Self {
            blocks: (0..fit).map(|_| Mutex::default()).collect(),
        }
    }

    /// True for a block that stays in memory.
    pub(crate) fn holds(&self, block: usize) -> bool {
        block < self.blocks.len()
    }

    /// Does a worker's work on a block that stays: what of it was never needed before is read.
    ///
    /// # Errors
    /// As [`BlockFile::read`].
    ///
    /// # Panics
    /// If the block is not one of those that stay.
    pub(crate) fn pass(
        &self,
        worker: &mut Worker<'_>,
        request: &PassRequest,
        files: BlockFiles<'_>,
        block: usize,
    ) -> Result<()> {
        let mut resident = lock(&self.blocks[block]);
        resident.read(request, files, block)?;
        resident.memory.lend(worker, files, block);
        Ok(())
    }

    /// Writes the margins of the blocks that stay to the state file.
    ///
    /// # Errors
    /// As [`BlockFile::write`].
    pub(crate) fn write_margins(&self, state: &StateFile) -> Result<()> {
        let margins = StateArrays {
            margin: true,
            ..StateArrays::default()
        };
        for (block, resident) in self.blocks.iter().enumerate() {
            lock(resident).memory.state.write(state, block, margins)?;
        }
        Ok(())
    }
}

impl Resident {
    fn read(&mut self, request: &PassRequest, files: BlockFiles<'_>, block: usize) -> Result<()> {
        let memory = &mut self.memory;
        if !self.has_splits {
            memory.rows.read_splits(files.rows, block)?;
            // Makes room; what a pass reads, one before has left there.
            memory
                .state
                .read(files.state, block, StateArrays::default())?;
            self.has_splits = true;
        }
        if request.labels && !self.has_labels {
            memory.rows.read_labels(files.rows, block)?;
            self.has_labels = true;
        }
        if !request.byte_columns.is_empty() && !self.has_codes {
            let all = 0..files.codes.arrays();
            files.codes.read_block_into(block, all, &mut memory.codes)?;
            self.has_codes = true;
        }
        Ok(())
    }
}

/// A block is whole even if a thread has panicked over it: the run ends then.
fn lock(resident: &Mutex<Resident>) -> MutexGuard<'_, Resident> {
    resident.lock().unwrap_or_else(PoisonError::into_inner)
}
