//! The sums of one pass: loss, gradient and Hessian at one point.

use crate::learner::logistic::{
    kernel::triangle_len,
    link::{pair_index, pairs},
};

/// The size of the problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Columns of the design matrix, the ones of the intercept included.
    pub columns: usize,
    /// Margins a row: 1 for two classes, else the number of classes.
    pub outputs: usize,
}

impl Shape {
    /// The number of coefficients, intercepts included. Output `k`'s are at `k * columns`, its
    /// intercept last.
    pub fn parameters(self) -> usize {
        self.columns * self.outputs
    }

    /// Values of all Gram matrices a pass accumulates.
    pub fn gram_len(self) -> usize {
        pairs(self.outputs) * triangle_len(self.columns)
    }
}

/// Sums over rows at one point: all of them add, so parts of the data [`merge`](Self::merge).
///
/// The Hessian of a softmax is kept as the matrices `X' diag(w p_j p_k) X` of the pairs `j < k` of
/// outputs, from which the blocks on its diagonal follow: `p_k (1 - p_k)` is the sum of `p_k p_j`
/// over the others. That is fewer products, and the direction in which nothing changes (the same
/// added to every class) has curvature 0 exactly.
#[derive(Debug, Clone, PartialEq)]
pub struct NewtonSums {
    shape: Shape,
    /// Rows with a weight above 0.
    pub rows: u64,
    /// Sum of weights.
    pub weight: f64,
    /// Weighted sum of the rows' losses.
    pub loss: f64,
    /// By output and column.
    pub gradient: Vec<f64>,
    /// By pair of outputs, a lower triangle row after row; empty when the pass needs no Hessian.
    pub gram: Vec<f64>,
}

impl NewtonSums {
    /// No rows.
    pub fn new(shape: Shape, with_hessian: bool) -> Self {
        Self {
            shape,
            rows: 0,
            weight: 0.0,
            loss: 0.0,
            gradient: vec![0.0; shape.parameters()],
            gram: vec![0.0; if with_hessian { shape.gram_len() } else { 0 }],
        }
    }

    /// Bytes that [`Self::new`] allocates.
    pub fn bytes(shape: Shape, with_hessian: bool) -> u64 {
        let gram = if with_hessian { shape.gram_len() } else { 0 };
        (shape.parameters() + gram) as u64 * 8
    }

    /// The size of the problem.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Adds another part. Sums of floats depend on their order: merge parts in row-group order.
    pub fn merge(&mut self, other: &Self) {
        assert_eq!(self.shape, other.shape, "shapes of merged sums");
        assert_eq!(self.gram.len(), other.gram.len(), "hessians of merged sums");
        self.rows += other.rows;
        self.weight += other.weight;
        self.loss += other.loss;
        add(&mut self.gradient, &other.gradient);
        add(&mut self.gram, &other.gram);
    }

    /// Forgets the rows, keeping the memory.
    pub fn clear(&mut self) {
        self.rows = 0;
        self.weight = 0.0;
        self.loss = 0.0;
        self.gradient.fill(0.0);
        self.gram.fill(0.0);
    }

    /// Bytes held, by capacity.
    pub fn heap_bytes(&self) -> usize {
        (self.gradient.capacity() + self.gram.capacity()) * 8
    }

    /// The Hessian of the mean loss as one lower triangle over all parameters, row after row.
    pub(super) fn hessian(&self) -> Vec<f64> {
        let mut hessian = vec![0.0; triangle_len(self.shape.parameters())];
        self.add_hessian(1.0 / self.weight, &mut hessian);
        hessian
    }

    /// Adds `scale` times the Hessian of the summed loss to a lower triangle over all parameters.
    pub(in crate::learner) fn add_hessian(&self, scale: f64, hessian: &mut [f64]) {
        let Shape { columns, outputs } = self.shape;
        assert_eq!(
            self.gram.len(),
            self.shape.gram_len(),
            "a pass with Hessian"
        );
        assert_eq!(
            hessian.len(),
            triangle_len(self.shape.parameters()),
            "triangle"
        );
        let triangle = triangle_len(columns);
        let entry = |pair: usize, a: usize, b: usize| {
            self.gram[pair * triangle + triangle_len(a.max(b)) + a.min(b)] * scale
        };
        for k in 0..outputs {
            for a in 0..columns {
                let start = triangle_len(k * columns + a);
                for j in 0..k {
                    for b in 0..columns {
                        hessian[start + j * columns + b] -= entry(pair_index(j, k), a, b);
                    }
                }
                for b in 0..=a {
                    let others = (0..outputs).filter(|j| *j != k);
                    hessian[start + k * columns + b] += if outputs == 1 {
                        entry(0, a, b)
                    } else {
                        others
                            .map(|j| entry(pair_index(j.min(k), j.max(k)), a, b))
                            .sum()
                    };
                }
            }
        }
    }
}

fn add(sums: &mut [f64], others: &[f64]) {
    for (sum, other) in sums.iter_mut().zip(others) {
        *sum += other;
    }
}
