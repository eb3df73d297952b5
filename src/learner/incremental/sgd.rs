//! Averaged stochastic gradient descent in mini-batches of 64 rows.
//!
//! The result is an average of the points in which later ones count more (Shamir & Zhang 2013, equation
//! 5, with eta 3), so that steps need not decay fast and there is nothing to tune. The first step is half
//! the inverse of the largest curvature met along a gradient, or given; later ones fall with the root of
//! their number. Or there is one step a coefficient (AdaGrad: Duchi, Hazan & Singer 2011, figure 1).

use crate::{
    error::{Error, Result},
    learner::{
        incremental::{pipeline::Pipeline, rescale::Rescale, step::Step},
        logistic::{
            Evaluator, LabeledTile, LogisticOptions, NewtonSums, Shape,
            kernel::{self, dot},
        },
    },
};

/// Logistic regression by averaged stochastic gradient descent, for more parameters than
/// [`OnlineNewton`](crate::learner::incremental::OnlineNewton) takes. Memory: a few vectors of all parameters.
pub type AveragedSgd = Pipeline<SgdStep>;

/// The extra weight of later points in the average.
const ETA: f64 = 3.0;

/// Mini-batches whose curvature is looked at after each change of scale, each; later only every
/// doubling.
const CURVATURE_BLOCKS: u64 = 64;

/// The number of mini-batches after which steps are shorter by the root of two.
const DECAY_BLOCKS: f64 = 1_024.0;

/// The step of a coefficient under AdaGrad, before it is divided by the root of the squared gradients.
const ADAPTIVE_STEP: f64 = 0.2;

/// The least curvature that a step size is taken from: that of the intercept alone.
const CURVATURE_MIN: f64 = 0.25;

/// The learned state.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct SgdState {
    /// By output and column, the intercept last.
    point: Vec<f64>,
    /// The average of the points so far.
    average: Vec<f64>,
    /// Sums of squared gradients; empty without AdaGrad.
    squares: Vec<f64>,
    /// The largest curvature met along a gradient on the present scale.
    curvature: f64,
    /// Up to this mini-batch each is looked at.
    look_until: u64,
    /// Mini-batches so far.
    blocks: u64,
    /// Rows with a weight above 0, and their weight.
    rows: f64,
    weight: f64,
}

/// Averaged SGD on standardised rows.
#[derive(Debug)]
pub struct SgdStep {
    shape: Shape,
    l2: f64,
    step_size: Option<f64>,
    state: SgdState,
    /// Lent to [`Step::learn`].
    evaluator: Evaluator,
    sums: NewtonSums,
    along: Vec<f64>,
}

impl Step for SgdStep {
    type State = SgdState;

    const NAME: &'static str = "averaged sgd";

    const BLOCK_ROWS: usize = 64;

    fn new(shape: Shape, options: &LogisticOptions) -> Result<Self> {
        if options.l1 > 0.0 {
            return Err(Error::Usage(format!(
                "`l1` is {}, but averaged SGD has no L1 penalty; use an L2 penalty",
                options.l1
            )));
        }
        let zeros = || vec![0.0; shape.parameters()];
        Ok(Self {
            shape,
            l2: options.l2,
            step_size: options.step_size,
            state: SgdState {
                point: zeros(),
                average: zeros(),
                squares: if options.adaptive {
                    zeros()
                } else {
                    Vec::new()
                },
                curvature: CURVATURE_MIN,
                look_until: CURVATURE_BLOCKS,
                blocks: 0,
                rows: 0.0,
                weight: 0.0,
            },
            evaluator: Evaluator::new(shape, Self::BLOCK_ROWS, false),
            sums: NewtonSums::new(shape, false),
            along: vec![0.0; Self::BLOCK_ROWS],
        })
    }

    fn learn(&mut self, rows: LabeledTile<'_>) {
        self.sums.clear();
        self.evaluator.add(rows, &self.state.point, &mut self.sums);
        if self.sums.weight <= 0.0 {
            return;
        }
        self.state.rows += self.sums.rows as f64;
        self.state.weight += self.sums.weight;
        self.state.blocks += 1;
        let mean_weight = self.state.weight / self.state.rows;
        // A short block makes a short step.
        let share = self.sums.rows as f64 / Self::BLOCK_ROWS as f64;
        self.penalise();
        let scale = 1.0 / (mean_weight * Self::BLOCK_ROWS as f64);
        self.sums
            .gradient
            .iter_mut()
            .for_each(|value| *value *= scale);
        if self.state.squares.is_empty() {
            let blocks = self.state.blocks;
            if self.step_size.is_none()
                && (blocks <= self.state.look_until || blocks.is_power_of_two())
            {
                let curvature = self.curvature_along_gradient(rows, mean_weight);
                self.state.curvature = self.state.curvature.max(curvature);
            }
            let size = self.step_size.unwrap_or(0.5 / self.state.curvature);
            let full_blocks = self.state.rows / Self::BLOCK_ROWS as f64;
            let step = size / (1.0 + full_blocks / DECAY_BLOCKS).sqrt();
            for (point, gradient) in self.state.point.iter_mut().zip(&self.sums.gradient) {
                *point -= step * gradient;
            }
        } else {
            self.step_adaptively();
        }
        // In units of mini-batches.
        let blocks = self.state.rows / Self::BLOCK_ROWS as f64;
        let newer = ((ETA + 1.0) * share / (blocks + ETA * share)).min(1.0);
        for (average, point) in self.state.average.iter_mut().zip(&self.state.point) {
            *average += newer * (point - *average);
        }
    }

