//! Tests of the learners as wholes, and the data they share.

mod laws;
mod quality;
mod refusals;
mod trees;

use ndarray::{Array1, Array2, s};

use crate::learner::{
    incremental::{Batch, BatchSchema, Learner, Pipeline, Step},
    logistic::LogisticOptions,
};

/// SplitMix64 of a counter.
fn mix(counter: u64) -> u64 {
    let z = counter.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn uniform(row: usize, index: usize) -> f64 {
    (mix((row * 64 + index) as u64) >> 11) as f64 * 2f64.powi(-53)
}

/// Rows of six features with labels.
#[derive(Debug, Clone)]
struct Rows {
    x: Array2<f64>,
    y: Array1<f64>,
}

impl Rows {
    /// Columns of scales 1e-4 to 1e4 far from 0, two of them correlated, with 2 % missing values; the
    /// last is 0 in the first third of the rows. Labels of `classes` classes drawn from a logistic
    /// model of them.
    fn new(rows: usize, classes: usize) -> Self {
        let bell = |row: usize, index: usize| {
            (0..4).map(|j| uniform(row, 4 * index + j)).sum::<f64>() * 1.732 - 3.464
        };
        let scales = [
            (1e-4, 5.0),
            (1.0, 0.0),
            (1e4, -2.0),
            (10.0, 100.0),
            (0.01, 1.0),
            (3.0, 1.0),
        ];
        let mut x = Array2::zeros((rows, 6));
        let mut y = Array1::zeros(rows);
        for row in 0..rows {
            let mut z: Vec<f64> = (0..6).map(|index| bell(row, index)).collect();
            z[4] += 0.9 * z[3];
            if row < rows / 3 {
                z[5] = 0.0;
            }
            let margins = [
                0.0,
                0.8 * z[0] - 0.5 * z[1] + 0.6 * z[5] - 0.7,
                0.9 * z[3] - 0.4 * z[2] - 1.0,
            ];
            let e: Vec<f64> = margins[..classes]
                .iter()
                .map(|margin| margin.exp())
                .collect();
            let mut rest = uniform(row, 60) * e.iter().sum::<f64>();
            y[row] = e
                .iter()
                .position(|e| {
                    rest -= e;
                    rest < 0.0
                })
                .unwrap_or(0) as f64;
            for (column, (scale, offset)) in scales.into_iter().enumerate() {
                let is_missing = uniform(row, 40 + column) < 0.02;
                x[[row, column]] = if is_missing {
                    f64::NAN
                } else {
                    (z[column] + offset) * scale
                };
            }
        }
        Self { x, y }
    }

    fn len(&self) -> usize {
        self.y.len()
    }

    fn part(&self, from: usize, to: usize) -> Self {
        Self {
            x: self.x.slice(s![from..to, ..]).to_owned(),
            y: self.y.slice(s![from..to]).to_owned(),
        }
    }

    fn batch(&self) -> Batch<'_> {
        Batch::new(self.x.view(), self.y.view())
    }

    /// The same rows in the order of their labels.
    fn sorted_by_label(&self) -> Self {
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_by(|a, b| self.y[*a].total_cmp(&self.y[*b]));
        Self {
            x: self.x.select(ndarray::Axis(0), &order),
            y: self.y.select(ndarray::Axis(0), &order),
        }
    }

    /// Feeds all rows in batches.
    fn feed(&self, learner: &mut impl Learner, batch_rows: usize) {
        for from in (0..self.len()).step_by(batch_rows) {
            let part = self.part(from, self.len().min(from + batch_rows));
            learner.partial_fit(&part.batch()).unwrap();
        }
    }

    /// The mean log-loss of a learner's probabilities.
    fn loss(&self, learner: &impl Learner) -> f64 {
        let probabilities = learner.predict(self.x.view().into()).unwrap();
        let of_row = |(row, label): (usize, &f64)| -probabilities[[row, *label as usize]].ln();
        self.y.iter().enumerate().map(of_row).sum::<f64>() / self.len() as f64
    }
}

fn schema(classes: usize) -> BatchSchema {
    let names = ["neither", "donor", "acceptor"];
    BatchSchema::new(&["a", "b", "c", "d", "e", "f"], &names[..classes]).unwrap()
}

fn learner<S: Step>(classes: usize) -> Pipeline<S> {
    Pipeline::new(schema(classes), &LogisticOptions::default()).unwrap()
}
