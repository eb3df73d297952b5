//! The types that the rooms above exchange: schema, batches, code blocks.
//!
//! Rows are numbered from 0 over the whole dataset in natural file order; that number keys every
//! random choice. Missing values are NaN in numeric columns and [`batch::MISSING_TEXT`] in text.

pub mod batch;
pub mod blocks;
pub mod layout;
pub mod pack;
pub mod schema;
pub mod split;
pub mod task;
pub mod tile;

pub use batch::{Batch, TextValues, Values};
pub use blocks::{CodeBlock, RowBlock, StateBlock};
pub use layout::{CodeLayout, PackMember};
pub use schema::{Absent, Field, Schema, ValueType};
pub use split::Split;
pub use task::{Task, task_or_auto};
pub use tile::{Tile, TileRows};
