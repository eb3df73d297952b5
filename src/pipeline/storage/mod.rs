//! Scratch files of a run: labels, splits and state of every row, and the blocks of them in memory.

pub mod appended;
pub mod block_memory;
pub mod rows;
pub mod selection;
pub mod state;
