//! Newton's method one evaluation at a time: sums at a point in, the next point out.

use crate::learner::logistic::{
    cholesky::Cholesky,
    kernel::dot,
    sums::{NewtonSums, Shape},
};

/// Halvings of one step before the point it started from is taken as the optimum.
const HALVINGS_MAX: u32 = 30;

/// A rise of the objective below this share of it is rounding.
const RISE_MIN: f64 = 1e-12;

/// What an evaluation showed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Verdict {
    /// The objective rose: the step is halved, evaluate again.
    Rose,
    /// No step from here lowers the objective any more.
    Stuck,
    /// The point is better than the last one; the next point is a full step away.
    Accepted(Step),
}

/// A Newton step from an accepted point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Step {
    /// The mean loss at the point.
    pub(super) loss: f64,
    /// The mean loss and the penalty.
    pub(super) objective: f64,
    /// `g' H^-1 g / 2`: what the quadratic model says the step will lower the objective by.
    pub(super) decrement: f64,
    /// An estimate of what will be left to gain after the step.
    pub(super) remaining: f64,
}

/// The state of a descent: the best point evaluated so far and the one to be evaluated next.
///
/// The objective is the weighted mean loss plus `l2 / 2` times the squared coefficients, intercepts
/// apart.
#[derive(Debug, Clone)]
pub(super) struct Descent {
    shape: Shape,
    l2: f64,
    candidate: Vec<f64>,
    accepted: Option<(Vec<f64>, f64)>,
    halvings: u32,
}

impl Descent {
    /// A descent whose first evaluation is at `start`.
    pub(super) fn new(shape: Shape, l2: f64, start: Vec<f64>) -> Self {
        assert_eq!(start.len(), shape.parameters(), "start of the descent");
        Self {
            shape,
            l2,
            candidate: start,
            accepted: None,
            halvings: 0,
        }
    }

    /// The point to be evaluated next.
    pub(super) fn candidate(&self) -> &[f64] {
        &self.candidate
    }

    /// The best point that was evaluated.
    pub(super) fn accepted(&self) -> &[f64] {
        self.accepted
            .as_ref()
            .map_or(&self.candidate, |(point, _)| point)
    }

    /// Takes the sums at the candidate and moves on. Without a `preconditioner` the Hessian is the
    /// sums' own.
    pub(super) fn offer(
        &mut self,
        sums: &NewtonSums,
        preconditioner: Option<&Cholesky>,
    ) -> Verdict {
        assert_eq!(sums.shape(), self.shape, "shape of the sums");
        assert!(sums.weight > 0.0, "a pass with rows");
        let loss = sums.loss / sums.weight;
        let objective = loss + self.penalty();
        if let Some((point, best)) = &self.accepted {
            // Written so that NaN counts as a rise.
            let lower = objective <= best + RISE_MIN * best.abs();
            if !lower {
                if self.halvings >= HALVINGS_MAX {
                    self.candidate.copy_from_slice(point);
                    return Verdict::Stuck;
                }
                self.halvings += 1;
                for (candidate, point) in self.candidate.iter_mut().zip(point) {
                    *candidate = 0.5 * (*candidate + point);
                }
                return Verdict::Rose;
            }
        }
        self.halvings = 0;
        self.accepted = Some((self.candidate.clone(), objective));
        let (step, remaining_share) = self.newton_step(sums, preconditioner);
        for (candidate, step) in self.candidate.iter_mut().zip(&step.direction) {
            *candidate -= step;
        }
        self.centre();
        let decrement = step.decrement;
        Verdict::Accepted(Step {
            loss,
            objective,
            decrement,
            remaining: decrement * remaining_share,
        })
    }

    fn penalty(&self) -> f64 {
        let features = self.shape.columns - 1;
        let outputs = self.candidate.chunks_exact(self.shape.columns);
        0.5 * self.l2
            * outputs
                .map(|c| dot(&c[..features], &c[..features]))
                .sum::<f64>()
    }

