//! Newton's method one evaluation at a time: sums at a point in, the next point out.

use crate::learner::logistic::{
    cholesky::Cholesky,
    kernel::{dot, triangle_len},
    proximal::{self, Curvature},
    secants::Secants,
    sums::{NewtonSums, Shape},
};

/// Rises in a row before the point before them is taken as the optimum.
const RISES_MAX: u32 = 30;

/// A rise of the objective below this share of it is rounding.
const RISE_MIN: f64 = 1e-12;

/// The penalty beside the mean loss, intercepts apart: `l1 |w| + l2 / 2 |w|^2`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Penalty {
    pub(super) l1: f64,
    pub(super) l2: f64,
}

/// A Hessian that serves many passes, the penalty's `l2` added.
#[derive(Debug, Clone)]
pub(super) enum Preconditioner {
    /// For steps without an L1 penalty.
    Factors(Cholesky),
    /// For steps with one: the lower triangle, row after row.
    Triangle(Vec<f64>),
}

impl Preconditioner {
    /// Prepares the Hessian of a mean loss.
    pub(super) fn new(hessian: Vec<f64>, shape: Shape, penalty: Penalty) -> Self {
        if penalty.l1 > 0.0 {
            Self::Triangle(with_l2(hessian, shape, penalty.l2))
        } else {
            Self::Factors(factors(hessian, shape, penalty.l2))
        }
    }

    /// Bytes held, by capacity.
    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Self::Factors(factors) => factors.heap_bytes(),
            Self::Triangle(triangle) => triangle.capacity() * 8,
        }
    }
}

/// The result of an evaluation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Verdict {
    /// The objective rose: the next point is nearer to the last one.
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
    /// The decrease of the objective by the quadratic model of the step: `g' H^-1 g / 2` without
    /// an L1 penalty.
    pub(super) decrement: f64,
    /// An estimate of what will be left to gain after the step.
    pub(super) remaining: f64,
}

/// The best point that was evaluated.
#[derive(Debug, Clone)]
struct Accepted {
    point: Vec<f64>,
    gradient: Vec<f64>,
    objective: f64,
}

/// The state of a descent: the best point evaluated so far and the one to be evaluated next.
///
/// The objective is the weighted mean loss and the penalty. With the sums' own Hessian a step is
/// Newton's, halved while the objective rises. With a preconditioner it is corrected by the gradients
/// seen so far (L-BFGS), rises included. With an L1 penalty a step minimises the same quadratic model
/// with the penalty added ("proximal Newton": Lee, Sun & Saunders 2014, algorithm 1).
#[derive(Debug, Clone)]
pub(super) struct Descent {
    shape: Shape,
    penalty: Penalty,
    candidate: Vec<f64>,
    accepted: Option<Accepted>,
    secants: Secants,
    rises: u32,
    /// Of the last Newton step, and the weight of its rows.
    factors: Option<(Cholesky, f64)>,
}

impl Descent {
    /// A descent whose first evaluation is at `start`.
    pub(super) fn new(shape: Shape, penalty: Penalty, start: Vec<f64>) -> Self {
        assert_eq!(start.len(), shape.parameters(), "start of the descent");
        Self {
            shape,
            penalty,
            candidate: start,
            accepted: None,
            secants: Secants::default(),
            rises: 0,
            factors: None,
        }
    }

    /// Bytes of a descent, its temporary vectors included.
    pub(super) fn bytes(parameters: usize) -> u64 {
        8 * parameters as u64 * 8 + Secants::bytes(parameters)
    }

    /// The point to be evaluated next.
    pub(super) fn candidate(&self) -> &[f64] {
        &self.candidate
    }

    /// The best point that was evaluated.
    pub(super) fn accepted(&self) -> &[f64] {
        let accepted = self.accepted.as_ref();
        accepted.map_or(&self.candidate, |accepted| &accepted.point)
    }

    /// Starts over at the best point that was evaluated.
    pub(super) fn back_to_accepted(&mut self) {
        let point = self.accepted().to_vec();
        let factors = self.factors.take();
        *self = Self {
            factors,
            ..Self::new(self.shape, self.penalty, point)
        };
    }

    /// The inverse of the Hessian of the summed loss and the penalty at the last accepted point, a lower
    /// triangle over all parameters row after row: their covariance (for a maximum of the likelihood;
    /// McCullagh & Nelder 1989, section 4.4). Of a softmax it is that of centred coefficients. `None`
    /// without an own Hessian, with an L1 penalty, or where collinear columns left it singular.
    /// O(parameters^3).
    pub(super) fn covariance(&self) -> Option<Vec<f64>> {
        let (factors, weight) = self.factors.as_ref()?;
        if factors.ridge() > 0.0 {
            return None;
        }
        let Shape { columns, outputs } = self.shape;
        let size = self.shape.parameters();
        let mut triangle = Vec::with_capacity(triangle_len(size));
        for i in 0..size {
            let mut unit = vec![0.0; size];
            unit[i] = 1.0;
            if outputs > 1 {
                let others = (0..outputs).map(|k| k * columns + i % columns);
                others.for_each(|place| unit[place] -= 1.0 / outputs as f64);
            }
            factors.solve(&mut unit);
            triangle.extend(unit[..=i].iter().map(|value| value / weight));
        }
        Some(triangle)
    }

