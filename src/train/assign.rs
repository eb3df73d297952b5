//! The assignment: every row's split, fixed before anything is learned, and the proof that no group
//! is in two of them.

use crate::{
    data::Split,
    engine::{Context, block_pass},
    error::{Error, Result},
    group::{
        assign::Assignment,
        buckets::BucketCounts,
        hash::{Purpose, row_hash},
    },
    limits::BLOCK_ROWS,
    model::link::Task,
    train::{
        rows::{RowsBuffer, RowsFile},
        selection::{self, RowSample},
    },
};
