//! Cholesky factors of a symmetric matrix that should be positive definite but may not quite be.

use crate::learner::logistic::kernel::{dot, triangle_len};

/// A pivot below this share of its diagonal element is rounding: the matrix was summed in `f32`.
const PIVOT_MIN: f64 = 1e-9;

/// The first ridge tried when a pivot fails, as a share of each diagonal element; then 10 x as much.
const RIDGE_FIRST: f64 = 1e-8;

/// `L` with `L L' = A + ridge * diag(A)`, where the ridge is 0 if `A` is positive definite.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub(in crate::learner) struct Cholesky {
    /// The lower triangle, row after row.
    lower: Vec<f64>,
    size: usize,
    ridge: f64,
}

impl Cholesky {
    /// Factors a lower triangle given row after row. Never fails: collinear columns get the smallest
    /// ridge of 1e-8, 1e-7, ... that makes every pivot positive, and a diagonal of 0 counts as 1.
    /// O(size^3 / 6) multiplications.
    pub(in crate::learner) fn new(triangle: Vec<f64>, size: usize) -> Self {
        assert_eq!(triangle.len(), triangle_len(size), "triangle");
        let diagonal: Vec<f64> = (0..size)
            .map(|i| match triangle[triangle_len(i) + i] {
                value if value > 0.0 && value.is_finite() => value,
                _ => 1.0,
            })
            .collect();
        let mut lower = triangle.clone();
        if factor(&mut lower, &diagonal, 0.0) {
            return Self {
                lower,
                size,
                ridge: 0.0,
            };
        }
        let mut ridge = RIDGE_FIRST;
        // A ridge of `size` dominates every row of a matrix whose 2 x 2 minors are not negative.
        while ridge <= 10.0 * size as f64 {
            lower.copy_from_slice(&triangle);
            if factor(&mut lower, &diagonal, ridge) {
                return Self { lower, size, ridge };
            }
            ridge *= 10.0;
        }
        Self::diagonal(&diagonal)
    }

    /// The factor of a diagonal matrix: the last resort for one that holds infinities.
    fn diagonal(diagonal: &[f64]) -> Self {
        let size = diagonal.len();
        let mut lower = vec![0.0; triangle_len(size)];
        for (i, value) in diagonal.iter().enumerate() {
            lower[triangle_len(i) + i] = value.sqrt();
        }
        Self {
            lower,
            size,
            ridge: f64::INFINITY,
        }
    }

    /// The ridge that was needed, as a share of each diagonal element.
    pub(in crate::learner) fn ridge(&self) -> f64 {
        self.ridge
    }

    /// True if it is one of a matrix of `size` rows: for factors read from a file.
    pub(in crate::learner) fn is_sound(&self, size: usize) -> bool {
        let pivots = (0..self.size).map(|i| self.lower.get(triangle_len(i) + i));
        self.size == size
            && self.lower.len() == triangle_len(size)
            && self.lower.iter().all(|value| value.is_finite())
            && pivots.flatten().all(|pivot| *pivot > 0.0)
    }

    /// Bytes held, by capacity.
    pub(in crate::learner) fn heap_bytes(&self) -> usize {
        self.lower.capacity() * 8
    }

    /// Solves `A x = b` in place. O(size^2).
    pub(in crate::learner) fn solve(&self, b: &mut [f64]) {
        assert_eq!(b.len(), self.size, "right-hand side");
        for i in 0..self.size {
            let row = &self.lower[triangle_len(i)..=triangle_len(i) + i];
            b[i] = (b[i] - dot(&row[..i], &b[..i])) / row[i];
        }
        for i in (0..self.size).rev() {
            let row = &self.lower[triangle_len(i)..=triangle_len(i) + i];
            let x = b[i] / row[i];
            b[i] = x;
            for (b, l) in b[..i].iter_mut().zip(row) {
                *b -= l * x;
            }
        }
    }
}

/// Factors in place; false as soon as a pivot is not clearly positive.
fn factor(lower: &mut [f64], diagonal: &[f64], ridge: f64) -> bool {
    for (i, diagonal) in diagonal.iter().enumerate() {
        let (above, row) = lower.split_at_mut(triangle_len(i));
        for j in 0..i {
            let other = &above[triangle_len(j)..=triangle_len(j) + j];
            row[j] = (row[j] - dot(&row[..j], &other[..j])) / other[j];
        }
        let pivot = row[i] + ridge * diagonal - dot(&row[..i], &row[..i]);
        // Written so that NaN fails.
        if !(pivot > PIVOT_MIN * diagonal && pivot.is_finite()) {
            return false;
        }
        row[i] = pivot.sqrt();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rows: &[&[f64]], b: &[f64], expected: &[f64], ridge_max: f64) {
        let triangle = rows.iter().flat_map(|row| row.iter().copied()).collect();
        let factors = Cholesky::new(triangle, rows.len());
        let mut x = b.to_vec();
        factors.solve(&mut x);
        assert!(factors.ridge() <= ridge_max, "ridge {}", factors.ridge());
        for (x, expected) in x.iter().zip(expected) {
            assert!(
                (x - expected).abs() <= 1e-6 * expected.abs().max(1.0),
                "{x} {expected}"
            );
        }
    }

    #[test]
    fn a_positive_definite_matrix_is_solved_without_ridge() {
        check(&[&[4.0], &[2.0, 3.0]], &[8.0, 7.0], &[1.25, 1.5], 0.0);
        check(&[&[1e12], &[0.0, 1e-12]], &[1e12, 1e-12], &[1.0, 1.0], 0.0);
    }

    #[test]
    fn a_singular_matrix_gets_a_small_ridge() {
        check(&[&[1.0], &[1.0, 1.0]], &[2.0, 2.0], &[1.0, 1.0], 1e-6);
        check(&[&[0.0], &[0.0, 2.0]], &[0.0, 2.0], &[0.0, 1.0], 1e-6);
    }

    #[test]
    fn an_indefinite_or_infinite_matrix_still_gives_a_finite_answer() {
        for off_diagonal in [5.0, f64::INFINITY, f64::NAN] {
            let factors = Cholesky::new(vec![1.0, off_diagonal, 1.0], 2);
            let mut x = vec![1.0, -1.0];
            factors.solve(&mut x);
            assert!(x.iter().all(|x| x.is_finite()));
        }
    }
}
