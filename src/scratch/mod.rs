//! A run's files on disk: fixed arrays of the rows, block by block, so that nothing in memory grows
//! with the number of rows.
//!
//! Every file is a [`BlockFile`], and this room does not know what is in it. A run has four: *rows*
//! (label, group hash and split of each row), *sample* (the values of the sampled rows), *codes* (a
//! byte a row and byte column) and *state* (margins, gradients and nodes). They lie in a
//! [`ScratchDirectory`] that vanishes at the end of the run, or, where other runs may use them, in
//! one that has a [`Seal`].

pub(crate) mod block_file;
pub(crate) mod directory;
pub(crate) mod element;
pub(crate) mod seal;

pub(crate) use block_file::{BlockFile, CHECKED_BYTES};
#[cfg(any(test, feature = "cli"))]
pub(crate) use directory::ScratchState;
pub(crate) use directory::{ScratchDirectory, bytes_in, remove_scratch, scratch_directories};
pub(crate) use element::Element;
pub use seal::Seal;
pub(crate) use seal::{Ingredient, SealAbout};
