//! The memory of L-BFGS: past evaluations, which correct a preconditioner.

use std::collections::VecDeque;

use crate::learner::logistic::{cholesky::Cholesky, kernel::dot, proximal::Curvature};

/// Pairs that are remembered; the oldest is forgotten.
const PAIRS_MAX: usize = 8;

/// A change of the point with the change of the gradient.
#[derive(Debug, Clone)]
struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
    inverse: f64,
}

/// Pairs of changes, oldest first.
#[derive(Debug, Clone, Default)]
pub(super) struct Secants {
    pairs: VecDeque<Pair>,
}

impl Secants {
    /// Bytes of the memory when it is full, and of the terms of [`Self::corrected`].
    pub(super) fn bytes(parameters: usize) -> u64 {
        2 * 2 * PAIRS_MAX as u64 * parameters as u64 * 8
    }

    /// Remembers a change, unless it shows no curvature.
    pub(super) fn push(&mut self, step: Vec<f64>, change: Vec<f64>) {
        let curvature = dot(&step, &change);
        if !(curvature > 0.0 && curvature.recip().is_finite()) {
            return;
        }
        if self.pairs.len() == PAIRS_MAX {
            self.pairs.pop_front();
        }
        self.pairs.push_back(Pair {
            step,
            change,
            inverse: curvature.recip(),
        });
    }

    /// `H^-1 gradient`, where `H` is the preconditioner corrected by the pairs
    /// (Nocedal & Wright 2006, algorithm 7.4). O(parameters^2).
    pub(super) fn direction(&self, gradient: &[f64], preconditioner: &Cholesky) -> Vec<f64> {
        let mut direction = gradient.to_vec();
        let mut factors = Vec::with_capacity(self.pairs.len());
        for pair in self.pairs.iter().rev() {
            let factor = pair.inverse * dot(&pair.step, &direction);
            subtract(&mut direction, factor, &pair.change);
            factors.push(factor);
        }
        preconditioner.solve(&mut direction);
        let scale = self.scale(preconditioner);
        direction.iter_mut().for_each(|value| *value *= scale);
        for (pair, factor) in self.pairs.iter().zip(factors.iter().rev()) {
            let other = pair.inverse * dot(&pair.change, &direction);
            subtract(&mut direction, other - factor, &pair.step);
        }
        direction
    }

    /// The preconditioner, a lower triangle, corrected by the pairs as in [`Self::direction`], but as
    /// the matrix itself and not its inverse: a BFGS update a pair (Nocedal & Wright 2006, equation
    /// 6.19). O(pairs * parameters^2).
    pub(super) fn corrected<'a>(&self, triangle: &'a [f64]) -> Curvature<'a> {
        let mut curvature = Curvature {
            triangle,
            scale: 1.0,
            terms: Vec::with_capacity(2 * self.pairs.len()),
        };
        if let Some(pair) = self.pairs.back() {
            let along = dot(&pair.step, &curvature.times(&pair.step));
            let scale = (pair.inverse * along).recip();
            if scale > 0.0 && scale.is_finite() {
                curvature.scale = scale;
            }
        }
        for pair in &self.pairs {
            let product = curvature.times(&pair.step);
            let along = dot(&pair.step, &product).recip();
            if along > 0.0 && along.is_finite() {
                curvature.terms.push((-along, product));
                curvature.terms.push((pair.inverse, pair.change.clone()));
            }
        }
        curvature
    }

    /// The ratio of the last change to a step along the preconditioner, 1 without a change: the
    /// Hessian of a small sample is too small at the optimum of all rows.
    fn scale(&self, preconditioner: &Cholesky) -> f64 {
        let Some(pair) = self.pairs.back() else {
            return 1.0;
        };
        let mut solved = pair.change.clone();
        preconditioner.solve(&mut solved);
        (pair.inverse * dot(&pair.change, &solved)).recip()
    }
}

fn subtract(values: &mut [f64], factor: f64, others: &[f64]) {
    for (value, other) in values.iter_mut().zip(others) {
        *value -= factor * other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_pairs_as_dimensions_give_the_inverse_of_a_quadratic() {
        let (hessian, start) = ([[4.0, 1.0], [1.0, 3.0]], [1.0, 2.0]);
        let times = |x: &[f64]| hessian.iter().map(|row| dot(row, x)).collect::<Vec<f64>>();
        let identity = Cholesky::new(vec![1.0, 0.0, 1.0], 2);
        let mut secants = Secants::default();
        assert_eq!(secants.direction(&start, &identity), start);
        // Steps conjugate to each other: their secant equations hold together.
        for step in [vec![1.0, 0.0], vec![-0.25, 1.0]] {
            let change = times(&step);
            secants.push(step, change);
        }
        let direction = secants.direction(&start, &identity);
        for (product, start) in times(&direction).iter().zip(start) {
            assert!((product - start).abs() < 1e-12, "{direction:?}");
        }
    }

    #[test]
    fn the_corrected_matrix_takes_each_last_step_to_its_change() {
        let mut secants = Secants::default();
        let triangle = [4.0, 1.0, 3.0];
        for (step, change) in [([1.0, 0.0], [5.0, 0.5]), ([-0.2, 1.0], [0.3, 2.0])] {
            secants.push(step.to_vec(), change.to_vec());
            let product = secants.corrected(&triangle).times(&step);
            for (product, change) in product.iter().zip(change) {
                assert!((product - change).abs() < 1e-12, "{product} {change}");
            }
        }
    }

    #[test]
    fn the_memory_is_bounded_and_takes_no_flat_pair() {
        let mut secants = Secants::default();
        secants.push(vec![1.0], vec![0.0]);
        secants.push(vec![1.0], vec![f64::NAN]);
        assert!(secants.pairs.is_empty());
        (0..20).for_each(|_| secants.push(vec![1.0], vec![2.0]));
        assert_eq!(secants.pairs.len(), PAIRS_MAX);
    }
}