    /// The direction `H^-1 g` and the share of its decrement that will be left after the step.
    fn newton_step(
        &self,
        sums: &NewtonSums,
        preconditioner: Option<&Cholesky>,
    ) -> (Direction, f64) {
        let gradient = self.gradient(sums);
        match preconditioner {
            Some(factors) => (Direction::new(&gradient, factors), 1.0),
            None => {
                let hessian = sums.hessian();
                let curvature = mean_curvature(&hessian, self.shape);
                let factors = factors(hessian, self.shape, self.l2);
                let direction = Direction::new(&gradient, &factors);
                // The mean square by which the step changes a margin. The Hessian changes by at most
                // about its root (a logistic curvature changes by a factor e^|change|), and Newton's
                // error by its square (Nocedal & Wright 2006, theorem 3.5).
                let change = 2.0 * direction.decrement / curvature;
                // Written so that NaN gives 1.
                let share = if change < 1.0 { change } else { 1.0 };
                (direction, share)
            }
        }
    }

    fn gradient(&self, sums: &NewtonSums) -> Vec<f64> {
        let columns = self.shape.columns;
        let scale = 1.0 / sums.weight;
        let penalised = |i: usize| {
            if i % columns == columns - 1 {
                0.0
            } else {
                self.l2
            }
        };
        (sums.gradient.iter().zip(&self.candidate).enumerate())
            .map(|(i, (sum, coefficient))| sum * scale + penalised(i) * coefficient)
            .collect()
    }

    /// Subtracts from each coefficient of a softmax its mean over the classes, which changes no
    /// probability and only lowers the penalty.
    fn centre(&mut self) {
        let Shape { columns, outputs } = self.shape;
        if outputs == 1 {
            return;
        }
        for column in 0..columns {
            let places = || (0..outputs).map(|k| k * columns + column);
            let mean = places().map(|i| self.candidate[i]).sum::<f64>() / outputs as f64;
            places().for_each(|i| self.candidate[i] -= mean);
        }
    }
}

/// A Newton direction.
#[derive(Debug)]
struct Direction {
    direction: Vec<f64>,
    decrement: f64,
}

impl Direction {
    fn new(gradient: &[f64], factors: &Cholesky) -> Self {
        let mut direction = gradient.to_vec();
        factors.solve(&mut direction);
        let decrement = 0.5 * dot(gradient, &direction);
        Self {
            direction,
            decrement,
        }
    }
}

/// The mean over outputs of the curvature of the mean loss along the intercept.
fn mean_curvature(hessian: &[f64], shape: Shape) -> f64 {
    let diagonal = |i: usize| hessian[i * (i + 1) / 2 + i];
    let sum: f64 = (1..=shape.outputs)
        .map(|k| diagonal(k * shape.columns - 1))
        .sum();
    sum / shape.outputs as f64
}

/// Factors the Hessian of the mean loss with the penalty added.
///
/// Adding the same to a coefficient of every class of a softmax changes no probability: along that
/// direction the curvature is set to that of a single class. Gradient and steps are orthogonal to
/// it, so that no step changes, and the matrix is well conditioned.
pub(super) fn factors(mut hessian: Vec<f64>, shape: Shape, l2: f64) -> Cholesky {
    let Shape { columns, outputs } = shape;
    let at = |i: usize, j: usize| i * (i + 1) / 2 + j;
    for column in 0..columns {
        let place = |k: usize| k * columns + column;
        if outputs > 1 {
            let diagonal: f64 = (0..outputs).map(|k| hessian[at(place(k), place(k))]).sum();
            let add = diagonal / (outputs * outputs) as f64;
            for k in 0..outputs {
                (0..=k).for_each(|j| hessian[at(place(k), place(j))] += add);
            }
        }
        if column + 1 < columns {
            (0..outputs).for_each(|k| hessian[at(place(k), place(k))] += l2);
        }
    }
    Cholesky::new(hessian, shape.parameters())
}
