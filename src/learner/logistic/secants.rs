//! What past evaluations said about the Hessian: the memory of L-BFGS over a preconditioner.

use std::collections::VecDeque;

use crate::learner::logistic::{cholesky::Cholesky, kernel::dot};

/// Pairs that are remembered; the oldest is forgotten.
const PAIRS_MAX: usize = 8;

/// A change of the point and the change of the gradient that came with it.
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
    /// Bytes of the memory when it is full.
    pub(super) fn bytes(parameters: usize) -> u64 {
        2 * PAIRS_MAX as u64 * parameters as u64 * 8
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

    /// How far steps along the preconditioner fell short of the last change, 1 without a change: the
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
    fn the_memory_is_bounded_and_takes_no_flat_pair() {
        let mut secants = Secants::default();
        secants.push(vec![1.0], vec![0.0]);
        secants.push(vec![1.0], vec![f64::NAN]);
        assert!(secants.pairs.is_empty());
        (0..20).for_each(|_| secants.push(vec![1.0], vec![2.0]));
        assert_eq!(secants.pairs.len(), PAIRS_MAX);
    }
}
