//! Logistic regression by averaged gradient descent over all training rows, in row order.
//!
//! Lanes decode and standardise slices; the merging thread steps through them in row order, in mini-batches
//! that cross the borders of slices. So the number of threads and the size of batches change no bit.

use crate::{
    data::Tile,
    engine::{Context, ParquetPass, PassReport, parquet_pass},
    error::Result,
    learner::{
        incremental::{SgdStep, Step},
        logistic::{LabeledTile, LogisticFit, Shape},
    },
    pipeline::fit::{
        buffer_pool::buffer_pools,
        design_rows::{DesignRows, DesignSink},
        linear_spec::LinearSpec,
    },
    transform::standardize::Design,
};

/// Fits the coefficients by `max_iter` passes over the training rows.
///
/// # Errors
/// When the data cannot be read, or the options contradict each other.
pub(crate) fn fit(
    context: &Context<'_>,
    spec: &LinearSpec<'_>,
    design: &Design,
    passes: &ParquetPass<'_>,
) -> Result<(LogisticFit, Vec<PassReport>)> {
    spec.options.check(spec.classes)?;
    let shape = Shape {
        columns: design.len() + 1,
        outputs: if spec.classes == 2 { 1 } else { spec.classes },
    };
    let mut blocks = Blocks::new(SgdStep::new(shape, spec.options)?, design.len());
    let mut reports = Vec::new();
    for _ in 0..spec.options.max_iter {
        let (pools, recycler) = buffer_pools(context.threads);
        let sinks = pools
            .into_iter()
            .map(|buffers| {
                DesignSink::new(
                    design,
                    spec.rows,
                    &spec.options.class_weights,
                    passes.columns,
                    buffers,
                )
            })
            .collect();
        let lanes = spec.data.lanes(context);
        let (report, _) = parquet_pass(
            context,
            passes,
            lanes,
            sinks,
            recycler.after(|_, part| {
                blocks.push(&part);
                Ok(part)
            }),
        )?;
        blocks.flush();
        reports.push(report);
    }
    Ok((
        fitted(shape, blocks.step.coefficients(), reports.len()),
        reports,
    ))
}

fn fitted(shape: Shape, point: &[f64], passes: usize) -> LogisticFit {
    let outputs = || point.chunks_exact(shape.columns);
    let features = shape.columns - 1;
    LogisticFit {
        intercepts: outputs().map(|output| output[features]).collect(),
        coefficients: outputs()
            .map(|output| output[..features].to_vec())
            .collect(),
        passes: passes as u32,
        decrement: f64::NAN,
        loss: f64::NAN,
        converged: false,
        covariance: None,
    }
}

/// Cuts the rows of all parts into mini-batches.
struct Blocks {
    step: SgdStep,
    tile: Tile,
    classes: Vec<u32>,
    weights: Vec<f64>,
}

impl Blocks {
    fn new(step: SgdStep, features: usize) -> Self {
        Self {
            step,
            tile: Tile::new(features, SgdStep::BLOCK_ROWS),
            classes: Vec::with_capacity(SgdStep::BLOCK_ROWS),
            weights: Vec::with_capacity(SgdStep::BLOCK_ROWS),
        }
    }

    fn push(&mut self, part: &DesignRows) {
        let mut first = 0;
        while first < part.classes.len() {
            let rows = self.tile.room().min(part.classes.len() - first);
            self.tile.append(rows).copy_rows(&part.design, first, 1);
            self.classes.extend(&part.classes[first..first + rows]);
            self.weights.extend(&part.weights[first..first + rows]);
            if self.tile.room() == 0 {
                self.flush();
            }
            first += rows;
        }
    }

    /// Takes a step on the rows so far.
    fn flush(&mut self) {
        if self.tile.rows() == 0 {
            return;
        }
        self.step.learn(LabeledTile {
            design: &self.tile,
            classes: &self.classes,
            weights: &self.weights,
        });
        self.tile.clear();
        self.classes.clear();
        self.weights.clear();
    }
}