    /// Takes the sums at the candidate and moves on. Without a `preconditioner` the Hessian is the
    /// sums' own.
    pub(super) fn offer(
        &mut self,
        sums: &NewtonSums,
        preconditioner: Option<&Preconditioner>,
    ) -> Verdict {
        assert_eq!(sums.shape(), self.shape, "shape of the sums");
        assert!(sums.weight > 0.0, "a pass with rows");
        let loss = sums.loss / sums.weight;
        let objective = loss + self.penalty_at_candidate();
        let gradient = self.gradient(sums);
        if let Some(last) = &self.accepted {
            if preconditioner.is_some() {
                let step = difference(&self.candidate, &last.point);
                self.secants
                    .push(step, difference(&gradient, &last.gradient));
            }
            // Written so that NaN counts as a rise.
            let lower = objective <= last.objective + RISE_MIN * last.objective.abs();
            if !lower {
                return self.step_back(preconditioner);
            }
        }
        self.rises = 0;
        self.accepted = Some(Accepted {
            point: self.candidate.clone(),
            gradient,
            objective,
        });
        let (decrement, remaining) = match preconditioner {
            Some(preconditioner) => {
                let decrement = self.step_along_secants(preconditioner);
                (decrement, decrement)
            }
            None => self.step_by_newton(sums),
        };
        Verdict::Accepted(Step {
            loss,
            objective,
            decrement,
            remaining,
        })
    }

    /// After a rise: a corrected step where there are secants, and half the way otherwise or if they
    /// did not help at once.
    fn step_back(&mut self, preconditioner: Option<&Preconditioner>) -> Verdict {
        self.rises += 1;
        if self.rises > RISES_MAX {
            self.candidate = self.accepted().to_vec();
            return Verdict::Stuck;
        }
        match preconditioner {
            Some(preconditioner) if self.rises == 1 => {
                self.candidate = self.accepted().to_vec();
                self.step_along_secants(preconditioner);
            }
            _ => {
                let accepted = self
                    .accepted
                    .as_ref()
                    .expect("only a second point can rise");
                for (candidate, point) in self.candidate.iter_mut().zip(&accepted.point) {
                    *candidate = 0.5 * (*candidate + point);
                }
            }
        }
        Verdict::Rose
    }

    /// Moves the candidate from the accepted point by the corrected preconditioner; returns the
    /// decrement.
    fn step_along_secants(&mut self, preconditioner: &Preconditioner) -> f64 {
        let accepted = self.accepted.as_ref().expect("an evaluated point");
        match preconditioner {
            Preconditioner::Factors(factors) => {
                let direction = self.secants.direction(&accepted.gradient, factors);
                let decrement = 0.5 * dot(&accepted.gradient, &direction);
                self.step(&direction);
                decrement
            }
            Preconditioner::Triangle(triangle) => {
                let curvature = self.secants.corrected(triangle);
                self.step_proximal(&curvature).0
            }
        }
    }

    /// Moves the candidate to the optimum of the quadratic model and the L1 penalty; returns the
    /// decrement and `d' H d` of the step `d`.
    fn step_proximal(&mut self, curvature: &Curvature<'_>) -> (f64, f64) {
        let accepted = self.accepted.as_ref().expect("an evaluated point");
        let Accepted {
            point, gradient, ..
        } = accepted;
        let found = proximal::step(curvature, gradient, point, self.penalty.l1, self.shape);
        self.candidate = found.point;
        self.centre();
        (found.decrease, found.curvature)
    }

