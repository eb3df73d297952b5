//! The rows of a one-pass run, read from the data once more when its model is finished.

use crate::{
    data::{RowBlock, Values},
    engine::Slice,
    error::Result,
    group::assign::Assignment,
    pipeline::{
        evaluate::predictions::RowReader,
        one_pass::rows::{Places, SliceRows},
        open::{target::Target, training_data::TrainingData},
    },
};

/// Labels, weights and splits from the columns that say so, as the run itself read them.
pub(crate) struct RereadRows<'a> {
    data: &'a TrainingData,
    target: &'a Target,
    /// The splits, where no column says them.
    assignment: Option<&'a Assignment>,
    places: Places,
    rows: SliceRows,
}

impl<'a> RereadRows<'a> {
    /// For slices of the columns of [`TrainingData::scan_columns`].
    pub(crate) fn new(
        data: &'a TrainingData,
        target: &'a Target,
        assignment: Option<&'a Assignment>,
    ) -> Self {
        let columns = data.scan_columns();
        let place = |column: usize| {
            let place = columns.iter().position(|other| *other == column);
            place.expect("a scan reads the columns that are no features")
        };
        let roles = &data.roles;
        Self {
            data,
            target,
            assignment,
            places: Places {
                target: place(data.target_column()),
                group: roles.group.map(place),
                split: roles.split.map(place),
                weight: roles.weight.map(place),
            },
            rows: SliceRows::default(),
        }
    }
}

impl RowReader for RereadRows<'_> {
    fn read(&mut self, slice: Slice, columns: &[Values]) -> Result<RowBlock<'_>> {
        self.rows.read(
            self.data,
            self.target,
            self.places,
            slice.first_row,
            columns,
            self.assignment,
        )?;
        Ok(self.rows.block())
    }
}
