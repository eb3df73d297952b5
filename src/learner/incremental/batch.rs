//! Batches: views of the caller's arrays.

use ndarray::{ArrayView1, ArrayView2};

/// Beyond it a number counts as missing: on the scale of such numbers others would be 0 in `f32`.
const VALUE_MAX: f64 = 1e30;

/// Numbers, a row each, borrowed from the caller in either layout. NaN and infinite are missing, and so
/// is what is larger than 1e30.
#[derive(Debug, Clone, Copy)]
pub enum Table<'a> {
    /// Single precision.
    F32(ArrayView2<'a, f32>),
    /// Double precision.
    F64(ArrayView2<'a, f64>),
}

impl<'a> From<ArrayView2<'a, f32>> for Table<'a> {
    fn from(view: ArrayView2<'a, f32>) -> Self {
        Self::F32(view)
    }
}

impl<'a> From<ArrayView2<'a, f64>> for Table<'a> {
    fn from(view: ArrayView2<'a, f64>) -> Self {
        Self::F64(view)
    }
}

impl Table<'_> {
    /// The number of rows.
    pub fn rows(&self) -> usize {
        match self {
            Self::F32(view) => view.nrows(),
            Self::F64(view) => view.nrows(),
        }
    }

    /// The number of columns.
    pub fn columns(&self) -> usize {
        match self {
            Self::F32(view) => view.ncols(),
            Self::F64(view) => view.ncols(),
        }
    }

    /// The first row in which a column has NaN.
    pub(crate) fn first_nan(&self, column: usize) -> Option<usize> {
        match self {
            Self::F32(view) => view.column(column).iter().position(|value| value.is_nan()),
            Self::F64(view) => view.column(column).iter().position(|value| value.is_nan()),
        }
    }

    /// Appends every `stride`-th of a column's values as they are.
    pub(crate) fn append_column(&self, column: usize, stride: usize, out: &mut Vec<f64>) {
        match self {
            Self::F32(view) => {
                let values = view.column(column);
                out.extend(values.iter().step_by(stride).map(|value| f64::from(*value)));
            }
            Self::F64(view) => out.extend(view.column(column).iter().step_by(stride)),
        }
    }

    /// Replaces `out` by a column's values in the given rows, NaN where they are missing.
    pub(crate) fn gather(&self, column: usize, rows: &[u32], out: &mut Vec<f64>) {
        out.clear();
        let known = |value: f64| {
            if value.abs() <= VALUE_MAX {
                value
            } else {
                f64::NAN
            }
        };
        match self {
            Self::F32(view) => {
                let column = view.column(column);
                let values = rows.iter().map(|row| column[*row as usize]);
                out.extend(values.map(|value| known(f64::from(value))));
            }
            Self::F64(view) => {
                let column = view.column(column);
                out.extend(rows.iter().map(|row| known(column[*row as usize])));
            }
        }
    }
}

/// Rows to learn from.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// The features, a row each.
    pub features: Table<'a>,
    /// The place of each row's class among the declared ones: 0, 1, ...
    pub labels: ArrayView1<'a, f64>,
    /// The importance of each row, from 0 to 1e12; 1 without.
    pub weights: Option<ArrayView1<'a, f64>>,
    /// The features' names, to be compared with the declared ones; not compared without.
    pub names: Option<&'a [&'a str]>,
}

impl<'a> Batch<'a> {
    /// Rows of weight 1 whose columns are in the declared order.
    pub fn new(features: impl Into<Table<'a>>, labels: ArrayView1<'a, f64>) -> Self {
        Self {
            features: features.into(),
            labels,
            weights: None,
            names: None,
        }
    }

    /// The same rows with weights.
    pub fn with_weights(self, weights: ArrayView1<'a, f64>) -> Self {
        Self {
            weights: Some(weights),
            ..self
        }
    }

    /// The same rows with the names of the columns.
    pub fn with_names(self, names: &'a [&'a str]) -> Self {
        Self {
            names: Some(names),
            ..self
        }
    }
}
