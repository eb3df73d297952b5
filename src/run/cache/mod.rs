//! Codes of earlier runs.

pub mod known;
pub mod reuse;
pub mod store;
