//! A run's files on disk: fixed arrays of the rows, block by block, so that nothing in memory grows
//! with the number of rows.
//!
//! Every file is a [`BlockFile`], and this room does not know what is in it. A run has four: *rows*
//! (label, group hash and split of each row), *sample* (the values of the sampled rows), *codes* (a
//! byte a row and byte column) and *state* (margins, gradients and nodes). They lie in one
//! [`ScratchDirectory`] that vanishes at the end of the run.

pub mod block_file;
pub mod directory;
pub mod element;

pub use block_file::BlockFile;
pub use directory::{DeadScratch, ScratchDirectory};
pub use element::Element;
