//! The unit that goes through all trees together.

/// Rows of a tile: few enough that their codes stay in cache, enough that a node's overhead does not
/// count.
pub(crate) const TILE_ROWS: usize = 512;

/// One byte a row of a tile.
pub(crate) type TileColumn = [u8; TILE_ROWS];
