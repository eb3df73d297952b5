//! A tile: some rows of a dense design matrix, column-major, for linear learners.

/// Extra values between columns, so that columns do not fall into the same cache sets.
const STRIDE_PADDING: usize = 16;

/// Rows of a design matrix in `f32`, a column after the other, with room for a fixed number of
/// rows. Behind the features stands a column of ones: the intercept is a coefficient like any other.
///
/// Whoever accumulates owns it; a transform appends rows to it.
#[derive(Debug, Clone)]
pub struct Tile {
    features: usize,
    rows_max: usize,
    stride: usize,
    rows: usize,
    values: Vec<f32>,
}

impl Tile {
    /// An empty tile for `features` columns (and the ones) and at most `rows_max` rows.
    pub fn new(features: usize, rows_max: usize) -> Self {
        let stride = rows_max + STRIDE_PADDING;
        let mut values = vec![0.0; stride * (features + 1)];
        values[stride * features..].fill(1.0);
        Self {
            features,
            rows_max,
            stride,
            rows: 0,
            values,
        }
    }

    /// Bytes that [`Self::new`] allocates.
    pub fn bytes(features: usize, rows_max: usize) -> u64 {
        (rows_max + STRIDE_PADDING) as u64 * (features as u64 + 1) * 4
    }

    /// Columns without the ones.
    pub fn features(&self) -> usize {
        self.features
    }

    /// Columns with the ones.
    pub fn columns(&self) -> usize {
        self.features + 1
    }

    /// Rows there are.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Rows that can still be appended.
    pub fn room(&self) -> usize {
        self.rows_max - self.rows
    }

    /// The distance between the first values of neighbouring columns.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// All columns, [`Self::stride`] apart; of each only the first [`Self::rows`] values mean anything.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The values of one column; the last column is the ones.
    pub fn column(&self, column: usize) -> &[f32] {
        assert!(column < self.columns(), "column of the tile");
        &self.values[column * self.stride..][..self.rows]
    }

    /// Appends rows, whose values the caller must then write in every feature column: what
    /// `TileRows::column_mut` lends is undefined.
    pub fn append(&mut self, rows: usize) -> TileRows<'_> {
        assert!(rows <= self.room(), "room in the tile");
        let first_row = self.rows;
        self.rows += rows;
        TileRows {
            tile: self,
            first_row,
        }
    }

    /// Forgets the rows, keeping the memory.
    pub fn clear(&mut self) {
        self.rows = 0;
    }

    /// Removes the rows, and reserves memory for `rows_max`; memory never shrinks.
    pub fn make_room(&mut self, rows_max: usize) {
        self.clear();
        if rows_max > self.rows_max {
            // The old memory goes before the new one comes.
            self.values = Vec::new();
            *self = Self::new(self.features, rows_max);
        }
    }

    /// Bytes held, by capacity.
    pub fn heap_bytes(&self) -> usize {
        self.values.capacity() * 4
    }
}

/// The rows just appended to a [`Tile`].
#[derive(Debug)]
pub struct TileRows<'a> {
    tile: &'a mut Tile,
    first_row: usize,
}

impl TileRows<'_> {
    /// Feature columns to fill.
    pub fn features(&self) -> usize {
        self.tile.features
    }

    /// The number of appended rows.
    pub fn rows(&self) -> usize {
        self.tile.rows - self.first_row
    }

    /// The appended rows of a feature column, to be written.
    pub fn column_mut(&mut self, feature: usize) -> &mut [f32] {
        assert!(feature < self.tile.features, "feature of the tile");
        let start = feature * self.tile.stride;
        &mut self.tile.values[start + self.first_row..start + self.tile.rows]
    }

    /// Fills all columns from another tile of the same features: every `step`-th row from `first_row`.
    pub fn copy_rows(&mut self, source: &Tile, first_row: usize, step: usize) {
        assert_eq!(self.features(), source.features, "features of both tiles");
        for feature in 0..source.features {
            let column = self.column_mut(feature);
            let from = &source.column(feature)[first_row..];
            if step == 1 {
                column.copy_from_slice(&from[..column.len()]);
            } else {
                assert!((column.len() - 1) * step < from.len(), "rows to copy");
                for (value, from) in column.iter_mut().zip(from.iter().step_by(step)) {
                    *value = *from;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appended_rows_follow_each_other_and_the_ones_stay() {
        let mut tile = Tile::new(2, 3);
        let mut rows = tile.append(2);
        rows.column_mut(0).copy_from_slice(&[1.0, 2.0]);
        rows.column_mut(1).copy_from_slice(&[-1.0, -2.0]);
        tile.append(1).column_mut(0)[0] = 3.0;
        assert_eq!(tile.column(0), [1.0, 2.0, 3.0]);
        assert_eq!(&tile.column(1)[..2], [-1.0, -2.0]);
        assert_eq!(tile.column(2), [1.0; 3]);
        assert_eq!(tile.room(), 0);
        assert_eq!(tile.heap_bytes() as u64, Tile::bytes(2, 3));
        let mut copy = Tile::new(2, 2);
        copy.append(2).copy_rows(&tile, 0, 2);
        assert_eq!(copy.column(0), [1.0, 3.0]);
        tile.clear();
        assert_eq!((tile.rows(), tile.room()), (0, 3));
    }

    #[test]
    #[should_panic(expected = "room in the tile")]
    fn more_rows_than_room_are_refused() {
        Tile::new(1, 4).append(5);
    }
}
