//! Learning by batches: what `rowmill incremental` does beyond `rowmill train`.
//!
//! ```text
//!   training rows in row order --> batches --> scored --> learned --> learner.rowmill
//!                                                |                        |
//!                                     progressive validation        --resume, --init-model
//! ```
//!
//! `batches` learns from data that are read more than once, `once` from files or a stream that are read
//! once, and `trees` from codes on scratch, whichever of both wrote them. The other steps of the run,
//! splits, survey, evaluation and reports, are those of `train`.

mod batches;
mod curve;
mod declared;
mod feeder;
mod file;
mod learner;
mod once;
mod options;
mod saver;
mod started;
mod trees;

pub(super) use batches::fit_linear_online;
pub use curve::{Curve, CurvePoint};
pub(super) use declared::declared_target;
pub(super) use feeder::{batch_part_bytes, part_rows};
pub(super) use once::{
    DESIGN_ROWS, HELD_A_ROW, HELD_OUT_ROW_BYTES, MESSAGE_SHARE_OF_MEMORY, SLICE_NAME_BYTES,
    SLICE_ROW_BYTES, Source, held_out_bytes, learn_once, open_job, slice_rows,
};
pub use options::OnlineOptions;
pub(super) use options::check;
use options::ends_as_train;
pub use started::{Initial, initial};
pub(super) use started::{Started, started_from};
pub(super) use trees::fit_trees_online;
