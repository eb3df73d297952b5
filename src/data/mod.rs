//! What the rooms above pass to each other: schema, batches, code blocks, profiles.
//!
//! Rows are numbered from 0 over the whole dataset in natural file order; that number keys every
//! random choice. Missing values are NaN in numeric columns and [`batch::MISSING_TEXT`] in text.

pub mod baseline;
pub mod batch;
pub mod blocks;
pub mod layout;
pub mod nearest;
pub mod pack;
pub mod pattern;
pub mod profile;
pub mod roles;
pub mod schema;
pub mod spill_map;
pub mod split;
pub mod tile;

pub use baseline::{Baseline, BaselineColumns, BaselineCounts, BaselineRow};
pub use batch::{Batch, TextValues, Values};
pub use blocks::{CodeBlock, RowBlock, StateBlock};
pub use layout::{CodeLayout, PackMember};
pub use pattern::Pattern;
pub use profile::{Profile, ProfileTask};
pub use roles::{Excluded, GroupChoice, LearnedRoles, Role, Roles, Selection};
pub use schema::{Absent, Field, Schema, ValueType};
pub use spill_map::SpillMap;
pub use split::Split;
pub use tile::{Tile, TileRows};
