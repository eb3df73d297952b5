//! Scratch files of a run: labels, splits and state of every row, and the blocks of them in memory.

pub(crate) mod appended;
pub(crate) mod block_memory;
pub(crate) mod rows;
pub(crate) mod selection;
pub(crate) mod state;