    fn rescale(&mut self, change: &Rescale) {
        change.apply(self.shape, &mut self.state.point);
        change.apply(self.shape, &mut self.state.average);
        self.state.curvature = CURVATURE_MIN;
        self.state.look_until = self.state.blocks + CURVATURE_BLOCKS;
        // A gradient is smaller by as much as its coefficient is larger; the shift is left aside.
        for output in self.state.squares.chunks_exact_mut(self.shape.columns) {
            for (square, ratio) in output.iter_mut().zip(&change.ratios) {
                *square /= ratio * ratio;
            }
        }
    }

    fn coefficients(&self) -> &[f64] {
        &self.state.average
    }

    /// Points and averages weighted by rows (Zinkevich, Weimer, Li & Smola 2010, algorithm 3).
    fn merge(&mut self, other: &Self) {
        let (state, other) = (&mut self.state, &other.state);
        let rows = state.rows + other.rows;
        let share = if rows > 0.0 { other.rows / rows } else { 0.0 };
        let vectors = [
            (&mut state.point, &other.point),
            (&mut state.average, &other.average),
        ];
        for (values, others) in vectors {
            for (value, other) in values.iter_mut().zip(others) {
                *value += share * (other - *value);
            }
        }
        for (square, other) in state.squares.iter_mut().zip(&other.squares) {
            *square += other;
        }
        state.curvature = state.curvature.max(other.curvature);
        state.look_until = state.look_until.max(other.look_until);
        state.blocks += other.blocks;
        state.rows = rows;
        state.weight += other.weight;
    }

    fn state(&self) -> &SgdState {
        &self.state
    }

    fn restore(&mut self, state: SgdState) -> Result<(), String> {
        let size = self.shape.parameters();
        let fits = state.point.len() == size
            && state.average.len() == size
            && state.squares.len() == self.state.squares.len();
        let scalars = [state.rows, state.weight];
        let vectors = state
            .point
            .iter()
            .chain(&state.average)
            .chain(&state.squares);
        let finite = vectors.chain(&scalars).all(|number| number.is_finite());
        let curvature = state.curvature >= CURVATURE_MIN && state.curvature.is_finite();
        if !(fits && finite && curvature && state.squares.iter().all(|square| *square >= 0.0)) {
            return Err(
                "the coefficients do not fit the declaration, or are not numbers".to_owned(),
            );
        }
        self.state = state;
        Ok(())
    }

    fn heap_bytes(&self) -> usize {
        let SgdState {
            point,
            average,
            squares,
            ..
        } = &self.state;
        let vectors = [point, average, squares, &self.along];
        let numbers: usize = vectors.iter().map(|vector| vector.capacity()).sum();
        self.evaluator.heap_bytes() + self.sums.heap_bytes() + numbers * 8
    }
}

impl SgdStep {
    /// Adds the penalty's gradient, intercepts apart.
    fn penalise(&mut self) {
        let ridge = self.l2 * self.sums.weight;
        let columns = self.shape.columns;
        let gradients = self.sums.gradient.iter_mut().zip(&self.state.point);
        for (i, (gradient, point)) in gradients.enumerate() {
            if i % columns != columns - 1 {
                *gradient += ridge * point;
            }
        }
    }

    /// A bound on the mean curvature of the rows along their gradient: that of a logistic loss is at
    /// most 1/4, of a softmax 1/2 (Böhning 1992), times the squared change of the margin.
    fn curvature_along_gradient(&mut self, rows: LabeledTile<'_>, mean_weight: f64) -> f64 {
        let square = dot(&self.sums.gradient, &self.sums.gradient);
        if square == 0.0 {
            return 0.0;
        }
        let along = &mut self.along[..rows.design.rows()];
        let mut changes = 0.0;
        for direction in self.sums.gradient.chunks_exact(self.shape.columns) {
            kernel::margins_into(rows.design, direction, along);
            let weighted = along.iter().zip(rows.weights);
            changes += weighted.map(|(change, w)| w * change * change).sum::<f64>();
        }
        let bound = if self.shape.outputs == 1 { 0.25 } else { 0.5 };
        let curvature =
            bound * changes / (square * mean_weight * rows.design.rows() as f64) + self.l2;
        if curvature.is_finite() {
            curvature
        } else {
            0.0
        }
    }

    fn step_adaptively(&mut self) {
        let step = self.step_size.unwrap_or(ADAPTIVE_STEP);
        let SgdState { point, squares, .. } = &mut self.state;
        let gradients = &self.sums.gradient;
        for ((point, square), gradient) in point.iter_mut().zip(squares).zip(gradients) {
            *square += gradient * gradient;
            if *square > 0.0 {
                *point -= step * gradient / square.sqrt();
            }
        }
    }
}
