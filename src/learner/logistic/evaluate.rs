//! Loss, gradient and Hessian of the rows of one tile.

use crate::{
    data::Tile,
    learner::logistic::{
        gram::{self, GramScratch},
        kernel, link,
        sums::{NewtonSums, Shape},
    },
};

/// Rows of a design with their classes and weights.
#[derive(Debug, Clone, Copy)]
pub struct TileOf<'a> {
    /// The standardised rows.
    pub design: &'a Tile,
    /// Class indexes, one a row.
    pub classes: &'a [u32],
    /// Weights, one a row; class weights multiplied in.
    pub weights: &'a [f64],
}

/// Working memory for tiles of a fixed number of rows; contents undefined between calls.
#[derive(Debug)]
pub struct Evaluator {
    shape: Shape,
    margins: Vec<f64>,
    curvatures: Vec<f32>,
    scratch: GramScratch,
}

impl Evaluator {
    /// Room for tiles that hold `rows_max` rows at most.
    pub fn new(shape: Shape, rows_max: usize, with_hessian: bool) -> Self {
        let gram_rows = if with_hessian { rows_max } else { 0 };
        Self {
            shape,
            margins: vec![0.0; rows_max * shape.outputs],
            curvatures: vec![0.0; rows_max * link::pairs(shape.outputs)],
            scratch: GramScratch::new(gram_rows),
        }
    }

    /// Bytes that [`Self::new`] allocates.
    pub fn bytes(shape: Shape, rows_max: usize, with_hessian: bool) -> u64 {
        let gram_rows = if with_hessian { rows_max } else { 0 };
        let row = 8 * shape.outputs + 4 * link::pairs(shape.outputs);
        GramScratch::bytes(gram_rows) + (rows_max * row) as u64
    }

    /// Bytes held, by capacity.
    pub fn heap_bytes(&self) -> usize {
        self.scratch.heap_bytes() + self.margins.capacity() * 8 + self.curvatures.capacity() * 4
    }

    /// Adds the rows' sums at `point` (coefficients by output and column, the intercept last) to
    /// `sums`, the Hessian where those have room for it. O(rows * columns^2 / 2) with the Hessian.
    pub fn add(&mut self, rows: TileOf<'_>, point: &[f64], sums: &mut NewtonSums) {
        let TileOf {
            design,
            classes,
            weights,
        } = rows;
        let Shape { columns, outputs } = self.shape;
        let rows = design.rows();
        assert_eq!(design.columns(), columns, "columns of the tile");
        assert_eq!(point.len(), self.shape.parameters(), "parameters");
        let margins = &mut self.margins[..rows * outputs];
        let curvatures = &mut self.curvatures[..rows * link::pairs(outputs)];
        for (margins, point) in margins
            .chunks_exact_mut(rows)
            .zip(point.chunks_exact(columns))
        {
            kernel::margins_into(design, point, margins);
        }
        let link = if outputs == 1 {
            link::binary
        } else {
            link::softmax
        };
        sums.loss += link(margins, classes, weights, curvatures);
        sums.weight += weights.iter().sum::<f64>();
        sums.rows += weights.iter().filter(|weight| **weight > 0.0).count() as u64;
        let gradients = sums.gradient.chunks_exact_mut(columns);
        for (residuals, gradient) in margins.chunks_exact(rows).zip(gradients) {
            kernel::add_gradient(design, residuals, gradient);
        }
        let grams = sums.gram.chunks_exact_mut(kernel::triangle_len(columns));
        for (curvature, gram) in curvatures.chunks_exact(rows).zip(grams) {
            gram::add_gram(design, curvature, &mut self.scratch, gram);
        }
    }
}
