//! storage

pub mod appended;
pub mod block_memory;
pub mod rows;
pub mod selection;
pub mod state;
