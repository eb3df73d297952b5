//! Learning from data that are read once: no scan, no survey, no second look.
//!
//! ```text
//!   Parquet or Arrow stream --> slices --> label, group, split by hash
//!                                            |
//!  first training rows fix design or bins ---+--> training rows: batches, scored and learned
//!                                            +--> held-out rows: kept, scored at the end
//! ```
//!
//! The first rows are held until design or bins are there and then learned like all others.

mod columns;
mod fed;
mod first;
mod held_out;
mod learning;
mod linear;
mod rows;
mod source;
mod trees;

use rows::SliceRows;

/// Bytes of what is known of a row of a slice, and of its group's name until the slice is counted.
pub(in crate::train) const SLICE_ROW_BYTES: usize = SliceRows::ROW_BYTES;
pub(in crate::train) const SLICE_NAME_BYTES: usize = SliceRows::NAME_BYTES;

pub(in crate::train) use first::{DESIGN_ROWS, HELD_A_ROW};
pub(in crate::train) use held_out::{HELD_OUT_ROW_BYTES, held_out_bytes};
pub(in crate::train) use learning::learn_once;
pub(in crate::train) use source::{MESSAGE_SHARE_OF_MEMORY, Source, open_job, slice_rows};
