//! Sizes of a slice, for the memory plan.

use crate::pipeline::one_pass::rows::SliceRows;

/// Bytes of a row of a slice beside its features, and of its group's name until the slice is counted.
pub(crate) const SLICE_ROW_BYTES: usize = SliceRows::ROW_BYTES;
pub(crate) const SLICE_NAME_BYTES: usize = SliceRows::NAME_BYTES;
