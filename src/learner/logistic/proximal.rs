//! A step with an L1 penalty: the quadratic model of the loss and `l1 * |w|` minimised together.
//!
//! Coordinate descent as in glmnet (Friedman, Hastie & Tibshirani 2010, equation 5) finds which
//! coefficients are 0. It is slow along collinear columns, so that every few sweeps the others are
//! solved for together, as far as no sign changes.

use crate::learner::logistic::{
    cholesky::Cholesky,
    kernel::{dot, triangle_len},
    sums::Shape,
};

/// Sweeps over all coefficients at the most.
const SWEEPS_MAX: usize = 500;

/// Sweeps between two joint solutions for the coefficients that are not 0.
const JOINT_EVERY: usize = 8;

/// Most coefficients that are solved for together: the solution takes their number cubed.
const JOINT_MAX: usize = 1_024;

/// The most that a change of a single coefficient may still gain, as a share of the step's gain,
/// for the step to be taken as it is.
const TOLERANCE: f64 = 1e-12;

/// A symmetric matrix given as its lower triangle, scaled, with terms `c v v'` of rank one added.
#[derive(Debug, Clone)]
pub(super) struct Curvature<'a> {
    /// The lower triangle, row after row.
    pub(super) triangle: &'a [f64],
    /// A factor on the triangle.
    pub(super) scale: f64,
    /// The terms: `c` and `v`.
    pub(super) terms: Vec<(f64, Vec<f64>)>,
}

impl Curvature<'_> {
    fn at(&self, i: usize, j: usize) -> f64 {
        let place = triangle_len(i.max(j)) + i.min(j);
        let terms = self.terms.iter().map(|(c, v)| c * v[i] * v[j]);
        self.scale * self.triangle[place] + terms.sum::<f64>()
    }

    /// Adds `factor` times column `j` to `out`.
    fn add_column(&self, j: usize, factor: f64, out: &mut [f64]) {
        let scaled = factor * self.scale;
        let row = &self.triangle[triangle_len(j)..];
        for (out, value) in out[..=j].iter_mut().zip(row) {
            *out += scaled * value;
        }
        for (i, out) in out.iter_mut().enumerate().skip(j + 1) {
            *out += scaled * self.triangle[triangle_len(i) + j];
        }
        for (c, v) in &self.terms {
            let factor = factor * c * v[j];
            for (out, v) in out.iter_mut().zip(v) {
                *out += factor * v;
            }
        }
    }

    /// The product with a vector. O(size^2).
    pub(super) fn times(&self, vector: &[f64]) -> Vec<f64> {
        let mut product = vec![0.0; vector.len()];
        for (j, factor) in vector.iter().enumerate() {
            if *factor != 0.0 {
                self.add_column(j, *factor, &mut product);
            }
        }
        product
    }
}

/// The end of a step with an L1 penalty.
#[derive(Debug, Clone)]
pub(super) struct Proximal {
    /// The point it leads to; coefficients that the penalty holds there are exactly 0.
    pub(super) point: Vec<f64>,
    /// By how much the quadratic model and the penalty are lower there.
    pub(super) decrease: f64,
    /// `d' H d` of the step `d`.
    pub(super) curvature: f64,
}

/// Minimises `gradient' d + d' H d / 2 + l1 |from + d|` over `d`, intercepts unpenalised.
/// O(sweeps * size * coefficients that change).
pub(super) fn step(
    curvature: &Curvature<'_>,
    gradient: &[f64],
    from: &[f64],
    l1: f64,
    shape: Shape,
) -> Proximal {
    let mut state = State {
        curvature,
        shape,
        l1,
        point: from.to_vec(),
        slope: gradient.to_vec(),
    };
    let before = l1 * absolute(from, shape);
    for sweep in 1..=SWEEPS_MAX {
        let gained = state.sweep();
        let step = difference(&state.point, from);
        let decrease = before - l1 * absolute(&state.point, shape) - state.model(&step, gradient);
        if gained <= TOLERANCE * decrease || gained == 0.0 {
            break;
        }
        if sweep % JOINT_EVERY == 0 {
            state.solve_jointly();
        }
    }
    let step = difference(&state.point, from);
    let model = state.model(&step, gradient);
    Proximal {
        decrease: before - l1 * absolute(&state.point, shape) - model,
        curvature: 2.0 * (model - dot(gradient, &step)),
        point: state.point,
    }
}