    /// Moves the candidate by a Newton step; returns the decrement and what may remain after the step.
    ///
    /// The step changes margins by a mean square of about `d' H d`, which is twice the decrement
    /// without an L1 penalty, over the mean curvature. A logistic curvature changes by a factor of at most e^|change of the margin| (Bach
    /// 2010, "Self-concordant analysis for logistic regression", section 2), so the Hessian by a share
    /// of about that change. By Taylor's theorem the step misses the optimum by half of that share,
    /// and the objective by the square of the half.
    fn step_by_newton(&mut self, sums: &NewtonSums) -> (f64, f64) {
        let accepted = self.accepted.as_ref().expect("an evaluated point");
        let hessian = sums.hessian();
        let curvature = mean_curvature(&hessian, self.shape);
        let (decrement, change) = if self.penalty.l1 > 0.0 {
            let triangle = with_l2(hessian, self.shape, self.penalty.l2);
            self.step_proximal(&Curvature {
                triangle: &triangle,
                scale: 1.0,
                terms: Vec::new(),
            })
        } else {
            let mut direction = accepted.gradient.clone();
            let factors = factors(hessian, self.shape, self.penalty.l2);
            factors.solve(&mut direction);
            let decrement = 0.5 * dot(&accepted.gradient, &direction);
            self.factors = Some((factors, sums.weight));
            self.step(&direction);
            (decrement, 2.0 * decrement)
        };
        let share = 0.25 * change / curvature;
        // Written so that NaN gives 1.
        let share = if share < 1.0 { share } else { 1.0 };
        (decrement, decrement * share)
    }

    fn step(&mut self, direction: &[f64]) {
        for (candidate, step) in self.candidate.iter_mut().zip(direction) {
            *candidate -= step;
        }
        self.centre();
    }

    fn penalty_at_candidate(&self) -> f64 {
        let features = self.shape.columns - 1;
        let outputs = self.candidate.chunks_exact(self.shape.columns);
        let squares = outputs.map(|output| dot(&output[..features], &output[..features]));
        0.5 * self.penalty.l2 * squares.sum::<f64>()
            + self.penalty.l1 * proximal::absolute(&self.candidate, self.shape)
    }

    fn gradient(&self, sums: &NewtonSums) -> Vec<f64> {
        let columns = self.shape.columns;
        let scale = 1.0 / sums.weight;
        let l2_of = |i: usize| match i % columns {
            column if column == columns - 1 => 0.0,
            _ => self.penalty.l2,
        };
        (sums.gradient.iter().zip(&self.candidate).enumerate())
            .map(|(i, (sum, coefficient))| sum * scale + l2_of(i) * coefficient)
            .collect()
    }

    /// Subtracts from each coefficient of a softmax its mean over the classes, which changes no
    /// probability and only lowers an L2 penalty. With an L1 penalty, which the median would lower,
    /// only the intercepts are centred: the proximal step has chosen the others.
    fn centre(&mut self) {
        let Shape { columns, outputs } = self.shape;
        if outputs == 1 {
            return;
        }
        let first = if self.penalty.l1 > 0.0 {
            columns - 1
        } else {
            0
        };
        for column in first..columns {
            let places = || (0..outputs).map(|k| k * columns + column);
            let mean = places().map(|i| self.candidate[i]).sum::<f64>() / outputs as f64;
            places().for_each(|i| self.candidate[i] -= mean);
        }
    }
}

fn difference(to: &[f64], from: &[f64]) -> Vec<f64> {
    to.iter().zip(from).map(|(to, from)| to - from).collect()
}

/// The mean over outputs of the curvature of the mean loss along the intercept.
fn mean_curvature(hessian: &[f64], shape: Shape) -> f64 {
    let diagonal = |i: usize| hessian[triangle_len(i) + i];
    let intercepts = (1..=shape.outputs).map(|k| k * shape.columns - 1);
    intercepts.map(diagonal).sum::<f64>() / shape.outputs as f64
}

/// Adds `l2` to the diagonal, intercepts apart.
fn with_l2(mut hessian: Vec<f64>, shape: Shape, l2: f64) -> Vec<f64> {
    let is_feature = |i: &usize| !(i + 1).is_multiple_of(shape.columns);
    for i in (0..shape.parameters()).filter(is_feature) {
        hessian[triangle_len(i) + i] += l2;
    }
    hessian
}

/// Factors the Hessian of the mean loss with the penalty added.
///
/// Adding the same to a coefficient of every class of a softmax changes no probability: along that
/// direction the curvature is set to that of a single class. Gradient and steps are orthogonal to
/// it, so that no step changes, and the matrix is well conditioned.
pub(super) fn factors(mut hessian: Vec<f64>, shape: Shape, l2: f64) -> Cholesky {
    let Shape { columns, outputs } = shape;
    let at = |i: usize, j: usize| triangle_len(i) + j;
    for column in (0..columns).filter(|_| outputs > 1) {
        let place = |k: usize| k * columns + column;
        let diagonal: f64 = (0..outputs).map(|k| hessian[at(place(k), place(k))]).sum();
        let add = diagonal / (outputs * outputs) as f64;
        for k in 0..outputs {
            (0..=k).for_each(|j| hessian[at(place(k), place(j))] += add);
        }
    }
    let factors = Cholesky::new(with_l2(hessian, shape, l2), shape.parameters());
    if factors.ridge() > 0.0 {
        let ridge = factors.ridge();
        tracing::debug!(ridge, "the Hessian is singular: columns are collinear");
    }
    factors
}
