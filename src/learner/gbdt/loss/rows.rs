//! The rows that an objective reads, and the derivatives that it computes.

use crate::data::Split;

/// Rows whose derivatives are computed at once; small enough for the first cache level.
pub const CHUNK_ROWS: usize = 512;

/// Some rows of a block as an objective sees them.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// Margins of all outputs: output `k` of row `i` is `margin[k * stride + i]`.
    pub margin: &'a [f32],
    /// Rows of the block.
    pub stride: usize,
    /// Labels; anything, even NaN, for rows in no split.
    pub label: &'a [f32],
    /// Weights, classes' weights included.
    pub weight: &'a [f64],
}

impl<'a> Rows<'a> {
    /// The number of rows.
    pub fn len(&self) -> usize {
        self.label.len()
    }

    /// True if there are no rows.
    pub fn is_empty(&self) -> bool {
        self.label.is_empty()
    }

    /// One output's margins.
    pub fn margins(&self, output: usize) -> &'a [f32] {
        &self.margin[output * self.stride..][..self.len()]
    }
}

/// Adds losses of some rows to the sums of train and valid. No branch depends on a row.
pub(crate) fn add_by_split(sums: &mut [f64; 2], split: &[u8], losses: &[f64]) {
    for (&split, &loss) in split.iter().zip(losses) {
        for (sum, of) in sums.iter_mut().zip([Split::Train, Split::Valid]) {
            *sum += if split == of as u8 { loss } else { 0.0 };
        }
    }
}

/// Derivatives and losses of a chunk: value `i` of output `k` is at `k * CHUNK_ROWS + i`.
#[derive(Debug)]
pub struct Derivatives {
    /// First derivative of the loss by the margin, times the weight.
    pub gradient: Vec<f64>,
    /// Second derivative, or a bound of it, times the weight; not negative.
    pub hessian: Vec<f64>,
    /// The loss times the weight, one a row.
    pub loss: Vec<f64>,
}

impl Derivatives {
    /// Room for a chunk.
    pub fn new(outputs: usize) -> Self {
        Self {
            gradient: vec![0.0; outputs * CHUNK_ROWS],
            hessian: vec![0.0; outputs * CHUNK_ROWS],
            loss: vec![0.0; CHUNK_ROWS],
        }
    }

    /// Bytes held, by capacity.
    pub fn heap_bytes(&self) -> usize {
        (self.gradient.capacity() + self.hessian.capacity() + self.loss.capacity()) * 8
    }
}