/// The L1 norm, intercepts apart.
pub(super) fn absolute(point: &[f64], shape: Shape) -> f64 {
    let features = shape.columns - 1;
    let outputs = point.chunks_exact(shape.columns);
    outputs
        .map(|output| {
            output[..features]
                .iter()
                .map(|value| value.abs())
                .sum::<f64>()
        })
        .sum()
}

struct State<'a> {
    curvature: &'a Curvature<'a>,
    shape: Shape,
    l1: f64,
    point: Vec<f64>,
    /// The gradient of the quadratic model at the point.
    slope: Vec<f64>,
}

impl State<'_> {
    fn penalty_of(&self, i: usize) -> f64 {
        let is_intercept = (i + 1).is_multiple_of(self.shape.columns);
        if is_intercept { 0.0 } else { self.l1 }
    }

    /// The quadratic model at the point, which is `step` from where it was 0 with slope `gradient`.
    fn model(&self, step: &[f64], gradient: &[f64]) -> f64 {
        0.5 * (dot(gradient, step) + dot(&self.slope, step))
    }

    /// Minimises along each coordinate in turn; returns the most that one change gained.
    fn sweep(&mut self) -> f64 {
        let mut gained = 0.0f64;
        for i in 0..self.point.len() {
            let diagonal = self.curvature.at(i, i);
            // A column of zeros, or one whose curvature is lost in rounding, stays as it is.
            if !(diagonal > 0.0 && diagonal.is_finite()) {
                continue;
            }
            let free = self.point[i] - self.slope[i] / diagonal;
            let change = shrunk(free, self.penalty_of(i) / diagonal) - self.point[i];
            if change != 0.0 && change.is_finite() {
                self.point[i] = shrunk(free, self.penalty_of(i) / diagonal);
                self.curvature.add_column(i, change, &mut self.slope);
                gained = gained.max(0.5 * diagonal * change * change);
            }
        }
        gained
    }

    /// Solves for all coefficients that are not 0 with their signs held, and goes there until the
    /// first one reaches 0.
    fn solve_jointly(&mut self) {
        let is_free = |i: &usize| self.penalty_of(*i) == 0.0 || self.point[*i] != 0.0;
        let active: Vec<usize> = (0..self.point.len()).filter(is_free).collect();
        if active.is_empty() || active.len() > JOINT_MAX {
            return;
        }
        let mut triangle = Vec::with_capacity(triangle_len(active.len()));
        for (row, i) in active.iter().enumerate() {
            triangle.extend(active[..=row].iter().map(|j| self.curvature.at(*i, *j)));
        }
        let mut step: Vec<f64> = active
            .iter()
            .map(|i| match self.penalty_of(*i) {
                0.0 => -self.slope[*i],
                penalty => -self.slope[*i] - penalty * self.point[*i].signum(),
            })
            .collect();
        Cholesky::new(triangle, active.len()).solve(&mut step);
        let mut share = 1.0f64;
        for (i, step) in active.iter().zip(&step) {
            let until_zero = -self.point[*i] / step;
            if self.penalty_of(*i) > 0.0 && until_zero > 0.0 {
                share = share.min(until_zero);
            }
        }
        for (i, step) in active.iter().zip(&step) {
            let point = self.point[*i] + share * step;
            let reaches_zero =
                self.penalty_of(*i) > 0.0 && point.signum() != self.point[*i].signum();
            let change = if reaches_zero {
                -self.point[*i]
            } else {
                point - self.point[*i]
            };
            if change.is_finite() {
                self.point[*i] += change;
                self.curvature.add_column(*i, change, &mut self.slope);
            }
        }
    }
}

