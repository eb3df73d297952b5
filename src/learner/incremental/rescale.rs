//! The change of coefficients and their Hessian when the scale of the columns changes.
//!
//! A column standardised as `(x - m) / s` from now on, and as `(x - m0) / s0` so far: with
//! `ratio = s / s0` and `shift = (m - m0) / s0` the old value is `ratio * new + shift`. So the
//! coefficient `w` becomes `ratio * w`, the intercept grows by `shift * w`, and no margin changes.

use crate::learner::logistic::{Shape, kernel::triangle_len};

/// The change of each column.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rescale {
    pub(crate) ratios: Vec<f64>,
    pub(crate) shifts: Vec<f64>,
}

impl Rescale {
    pub(crate) fn clear(&mut self) {
        self.ratios.clear();
        self.shifts.clear();
    }

    pub(crate) fn push(&mut self, (ratio, shift): (f64, f64)) {
        self.ratios.push(ratio);
        self.shifts.push(shift);
    }

    /// Replaces the changes of all columns.
    pub(crate) fn replace(&mut self, changes: impl Iterator<Item = (f64, f64)>) {
        self.clear();
        changes.for_each(|change| self.push(change));
    }

    /// Changes coefficients, by output and column with the intercept last.
    pub(crate) fn apply(&self, shape: Shape, point: &mut [f64]) {
        for output in point.chunks_exact_mut(shape.columns) {
            let (intercept, coefficients) = output.split_last_mut().expect("an intercept");
            let changes = self.ratios.iter().zip(&self.shifts);
            for (w, (ratio, shift)) in coefficients.iter_mut().zip(changes) {
                *intercept += shift * *w;
                *w *= ratio;
            }
        }
    }

    /// Changes a Hessian over all parameters, a lower triangle row after row. O(parameters^2).
    ///
    /// The parameters become `A w`, so the Hessian becomes `A^-T H A^-1`: each column is replaced by
    /// itself less `shift` times its output's intercept's, over `ratio`; then each row likewise.
    pub(crate) fn apply_to_hessian(&self, shape: Shape, triangle: &mut [f64]) {
        let columns = shape.columns;
        let place = |i: usize, j: usize| triangle_len(i.max(j)) + i.min(j);
        let intercept_of = |i: usize| i / columns * columns + columns - 1;
        let features = |i: &usize| *i % columns != columns - 1;
        for i in (0..shape.parameters()).rev().filter(features) {
            let (ratio, shift) = (self.ratios[i % columns], self.shifts[i % columns]);
            let intercept = intercept_of(i);
            let with_intercept = triangle[place(i, intercept)];
            let of_intercept = triangle[place(intercept, intercept)];
            for j in (0..shape.parameters()).filter(|j| *j != i) {
                let of_j = triangle[place(intercept, j)];
                let value = &mut triangle[place(i, j)];
                *value = (*value - shift * of_j) / ratio;
            }
            let own = &mut triangle[place(i, i)];
            *own = (*own - 2.0 * shift * with_intercept + shift * shift * of_intercept)
                / (ratio * ratio);
        }
    }
}
