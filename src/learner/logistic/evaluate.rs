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
pub struct LabeledTile<'a> {
    /// The standardised rows.
    pub design: &'a Tile,
    /// Class indexes, one a row.
    pub classes: &'a [u32],
    /// Weights, one a row; class weights multiplied in.
    pub weights: &'a [f64],
}

/// Working memory for tiles of a fixed number of rows; contents undefined between calls.
#[derive(Debug)]
pub(crate) struct Evaluator {
    shape: Shape,
    margins: Vec<f64>,
    curvatures: Vec<f32>,
    scratch: GramScratch,
}

impl Evaluator {
    /// Room for tiles that hold `rows_max` rows at most.
    pub(crate) fn new(shape: Shape, rows_max: usize, with_hessian: bool) -> Self {
        let gram_rows = if with_hessian { rows_max } else { 0 };
        Self {
            shape,
            margins: vec![0.0; rows_max * shape.outputs],
            curvatures: vec![0.0; rows_max * link::pairs(shape.outputs)],
            scratch: GramScratch::new(gram_rows),
        }
    }

    /// Bytes that [`Self::new`] allocates.
    pub(crate) fn bytes(shape: Shape, rows_max: usize, with_hessian: bool) -> u64 {
        let gram_rows = if with_hessian { rows_max } else { 0 };
        let row = 8 * shape.outputs + 4 * link::pairs(shape.outputs);
        GramScratch::bytes(gram_rows) + (rows_max * row) as u64
    }

    /// Bytes held, by capacity.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.scratch.heap_bytes() + self.margins.capacity() * 8 + self.curvatures.capacity() * 4
    }

    /// Adds the rows' sums at `point` (coefficients by output and column, the intercept last) to
    /// `sums`, the Hessian where those have room for it. O(rows * columns^2 / 2) with the Hessian.
    pub(crate) fn add(&mut self, rows: LabeledTile<'_>, point: &[f64], sums: &mut NewtonSums) {
        let LabeledTile {
            design, weights, ..
        } = rows;
        let Shape { columns, outputs } = self.shape;
        assert_eq!(design.columns(), columns, "columns of the tile");
        assert_eq!(point.len(), self.shape.parameters(), "parameters");
        let margins = &mut self.margins[..design.rows() * outputs];
        let curvatures = &mut self.curvatures[..design.rows() * link::pairs(outputs)];
        sums.weight += weights.iter().sum::<f64>();
        sums.rows += weights.iter().filter(|weight| **weight > 0.0).count() as u64;
        add_gradient(rows, point, margins, curvatures, sums);
        let grams = sums.gram.chunks_exact_mut(kernel::triangle_len(columns));
        for (curvature, gram) in curvatures.chunks_exact(design.rows()).zip(grams) {
            gram::add_gram(design, curvature, &mut self.scratch, gram);
        }
    }
}

/// Adds loss and gradient; leaves the residuals in `margins` and fills the curvatures.
fn add_gradient(
    rows: LabeledTile<'_>,
    point: &[f64],
    margins: &mut [f64],
    curvatures: &mut [f32],
    sums: &mut NewtonSums,
) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the one precondition is that the processor has AVX2.
        #[allow(unsafe_code)]
        unsafe {
            add_gradient_avx2(rows, point, margins, curvatures, sums);
        }
        return;
    }
    add_gradient_portable(rows, point, margins, curvatures, sums);
}

/// The portable twin compiled for wider registers: the same operations, so the same bits.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn add_gradient_avx2(
    rows: LabeledTile<'_>,
    point: &[f64],
    margins: &mut [f64],
    curvatures: &mut [f32],
    sums: &mut NewtonSums,
) {
    add_gradient_portable(rows, point, margins, curvatures, sums);
}

#[inline(always)]
fn add_gradient_portable(
    rows: LabeledTile<'_>,
    point: &[f64],
    margins: &mut [f64],
    curvatures: &mut [f32],
    sums: &mut NewtonSums,
) {
    let LabeledTile {
        design,
        classes,
        weights,
    } = rows;
    let (rows, columns) = (design.rows(), design.columns());
    let outputs = margins.chunks_exact_mut(rows);
    for (margins, point) in outputs.zip(point.chunks_exact(columns)) {
        kernel::margins_into(design, point, margins);
    }
    sums.loss += if margins.len() == rows {
        link::binary(margins, classes, weights, curvatures)
    } else {
        link::softmax(margins, classes, weights, curvatures)
    };
    let gradients = sums.gradient.chunks_exact_mut(columns);
    for (residuals, gradient) in margins.chunks_exact(rows).zip(gradients) {
        kernel::add_gradient(design, residuals, gradient);
    }
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;

    #[test]
    fn wider_registers_have_the_same_bits() {
        if !is_x86_feature_detected!("avx2") {
            return;
        }
        for (outputs, rows) in [(1, 1), (1, 77), (3, 70), (1, 512)] {
            let shape = Shape {
                columns: 8,
                outputs,
            };
            let value = |index: usize| ((index * 7919) % 1009) as f64 / 300.0 - 1.6;
            let mut design = Tile::new(shape.columns - 1, rows);
            let mut appended = design.append(rows);
            for feature in 0..shape.columns - 1 {
                let column = appended.column_mut(feature).iter_mut();
                column.enumerate().for_each(|(row, x)| {
                    *x = value(feature * 613 + row) as f32;
                });
            }
            let classes: Vec<u32> = (0..rows as u32).map(|row| row % 2).collect();
            let weights: Vec<f64> = (0..rows).map(|row| value(row).abs()).collect();
            let point: Vec<f64> = (0..shape.parameters()).map(value).collect();
            let tile = LabeledTile {
                design: &design,
                classes: &classes,
                weights: &weights,
            };
            let run = |is_wide: bool| {
                let mut sums = NewtonSums::new(shape, false);
                let mut margins = vec![0.0; rows * outputs];
                let mut curvatures = vec![0.0; rows * link::pairs(outputs)];
                if is_wide {
                    add_gradient(tile, &point, &mut margins, &mut curvatures, &mut sums);
                } else {
                    add_gradient_portable(tile, &point, &mut margins, &mut curvatures, &mut sums);
                }
                assert!(sums.loss > 0.0);
                (sums, margins, curvatures)
            };
            assert_eq!(run(true), run(false), "{outputs} outputs, {rows} rows");
        }
    }
}
