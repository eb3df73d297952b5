//! Slices in one lane: their columns, gathered from batches, and their training rows.

use std::mem;

use crate::{
    data::{Batch, Split, Values},
    engine::Slice,
    error::Result,
    pipeline::storage::rows::{RowsBuffer, RowsFile},
};

/// The values of some columns in the rows of a slice.
pub(crate) struct SliceColumns {
    slice: Slice,
    /// Schema columns with their values, in the order of the pass.
    columns: Vec<(usize, Values)>,
}

impl SliceColumns {
    /// For a pass over these columns.
    pub(crate) fn new(columns: &[usize]) -> Self {
        let empty = |column: &usize| (*column, Values::F32(Vec::new()));
        Self {
            slice: Slice::default(),
            columns: columns.iter().map(empty).collect(),
        }
    }

    /// Begins a slice.
    pub(crate) fn start(&mut self, slice: Slice) {
        self.slice = slice;
    }

    /// Adds the next rows of the column that is being read, or the first of the next one.
    pub(crate) fn push(&mut self, batch: &Batch) {
        let (column, values) = &mut self.columns[batch.column_position];
        debug_assert_eq!(*column, batch.column);
        if batch.first_row == self.slice.first_row {
            values.restart(&batch.values, self.slice.rows);
        }
        values.append(&batch.values);
    }

    /// The values of the columns, in the order of the pass.
    pub(crate) fn take(&mut self) -> Vec<Values> {
        let values = self.columns.iter_mut();
        values
            .map(|(_, values)| mem::replace(values, Values::F32(Vec::new())))
            .collect()
    }

    /// Gathers the next slice in the buffer of an earlier one.
    pub(crate) fn reuse(&mut self, buffer: Vec<Values>) {
        for ((_, values), buffer) in self.columns.iter_mut().zip(buffer) {
            *values = buffer;
        }
    }
}

/// A slice's training rows of a weight above 0.
pub(crate) struct TrainingRows<'a> {
    /// The slice.
    pub(crate) slice: Slice,
    /// Schema columns with the values of all rows of the slice.
    pub(crate) columns: &'a [(usize, Values)],
    /// Labels of all rows of the slice.
    pub(crate) labels: &'a [f32],
    /// Weights of all rows of the slice.
    pub(crate) weights: &'a [f32],
    /// The training rows, as indexes into the slice.
    pub(crate) train: &'a [u32],
}

/// Gathers the columns of a slice and finds its training rows.
pub(crate) struct TrainingSlice<'a> {
    columns: SliceColumns,
    rows: &'a RowsFile,
    buffer: RowsBuffer,
    train: Vec<u32>,
}

impl<'a> TrainingSlice<'a> {
    /// Bytes of a slice a row, its values apart.
    pub(crate) const ROW_BYTES: usize = RowsBuffer::ROW_BYTES + size_of::<u32>();

    /// For a pass over these columns.
    pub(crate) fn new(columns: &[usize], rows: &'a RowsFile) -> Self {
        Self {
            columns: SliceColumns::new(columns),
            rows,
            buffer: RowsBuffer::default(),
            train: Vec::new(),
        }
    }

    /// Begins a slice.
    pub(crate) fn start(&mut self, slice: Slice) {
        self.columns.start(slice);
    }

    /// As [`SliceColumns::push`].
    pub(crate) fn push(&mut self, batch: &Batch) {
        self.columns.push(batch);
    }

    /// The training rows, when all columns have come.
    ///
    /// # Errors
    /// When the rows file cannot be read.
    pub(crate) fn finish(&mut self) -> Result<TrainingRows<'_>> {
        let slice = self.columns.slice;
        let rows = self
            .buffer
            .read_range(self.rows, slice.first_row, slice.rows)?;
        let is_train = |row: &u32| {
            let row = *row as usize;
            rows.split[row] == Split::Train as u8 && rows.weight[row] > 0.0
        };
        self.train.clear();
        self.train.extend((0..slice.rows as u32).filter(is_train));
        Ok(TrainingRows {
            slice,
            columns: &self.columns.columns,
            labels: rows.label,
            weights: rows.weight,
            train: &self.train,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(first_row: u64, column: usize, values: Values) -> Batch {
        Batch {
            first_row,
            column,
            column_position: usize::from(column == 3),
            values,
        }
    }

    #[test]
    fn batches_become_columns_and_training_rows_of_no_weight_are_left_out() {
        let directory = tempfile::tempdir().unwrap();
        let rows = RowsFile::create(&directory.path().join("rows"), 5, true).unwrap();
        let train = Split::Train as u8;
        rows.write_splits(0, &[train, train, Split::Test as u8, train, train])
            .unwrap();
        rows.write_labels(0, &[0.0, 1.0, 0.0, 1.0, 1.0]).unwrap();
        rows.write_weights(0, &[1.0, 2.0, 1.0, 0.0, 3.0]).unwrap();
        let mut slice = TrainingSlice::new(&[7, 3], &rows);
        for first_row in [0, 1] {
            slice.start(Slice {
                row_group: 0,
                first_row,
                rows: 4,
            });
            for half in [0, 2] {
                let values = vec![half as f64 + 0.5, half as f64 + 1.5];
                slice.push(&batch(first_row + half, 7, Values::F64(values)));
            }
            slice.push(&batch(first_row, 3, Values::F32(vec![4.0; 4])));
            let found = slice.finish().unwrap();
            let expected = [
                (7, Values::F64(vec![0.5, 1.5, 2.5, 3.5])),
                (3, Values::F32(vec![4.0; 4])),
            ];
            assert_eq!(found.columns, expected);
            let expected: &[u32] = if first_row == 0 { &[0, 1] } else { &[0, 3] };
            assert_eq!(found.train, expected, "slice from {first_row}");
            assert_eq!(found.labels[expected[1] as usize], 1.0);
            assert_eq!(found.weights.len(), 4);
        }
        let buffer = slice.columns.take();
        assert_eq!(buffer[1], Values::F32(vec![4.0; 4]));
        slice.columns.reuse(buffer);
        slice.start(Slice {
            row_group: 1,
            first_row: 5,
            rows: 1,
        });
        slice.push(&batch(5, 7, Values::F64(vec![6.5])));
        slice.push(&batch(5, 3, Values::F32(vec![7.0])));
        let expected = [Values::F64(vec![6.5]), Values::F32(vec![7.0])];
        assert_eq!(slice.columns.take(), expected);
    }
}