/// Towards 0 by `by`, and not beyond.
fn shrunk(value: f64, by: f64) -> f64 {
    value.signum() * (value.abs() - by).max(0.0)
}

fn difference(to: &[f64], from: &[f64]) -> Vec<f64> {
    to.iter().zip(from).map(|(to, from)| to - from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learner::logistic::tests::uniform;

    /// A random positive semidefinite triangle of rank `rank`.
    fn random(size: usize, rank: usize) -> Vec<f64> {
        let x = |row: usize, i: usize| uniform(row, i) - 0.5;
        let mut triangle = Vec::new();
        for i in 0..size {
            for j in 0..=i {
                triangle
                    .push((0..rank).map(|row| x(row, i) * x(row, j)).sum::<f64>() / rank as f64);
            }
        }
        triangle
    }

    /// The conditions of an optimum: the slope is `-l1 sign` where a coefficient is not 0, and at
    /// most `l1` where it is.
    fn check(size: usize, rank: usize, l1: f64, terms: Vec<(f64, Vec<f64>)>) {
        let triangle = random(size, rank);
        let curvature = Curvature {
            triangle: &triangle,
            scale: 1.5,
            terms,
        };
        let gradient: Vec<f64> = (0..size).map(|i| uniform(900, i) - 0.5).collect();
        // In the range of a singular matrix, so that there is a minimum without a penalty.
        let gradient = if rank < size {
            curvature.times(&gradient)
        } else {
            gradient
        };
        let from: Vec<f64> = (0..size)
            .map(|i| f64::from(u8::from(i % 2 == 0)) * 0.1)
            .collect();
        let shape = Shape {
            columns: size,
            outputs: 1,
        };
        let found = step(&curvature, &gradient, &from, l1, shape);
        let moved = difference(&found.point, &from);
        let product = curvature.times(&moved);
        for (i, ((w, g), h)) in found.point.iter().zip(&gradient).zip(&product).enumerate() {
            let slope = g + h;
            let penalty = if i + 1 == size { 0.0 } else { l1 };
            let is_optimal = if *w == 0.0 {
                slope.abs() <= penalty + 1e-7
            } else {
                (slope + penalty * w.signum()).abs() <= 1e-7
            };
            assert!(
                is_optimal,
                "{size} {rank} {l1}: {i} at {w} has slope {slope}"
            );
        }
        let model = dot(&gradient, &moved) + 0.5 * dot(&moved, &product);
        let penalty = l1 * (absolute(&found.point, shape) - absolute(&from, shape));
        assert!((found.decrease + model + penalty).abs() < 1e-9);
        assert!((found.curvature - dot(&moved, &product)).abs() < 1e-9);
        assert!(found.decrease >= 0.0);
    }

    #[test]
    fn a_step_ends_where_no_coefficient_can_gain() {
        for l1 in [1e-4, 0.02, 0.1, 10.0] {
            check(1, 5, l1, Vec::new());
            check(12, 40, l1, Vec::new());
            check(
                12,
                40,
                l1,
                vec![(0.5, (0..12).map(|i| uniform(901, i)).collect())],
            );
            check(40, 20, l1, Vec::new());
        }
    }

    #[test]
    fn a_large_penalty_leaves_the_intercept_alone() {
        let triangle = random(6, 30);
        let curvature = Curvature {
            triangle: &triangle,
            scale: 1.0,
            terms: Vec::new(),
        };
        let shape = Shape {
            columns: 6,
            outputs: 1,
        };
        let found = step(&curvature, &[0.1; 6], &[0.3; 6], 1e3, shape);
        assert_eq!(found.point[..5], [0.0; 5]);
        assert_ne!(found.point[5], 0.3);
    }
}
