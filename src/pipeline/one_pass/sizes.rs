//! OnePassState from data that are read once: no scan, no survey, no second look.
//!
//! ```text
//!   Parquet or Arrow stream --> slices --> label, group, split by hash
//!                                            |
//!  first training rows fix design or bins ---+--> training rows: batches, scored and learned
//!                                            +--> held-out rows: kept, scored at the end
//! ```
//!
//! The first rows are held until design or bins are there and then learned like all others.

use crate::pipeline::one_pass::rows::SliceRows;

/// Bytes of what is known of a row of a slice, and of its group's name until the slice is counted.
pub(crate) const SLICE_ROW_BYTES: usize = SliceRows::ROW_BYTES;
pub(crate) const SLICE_NAME_BYTES: usize = SliceRows::NAME_BYTES;
