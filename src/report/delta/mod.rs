//! `delta_vs_baseline.csv`: each held-out group beside what a baseline table says of it.
//!
//! A row is
//!
//! ```text
//!   the baseline's own columns | TP_meta .. f1_score_meta, delta | TP_base_rows .. f1_score_base_rows, delta_base_rows
//! ```
//!
//! * *own columns*: with two classes, the group's rows summed over kinds of site (`pooled.rs`); with
//!   more, the row of the group and the kind of site that has the class's name, word for word.
//! * `*_meta`: the model on the group's rows. `delta` is `f1_score_meta - f1_score`. The baseline
//!   counted other rows (every position of a gene, say), so this is the comparison people ask for,
//!   not a fair one.
//! * `*_base_rows`: the base scores' most likely class on the *same* rows; `delta_base_rows` is
//!   `f1_score_meta - f1_score_base_rows`: like for like.
//!
//! An undefined F1 of a group counts as 0 in both deltas. A group that the baseline does not know
//! has a row too: its name, then empty cells.

mod input;
mod pooled;
mod side;
mod summary;
mod table;

pub(crate) use input::{DeltaInput, GroupOutcome};
pub use summary::{DeltaSummary, DeltaTally};
pub(crate) use table::{NAME, write};
