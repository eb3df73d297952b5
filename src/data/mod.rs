//! The types that the rooms above exchange: schema, batches, code blocks.
//!
//! Rows are numbered from 0 over the whole dataset in natural file order; that number keys every
//! random choice. Missing values are NaN in numeric columns and [`batch::MISSING_TEXT`] in text.

pub(crate) mod batch;
pub(crate) mod blocks;
pub(crate) mod layout;
pub(crate) mod pack;
pub(crate) mod schema;
pub(crate) mod split;
pub(crate) mod task;
pub(crate) mod tile;

pub(crate) use batch::Batch;
pub use batch::{TextValues, Values};
pub use blocks::CodeBlock;
pub(crate) use blocks::{RowBlock, StateBlock};
pub use layout::CodeLayout;
pub(crate) use layout::PackMember;
pub use schema::ValueType;
pub(crate) use schema::{Absent, Field, Schema};
pub use split::Split;
pub use task::Task;
pub(crate) use task::task_or_auto;
pub use tile::Tile;
pub(crate) use tile::TileRows;
