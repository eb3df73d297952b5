//! Block online Newton: the loss so far is a quadratic, and each block of rows moves its optimum.
//!
//! After some rows their loss is replaced by `(w - w0)' P (w - w0) / 2`: `w0` is the optimum and `P` the
//! sum of the rows' Hessians where they were learned. A block adds its own loss to that, and Newton's
//! method finds the new optimum: the Laplace approximation of the posterior, row block by row block
//! (Spiegelhalter & Lauritzen 1990, section 5; for one row a step it is the extended Kalman filter).
//! There is no step size. To first order the result is that of all rows at once.

use crate::{
    error::{Error, Result},
    learner::{
        incremental::{pipeline::Pipeline, rescale::Rescale, step::Step},
        logistic::{
            Evaluator, LabeledTile, LogisticOptions, NewtonSums, Shape,
            cholesky::Cholesky,
            kernel::{dot, triangle_len},
        },
    },
};

/// Logistic regression by a Newton step a block of at most 256 rows, as good as the batch fit after
/// one pass. Memory: two triangles over all parameters.
pub type OnlineNewton = Pipeline<NewtonStep>;

/// Most parameters: the two triangles are 16 MiB each.
const PARAMETERS_MAX: usize = 2_048;

/// The largest gain a row that a block's step may promise and still be taken unchecked.
const TRUSTED_GAIN: f64 = 0.01;

/// A step is no longer halved when it promises less, a row.
const HALVED_GAIN_MIN: f64 = 1e-9;

/// Newton steps of a block at the most.
const STEPS_MAX: usize = 12;

/// The factors serve until the weight has grown by this share.
const FACTORS_GROWTH: f64 = 1.0 / 32.0;

/// The curvature before the first row, as that of a normal prior of variance 1: it keeps the first
/// blocks from running away when they lack a class, and is soon forgotten.
const PRIOR: f64 = 1.0;

/// The learned state.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct NewtonState {
    /// By output and column, the intercept last.
    point: Vec<f64>,
    /// `P`: a lower triangle row after row, the penalty included.
    hessian: Vec<f64>,
    /// Of all rows so far.
    weight: f64,
    /// Of `P` when the weight was `factored_weight`.
    factors: Option<Cholesky>,
    factored_weight: f64,
}

/// Block online Newton on standardised rows.
#[derive(Debug)]
pub struct NewtonStep {
    shape: Shape,
    l2: f64,
    state: NewtonState,
    /// Lent to [`Step::learn`].
    evaluator: Evaluator,
    sums: NewtonSums,
    before: Vec<f64>,
    accepted: Vec<f64>,
    direction: Vec<f64>,
    gradient: Vec<f64>,
    product: Vec<f64>,
}

impl Step for NewtonStep {
    type State = NewtonState;

    const NAME: &'static str = "online newton";

    const BLOCK_ROWS: usize = 256;

    fn new(shape: Shape, options: &LogisticOptions) -> Result<Self> {
        let parameters = shape.parameters();
        if options.l1 > 0.0 {
            return Err(Error::Usage(format!(
                "`l1` is {}, but online Newton has no L1 penalty; use an L2 penalty",
                options.l1
            )));
        }
        if parameters > PARAMETERS_MAX {
            return Err(Error::Usage(format!(
                "online Newton would have {parameters} parameters ({} columns, {} outputs), above the limit of \
                 {PARAMETERS_MAX}; declare fewer features, or use averaged SGD (solver `sgd`)",
                shape.columns - 1,
                shape.outputs
            )));
        }
        let mut hessian = vec![0.0; triangle_len(parameters)];
        (0..parameters).for_each(|i| hessian[triangle_len(i) + i] = PRIOR);
        let zeros = || vec![0.0; parameters];
        Ok(Self {
            shape,
            l2: options.l2,
            state: NewtonState {
                point: zeros(),
                hessian,
                weight: 0.0,
                factors: None,
                factored_weight: 0.0,
            },
            evaluator: Evaluator::new(shape, Self::BLOCK_ROWS, true),
            sums: NewtonSums::new(shape, true),
            before: zeros(),
            accepted: zeros(),
            direction: zeros(),
            gradient: zeros(),
            product: zeros(),
        })
    }

    fn learn(&mut self, rows: LabeledTile<'_>) {
        self.before.copy_from_slice(&self.state.point);
        let mut objective = self.evaluate(rows);
        let weight = self.sums.weight;
        if weight <= 0.0 {
            return;
        }
        let grown =
            self.state.weight + weight > self.state.factored_weight * (1.0 + FACTORS_GROWTH);
        if grown || self.state.factors.is_none() {
            self.factor();
        }
        for _ in 0..STEPS_MAX {
            let mut gain = self.step();
            if gain <= TRUSTED_GAIN * weight {
                break;
            }
            let mut reached = self.evaluate(rows);
            // Written so that NaN counts as a rise.
            let is_lower = |reached: f64| reached <= objective;
            while !is_lower(reached) && gain > HALVED_GAIN_MIN * weight {
                self.step_back();
                gain *= 0.5;
                reached = self.evaluate(rows);
            }
            objective = reached;
            self.factor();
        }
        self.absorb();
    }

    fn rescale(&mut self, change: &Rescale) {
        change.apply(self.shape, &mut self.state.point);
        change.apply_to_hessian(self.shape, &mut self.state.hessian);
        self.state.factors = None;
    }

