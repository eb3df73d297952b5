//! One lane's part of a pass: rows in, [`NewtonSums`] of a row group out.

use std::sync::Arc;

use crate::{
    data::{Tile, TileRows},
    learner::logistic::{
        evaluate::{Evaluator, LabeledTile},
        sums::{NewtonSums, Shape},
    },
};

/// Rows of a tile: small enough that it and its weighted copy stay in the second-level cache at a
/// hundred columns, large enough that adding the product in `f64` costs little beside it.
pub(crate) const TILE_ROWS: usize = 512;

/// The task of a pass: the point, and whether the Hessian is wanted.
#[derive(Debug, Clone)]
pub struct NewtonPass {
    pub(super) shape: Shape,
    pub(super) point: Arc<[f64]>,
    pub(super) class_weights: Arc<[f64]>,
    pub(super) with_hessian: bool,
}

impl NewtonPass {
    /// True if the pass accumulates the Hessian.
    pub fn with_hessian(&self) -> bool {
        self.with_hessian
    }

    /// Empty sums for this pass.
    pub fn sums(&self) -> NewtonSums {
        NewtonSums::new(self.shape, self.with_hessian)
    }

    /// A lane's accumulator.
    pub fn accumulator(&self) -> Accumulator {
        Accumulator::new(self.clone())
    }
}

/// Accumulates the rows of one row group at a time.
///
/// Rows are gathered into a tile of [`TILE_ROWS`] rows, which is evaluated when it is full and at the
/// end of the row group. So what is added in which order depends on the rows of the row group alone,
/// not on their batches.
#[derive(Debug)]
pub struct Accumulator {
    pass: NewtonPass,
    tile: Tile,
    classes: Vec<u32>,
    weights: Vec<f64>,
    evaluator: Evaluator,
    sums: NewtonSums,
}

impl Accumulator {
    fn new(pass: NewtonPass) -> Self {
        let shape = pass.shape;
        let tile = Tile::new(shape.columns - 1, TILE_ROWS);
        Self {
            classes: Vec::with_capacity(TILE_ROWS),
            weights: Vec::with_capacity(TILE_ROWS),
            evaluator: Evaluator::new(shape, TILE_ROWS, pass.with_hessian),
            sums: pass.sums(),
            tile,
            pass,
        }
    }

    /// Bytes of an accumulator, its sums included.
    pub fn bytes(shape: Shape, with_hessian: bool) -> u64 {
        Tile::bytes(shape.columns - 1, TILE_ROWS)
            + Evaluator::bytes(shape, TILE_ROWS, with_hessian)
            + NewtonSums::bytes(shape, with_hessian)
            + (TILE_ROWS * 12) as u64
    }

    /// Adds rows of a batch: `rows` are their indexes in the batch, ascending, `labels` (class
    /// indexes) and `weights` are those of the whole batch, and `fill` writes the design of the given
    /// rows. Rows of weight 0 are passed over. A batch lies within one row group.
    pub fn update(
        &mut self,
        rows: &[u32],
        labels: &[f32],
        weights: &[f32],
        mut fill: impl FnMut(&[u32], &mut TileRows<'_>),
    ) {
        assert_eq!(labels.len(), weights.len(), "labels and weights");
        let mut rest = rows;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(self.tile.room()));
            fill(now, &mut self.tile.append(now.len()));
            for row in now {
                self.push_row(labels[*row as usize], weights[*row as usize]);
            }
            if self.tile.room() == 0 {
                self.flush();
            }
            rest = later;
        }
    }

    fn push_row(&mut self, label: f32, weight: f32) {
        let class = label as u32;
        let classes = self.pass.shape.outputs.max(2);
        assert!(
            class as f32 == label && (class as usize) < classes,
            "label is a class"
        );
        assert!(weight >= 0.0 && weight.is_finite(), "weight of a row");
        let factors = &self.pass.class_weights;
        let factor = factors.get(class as usize).copied().unwrap_or(1.0);
        self.classes.push(class);
        self.weights.push(f64::from(weight) * factor);
    }

    /// Ends the row group: `finished` receives its sums (what it held is lost), and the accumulator
    /// is empty again.
    pub fn finish_row_group_into(&mut self, finished: &mut NewtonSums) {
        self.flush();
        finished.clear();
        std::mem::swap(&mut self.sums, finished);
    }

    /// Bytes held, by capacity, the point apart.
    pub fn heap_bytes(&self) -> usize {
        self.tile.heap_bytes()
            + self.evaluator.heap_bytes()
            + self.sums.heap_bytes()
            + self.classes.capacity() * 4
            + self.weights.capacity() * 8
    }

    /// Evaluates the rows of the tile and empties it.
    fn flush(&mut self) {
        if self.tile.rows() == 0 {
            return;
        }
        let rows = LabeledTile {
            design: &self.tile,
            classes: &self.classes,
            weights: &self.weights,
        };
        self.evaluator.add(rows, &self.pass.point, &mut self.sums);
        self.tile.clear();
        self.classes.clear();
        self.weights.clear();
    }
}
