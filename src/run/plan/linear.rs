//! What linear models take: Newton's sums, batches, steps of gradient descent.

use crate::{
    data::ValueType,
    learner::logistic::{Logistic, LogisticOptions, Shape, Solver},
    pipeline::{
        evaluate::evaluation::Table,
        fit::{
            buffer_pool::PARTS_PER_LANE,
            design_rows::part_bytes,
            newton,
            newton_start::{read_bytes, start_rows},
            slice::TrainingSlice,
        },
        incremental::row_feeder::{batch_part_bytes, part_rows, slice_rows},
        one_pass::{
            first_rows::{DESIGN_ROWS, HELD_A_ROW},
            held_out::{HELD_OUT_ROW_BYTES, held_out_bytes},
            sizes::{SLICE_NAME_BYTES, SLICE_ROW_BYTES},
            source::MESSAGE_SHARE_OF_MEMORY,
        },
    },
    text::size::grouped,
};

use crate::run::plan::plan::Planner;

impl Planner<'_> {
    /// The parameters of a linear model, at most.
    pub(crate) fn shape(&self, features: &[usize], options: &LogisticOptions) -> Shape {
        let fields = &self.data.schema().fields;
        let width = |column: &usize| match fields[*column].value_type {
            Some(ValueType::Text) => options.max_categories as usize,
            _ => 1,
        } + usize::from(options.missing_indicator);
        Shape {
            columns: features.iter().map(width).sum::<usize>() + 1,
            outputs: self.spec.outputs(),
        }
    }

    pub(crate) fn newton(&mut self, options: &LogisticOptions) -> u64 {
        let features = self.features().to_vec();
        let shape = self.shape(&features, options);
        if let Some(online) = self.spec.incremental {
            self.batches(&features, shape);
            if options.solver == Solver::Sgd || online.init_model.is_some() {
                return 0;
            }
        }
        if options.solver == Solver::Sgd {
            self.sgd(&features, shape);
            return 0;
        }
        let start = start_rows(shape.columns, self.spec.limits.start_sample_rows);
        let start_bytes =
            Logistic::sample_bytes(shape, start) + read_bytes(features.len(), start, self.threads);
        self.memory.add(
            "start",
            "sampled design",
            start_bytes,
            format!("{start} rows, {} columns", shape.columns),
        );
        self.memory.add(
            "start",
            "solver",
            Logistic::bytes(shape),
            "Hessian and its factors",
        );
        self.decode("newton", &features);
        let row_bytes = self.data.dataset.decode_estimate(&features).row_bytes as usize;
        let rows_max =
            newton::pass_slice_rows(row_bytes, self.threads as usize, self.spec.memory_bytes);
        let rows = self.row_group_rows_max().min(rows_max as u64);
        self.slices(self.threads, "newton", row_bytes, rows);
        self.memory.add(
            "newton",
            "sums",
            self.threads * Logistic::lane_bytes(shape) + Logistic::bytes(shape),
            format!("gradient and Hessian of {} parameters", shape.parameters()),
        );
        0
    }

    /// Slices of at most so many rows that lanes assemble.
    pub(crate) fn slices(&mut self, lanes: u64, phase: &str, row_bytes: usize, rows: u64) {
        self.memory.add(
            phase,
            "slices",
            lanes * rows * (row_bytes + TrainingSlice::ROW_BYTES) as u64,
            format!("{} rows a lane", grouped(rows)),
        );
    }

    /// Learning from rows that are read once. Answers the bytes of scratch.
    pub(crate) fn once(&mut self, options: &LogisticOptions) -> u64 {
        let features = self.features().to_vec();
        let shape = self.shape(&features, options);
        let columns = self.columns_once();
        self.decode_by(self.lanes, "batches", &columns);
        let held = (HELD_A_ROW * DESIGN_ROWS) as u64;
        self.first_rows("batches", &columns, held, "design");
        self.learner("batches", shape);
        let part = part_bytes(shape.columns - 1, part_rows(shape.columns - 1));
        self.memory.add(
            "batches",
            "rows of the design",
            2 * part,
            "training rows and held-out rows of a part of a slice",
        );
        self.memory.add(
            "held-out rows",
            "tables",
            2 * self.spec.evaluation.worker_bytes(),
            "65,536 bins a split and class",
        );
        self.memory.add(
            "held-out rows",
            "rows of the design",
            2 * part,
            "a part of a slice, as bytes and as numbers",
        );
        self.memory.add(
            "held-out rows",
            "predictions",
            held_out_bytes(self.spec.evaluation.classes),
            "probabilities and margins of a part of a slice",
        );
        let row = HELD_OUT_ROW_BYTES + 4 * (shape.columns as u64 - 1);
        (self.data.dataset.rows() as f64 * self.spec.held_out_share) as u64 * row
    }

    /// The columns of rows that are read once.
    pub(crate) fn columns_once(&self) -> Vec<usize> {
        let roles = &self.data.roles;
        let mut columns = roles.features.clone();
        let others = [roles.target, roles.group, roles.split, roles.weight];
        for column in others.into_iter().flatten() {
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
        columns
    }

    /// Bytes of a decoded row.
    pub(crate) fn decoded_bytes(&self, columns: &[usize]) -> usize {
        self.data.dataset.decode_estimate(columns).row_bytes as usize
    }

    /// Bytes of a row that waits until enough have come: its values, and what is known of it.
    pub(crate) fn row_bytes_once(&self, columns: &[usize]) -> u64 {
        (self.decoded_bytes(columns) + SLICE_ROW_BYTES) as u64
    }

    /// Rows as they are read once, and the first of them, which wait until they have fixed what rows become.
    pub(crate) fn first_rows(&mut self, phase: &str, columns: &[usize], rows: u64, what: &str) {
        self.memory.add(
            phase,
            "first rows",
            rows * self.row_bytes_once(columns),
            format!("{} rows that fix the {what}", grouped(rows)),
        );
        self.slices_once(phase, columns);
    }

    /// Rows as they are read once.
    pub(crate) fn slices_once(&mut self, phase: &str, columns: &[usize]) {
        let row_bytes = self.decoded_bytes(columns);
        let rows = slice_rows(row_bytes) as u64;
        self.memory.add(
            phase,
            "slices",
            self.lanes * PARTS_PER_LANE as u64 * rows * row_bytes as u64,
            format!(
                "{PARTS_PER_LANE} a lane of {}: whole rows of a part of a row group",
                self.lanes
            ),
        );
        self.memory.add(
            phase,
            "labels and groups",
            rows * (SLICE_ROW_BYTES + SLICE_NAME_BYTES) as u64,
            "of a slice, each row in a group of its own",
        );
        if self.data.dataset.files().is_empty() {
            self.memory.add(
                phase,
                "stream",
                self.spec.memory_bytes / MESSAGE_SHARE_OF_MEMORY,
                "a record batch",
            );
        }
    }

    /// Learning by batches.
    pub(crate) fn batches(&mut self, features: &[usize], shape: Shape) {
        self.decode_by(self.lanes, "batches", features);
        let row_bytes = self.decoded_bytes(features);
        let rows = slice_rows(row_bytes);
        self.slices(self.lanes, "batches", row_bytes, rows as u64);
        self.memory.add(
            "batches",
            "rows of the design",
            self.lanes * PARTS_PER_LANE as u64 * part_bytes(shape.columns - 1, rows),
            format!("{PARTS_PER_LANE} slices a lane"),
        );
        self.learner("batches", shape);
    }

    /// What learns batches, and the part of a batch that it learns.
    pub(crate) fn learner(&mut self, phase: &str, shape: Shape) {
        let evaluation = &self.spec.evaluation;
        let classes = evaluation.classes;
        let part = batch_part_bytes(shape.columns - 1, classes);
        let table = Table::bytes(evaluation.task, classes);
        self.memory.add(
            phase,
            "part of a batch",
            part + table,
            "its design and its predictions",
        );
        let triangles = (shape.parameters() as u64).pow(2) / 2 * 8 * 4;
        self.memory.add(
            phase,
            "learner",
            triangles + part_bytes(shape.columns, 512) + 20 * shape.parameters() as u64 * 8,
            format!("state and file of {} parameters", shape.parameters()),
        );
    }

    pub(crate) fn sgd(&mut self, features: &[usize], shape: Shape) {
        self.decode_by(self.lanes, "sgd", features);
        let row_bytes = self.data.dataset.decode_estimate(features).row_bytes as usize;
        let rows = newton::slice_rows(row_bytes);
        self.slices(self.lanes, "sgd", row_bytes, rows as u64);
        self.memory.add(
            "sgd",
            "standardised rows",
            self.lanes * PARTS_PER_LANE as u64 * part_bytes(shape.columns - 1, rows),
            format!("{} slices a lane", PARTS_PER_LANE),
        );
        self.memory.add(
            "sgd",
            "solver",
            part_bytes(shape.columns, 64) + 8 * shape.parameters() as u64 * 8,
            format!("vectors of {} parameters", shape.parameters()),
        );
    }
}
