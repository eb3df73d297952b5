//! What is done to data: open, prepare, prune, code, fit, learn by batches, evaluate. No step knows a run.

pub mod options;
pub mod session;
pub mod storage;

pub mod open;
pub mod prepare;
pub mod prune;

pub mod coding;
pub mod evaluate;
pub mod fit;

pub mod incremental;
pub mod one_pass;
