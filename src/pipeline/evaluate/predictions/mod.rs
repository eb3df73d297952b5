//! `predictions.parquet`: the valid and test rows with their predictions, in row order.
//!
//! ```text
//!   prediction pass --margins--> held-out rows of a slice --parts--> row groups --> temporary file
//!   group column ---------------/          ^                                         renamed at the end
//!   RowReader: label, weight, split ------/
//! ```

pub(crate) mod plan;

mod file;
mod pass;
mod rows;

pub(crate) use file::NAME;
pub(crate) use pass::{PredictionsSpec, RowReader, StoredRows, predict_and_write};