    fn coefficients(&self) -> &[f64] {
        &self.state.point
    }

    /// The optimum of the sum of both quadratics, the prior counted once.
    fn merge(&mut self, other: &Self) {
        let size = self.shape.parameters();
        let mut slope = vec![0.0; size];
        add_product(&self.state.hessian, &self.state.point, &mut slope);
        add_product(&other.state.hessian, &other.state.point, &mut slope);
        for (value, other) in self.state.hessian.iter_mut().zip(&other.state.hessian) {
            *value += other;
        }
        (0..size).for_each(|i| self.state.hessian[triangle_len(i) + i] -= PRIOR);
        let factors = Cholesky::new(self.state.hessian.clone(), size);
        factors.solve(&mut slope);
        self.state.point = slope;
        self.state.weight += other.state.weight;
        self.state.factors = None;
    }

    fn state(&self) -> &NewtonState {
        &self.state
    }

    fn restore(&mut self, state: NewtonState) -> Result<(), String> {
        let size = self.shape.parameters();
        let fits = state.point.len() == size && state.hessian.len() == triangle_len(size);
        let weights = [state.weight, state.factored_weight];
        let numbers = state.point.iter().chain(&state.hessian).chain(&weights);
        let sound = state.factors.iter().all(|factors| factors.is_sound(size));
        if !(fits && sound && numbers.into_iter().all(|number| number.is_finite())) {
            return Err(
                "the coefficients do not fit the declaration, or are not numbers".to_owned(),
            );
        }
        self.state = state;
        Ok(())
    }

    fn heap_bytes(&self) -> usize {
        let vectors = [
            &self.before,
            &self.accepted,
            &self.direction,
            &self.gradient,
            &self.product,
        ];
        let state = [&self.state.point, &self.state.hessian];
        let numbers = vectors.iter().chain(&state).map(|vector| vector.capacity());
        self.evaluator.heap_bytes()
            + self.sums.heap_bytes()
            + self.state.factors.as_ref().map_or(0, Cholesky::heap_bytes)
            + numbers.sum::<usize>() * 8
    }
}

impl NewtonStep {
    /// The sums of the block at the point; returns the objective there, fills its gradient.
    fn evaluate(&mut self, rows: LabeledTile<'_>) -> f64 {
        self.sums.clear();
        self.evaluator.add(rows, &self.state.point, &mut self.sums);
        let ridge = self.l2 * self.sums.weight;
        let moved = self.state.point.iter().zip(&self.before);
        for (step, (point, before)) in self.direction.iter_mut().zip(moved) {
            *step = point - before;
        }
        self.product.fill(0.0);
        if self.direction.iter().any(|step| *step != 0.0) {
            add_product(&self.state.hessian, &self.direction, &mut self.product);
        }
        let mut objective = self.sums.loss + 0.5 * dot(&self.direction, &self.product);
        let columns = self.shape.columns;
        for (i, gradient) in self.gradient.iter_mut().enumerate() {
            *gradient = self.sums.gradient[i] + self.product[i];
            if i % columns != columns - 1 {
                *gradient += ridge * self.state.point[i];
                objective += 0.5 * ridge * self.state.point[i].powi(2);
            }
        }
        objective
    }

    /// A Newton step; returns what it promises.
    fn step(&mut self) -> f64 {
        let factors = self.state.factors.as_ref().expect("factored before a step");
        self.direction.copy_from_slice(&self.gradient);
        factors.solve(&mut self.direction);
        let gain = 0.5 * dot(&self.direction, &self.gradient);
        self.accepted.copy_from_slice(&self.state.point);
        for (point, step) in self.state.point.iter_mut().zip(&self.direction) {
            *point -= step;
        }
        gain
    }

    /// Half the way back to where the step began.
    fn step_back(&mut self) {
        for (point, accepted) in self.state.point.iter_mut().zip(&self.accepted) {
            *point = 0.5 * (*point + accepted);
        }
    }

    /// Factors what is known and the block together.
    fn factor(&mut self) {
        let mut matrix = self.state.hessian.clone();
        self.add_block_to(&mut matrix);
        self.state.factors = Some(Cholesky::new(matrix, self.shape.parameters()));
        self.state.factored_weight = self.state.weight + self.sums.weight;
    }

    /// Adds the block, where it was evaluated last, to what is known.
    fn absorb(&mut self) {
        let mut hessian = std::mem::take(&mut self.state.hessian);
        self.add_block_to(&mut hessian);
        self.state.hessian = hessian;
        self.state.weight += self.sums.weight;
    }

    fn add_block_to(&self, triangle: &mut [f64]) {
        self.sums.add_hessian(1.0, triangle);
        let ridge = self.l2 * self.sums.weight;
        let columns = self.shape.columns;
        let features = (0..self.shape.parameters()).filter(|i| i % columns != columns - 1);
        features.for_each(|i| triangle[triangle_len(i) + i] += ridge);
    }
}

/// Adds the product of a symmetric matrix, given as its lower triangle, with a vector. O(size^2).
fn add_product(triangle: &[f64], vector: &[f64], out: &mut [f64]) {
    for (i, factor) in vector.iter().enumerate() {
        let row = &triangle[triangle_len(i)..=triangle_len(i) + i];
        out[i] += dot(row, &vector[..=i]);
        for (out, value) in out[..i].iter_mut().zip(row) {
            *out += value * factor;
        }
    }
}
