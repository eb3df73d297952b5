//! The steps that turn a dataset into an evaluated model. No step knows the command that runs it.
//!
//! ```text
//!   open --> prepare --> prune --> coding --> fit --> evaluate
//!                                        \-> incremental, one_pass -/
//! ```

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
