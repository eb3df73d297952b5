//! rowmill: out-of-core, streaming training of tabular models on Parquet, in a fixed amount of memory.
//!
//! Everything that looks at data is a fold over row groups with state of a fixed size. A run makes
//! three passes over the Parquet and then never decodes it again:
//!
//! ```text
//!            scan                survey               binning              trees
//!   Parquet ------> rows file ----------> cut points ----------> codes file ------> model
//!            labels, groups,   ranges, moments,      one byte a          streamed a
//!            split             categories, sample    column and row      block at a time
//! ```
//!
//! * The **scan** reads only the target, group and split columns; with them each row is assigned to
//!   train, valid or test.
//! * The **survey** sees the training rows: ranges, missing values, moments, categories, and a hash
//!   sample that yields the cut points.
//! * The **binning** pass writes every feature as small codes into a column-blocked scratch file.
//!   Trees stream that file; margins and labels live beside it, so that nothing in memory grows
//!   with the number of rows.
//!
//! Logistic regression, which needs the raw values, decodes once a Newton pass.
//!
//! # Rooms
//!
//! Imports go down only, and rooms on one floor do not know each other (a test checks it). Read
//! [`train`] next: it is the recipe, and names every other room in the order of the data.
//! `docs/ARCHITECTURE.md` has the map.
//!
//! # Memory
//!
//! Memory is a function of the options and the columns, never of the rows. [`limits`] holds every
//! bound and the plan that is computed from them before any work.

#![deny(unsafe_code)]

pub mod error;
pub mod limits;
pub mod memory_plan;
pub mod platform;
pub mod text;

pub mod data;

pub mod baseline;
pub mod columns;
pub mod format;
pub mod spill;

pub mod group;
pub mod model;
pub mod stats;

pub mod learner;
pub mod scratch;
pub mod source;
pub mod transform;

pub mod engine;
pub mod synth;

pub mod pipeline;

pub mod run;

pub mod report;

pub mod cli;

pub use error::{Error, Result};
/// The views that [`learner::incremental`] takes.
pub use ndarray;
