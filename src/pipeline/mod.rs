//! What is done to data: open, prepare, code, prune, fit, learn by batches, evaluate.
//!
//! No step knows a run.

pub mod coding;
pub mod evaluate;
pub mod fit;
pub mod incremental;
pub mod one_pass;
pub mod open;
pub mod prepare;
pub mod prune;
pub mod storage;
