//! Memory of the pass that predicts with the finished model.

use crate::{
    pipeline::{
        evaluate::{prediction_pass, predictions},
        one_pass::sizes::{SLICE_NAME_BYTES, SLICE_ROW_BYTES},
    },
    run::plan::plan::{CODER_BYTES, Planner},
};

impl Planner<'_> {
    /// The lanes of a pass that predicts, and the tables where it evaluates.
    pub(crate) fn prediction(&mut self, tables: u64) {
        let mut columns = self.features().to_vec();
        let features = columns.len();
        if self.spec.predictions {
            columns.extend(self.data.scan_columns());
        }
        self.decode("prediction", &columns);
        if tables > 0 {
            self.memory.add(
                "prediction",
                "tables",
                tables,
                "65,536 bins a split and class",
            );
        }
        let lane = prediction_pass::lane_bytes(features, self.spec.outputs());
        self.memory.add(
            "prediction",
            "slices",
            self.threads * (lane + features as u64 * CODER_BYTES),
            "codes of a part of a row group",
        );
    }

    /// The file of predictions.
    pub(crate) fn predictions(&mut self) {
        let roles = self.data.scan_columns().len();
        let is_one_pass = self
            .spec
            .incremental
            .is_some_and(|options| options.one_pass);
        let columns = match is_one_pass {
            true => (roles, SLICE_ROW_BYTES + SLICE_NAME_BYTES),
            false => (usize::from(self.data.roles.group.is_some()), 0),
        };
        let rows = self.row_group_rows_max();
        let shape = (self.features().len(), self.spec.outputs());
        predictions::plan::add_lines(&mut self.memory, self.threads, shape, columns, rows);
    }
}
