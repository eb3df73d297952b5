//! The steps that turn a dataset into an evaluated model. No step knows the command that runs it.
//!
//! ```text
//!   open --> prepare --> prune --> coding --> fit --> evaluate
//!                                        \-> incremental, one_pass -/
//! ```

pub(crate) mod options;
pub(crate) mod session;
pub(crate) mod storage;

pub(crate) mod open;
pub(crate) mod prepare;
pub(crate) mod prune;

pub(crate) mod coding;
pub(crate) mod evaluate;
pub(crate) mod fit;

pub(crate) mod incremental;
pub(crate) mod one_pass;
