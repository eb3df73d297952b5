//! Tests of the learner as a whole, and the data they share.

mod golden;
mod kernels;
mod laws;

use crate::{
    data::Tile,
    learner::logistic::{Logistic, LogisticFit, LogisticOptions, NewtonPass, NewtonSums},
};

/// Rows of a design matrix with labels and weights, row-major.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    pub(super) x: Vec<Vec<f64>>,
    pub(super) labels: Vec<f32>,
    pub(super) weights: Vec<f32>,
}

/// SplitMix64 of a counter: the same numbers as in the script that made the golden coefficients.
fn mix(counter: u64) -> u64 {
    let z = counter.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A uniform number in [0, 1) of a row.
pub(super) fn uniform(row: usize, index: usize) -> f64 {
    (mix((row * 64 + index) as u64) >> 11) as f64 * 2f64.powi(-53)
}

/// A bell-shaped number of variance 1: the sum of four uniform ones.
fn bell(row: usize, index: usize) -> f64 {
    let sum: f64 = (0..4).map(|j| uniform(row, 8 * index + j)).sum();
    sum * 1.732_050_807_568_877_2 - 3.464_101_615_137_754_4
}

/// Five columns of variance about 1, one heavy-tailed and two correlated.
pub(super) fn signals(rows: usize) -> Vec<Vec<f64>> {
    (0..rows)
        .map(|row| {
            let mut z: Vec<f64> = (0..5).map(|index| bell(row, index)).collect();
            z[4] += 0.9 * z[3];
            z[2] = z[2].powi(3);
            z
        })
        .collect()
}

/// Labels drawn from a logistic model of the signals.
pub(super) fn binary_labels(
    signals: &[Vec<f64>],
    coefficients: &[f64],
    intercept: f64,
) -> Vec<f32> {
    let label = |(row, z): (usize, &Vec<f64>)| {
        let margin: f64 = z.iter().zip(coefficients).map(|(z, c)| z * c).sum::<f64>() + intercept;
        f32::from(uniform(row, 60) < 1.0 / (1.0 + (-margin).exp()))
    };
    signals.iter().enumerate().map(label).collect()
}

/// Standardises the columns in place.
pub(super) fn standardise(x: &mut [Vec<f64>]) {
    let rows = x.len() as f64;
    for column in 0..x[0].len() {
        let mean = x.iter().map(|row| row[column]).sum::<f64>() / rows;
        let square = |row: &Vec<f64>| (row[column] - mean).powi(2);
        let sd = (x.iter().map(square).sum::<f64>() / rows).sqrt();
        x.iter_mut()
            .for_each(|row| row[column] = (row[column] - mean) / sd);
    }
}

impl Rows {
    /// Rows of weight 1.
    pub(super) fn new(x: Vec<Vec<f64>>, labels: Vec<f32>) -> Self {
        let weights = vec![1.0; labels.len()];
        Self { x, labels, weights }
    }

    /// 3,000 standardised rows, 43 % of them positive, of columns on scales 1e-4 to 1e4 and far from 0.
    pub(super) fn binary() -> Self {
        let mut x = signals(3000);
        let labels = binary_labels(&x, &[0.8, -0.5, 0.1, 0.6, -0.3], -0.4);
        for row in &mut x {
            let scales = [
                (1e-4, 5.0),
                (1.0, 0.0),
                (1e4, -2.0),
                (10.0, 100.0),
                (0.01, 1.0),
            ];
            for (value, (scale, offset)) in row.iter_mut().zip(scales) {
                *value = *value * scale + offset * scale;
            }
        }
        standardise(&mut x);
        Self::new(x, labels)
    }

    /// 3,000 standardised rows of three classes.
    pub(super) fn three_classes() -> Self {
        let mut x = signals(3000);
        let label = |(row, z): (usize, &Vec<f64>)| {
            let margins = [
                0.5 * z[0] + 0.2 * z[1] - 0.3 * z[3],
                -0.5 * z[0] + 0.4 * z[1] + 0.1 * z[2] + 0.3 * z[3] - 0.5,
                -0.1 * z[2] + 0.7 * z[4] - 1.0,
            ];
            let e = margins.map(f64::exp);
            let sum: f64 = e.iter().sum();
            let u = uniform(row, 61);
            if u < e[0] / sum {
                0.0
            } else if u < e[0] / sum + e[1] / sum {
                1.0
            } else {
                2.0
            }
        };
        let labels = x.iter().enumerate().map(label).collect();
        standardise(&mut x);
        Self::new(x, labels)
    }

    pub(super) fn len(&self) -> usize {
        self.labels.len()
    }

    /// The same rows in another order.
    pub(super) fn ordered(&self, order: &[usize]) -> Self {
        Self {
            x: order.iter().map(|row| self.x[*row].clone()).collect(),
            labels: order.iter().map(|row| self.labels[*row]).collect(),
            weights: order.iter().map(|row| self.weights[*row]).collect(),
        }
    }

    /// All rows as a sample in memory.
    pub(super) fn tile(&self) -> Tile {
        let features = self.x[0].len();
        let mut tile = Tile::new(features, self.len());
        let mut rows = tile.append(self.len());
        for feature in 0..features {
            for (value, x) in rows.column_mut(feature).iter_mut().zip(&self.x) {
                *value = x[feature] as f32;
            }
        }
        tile
    }

    /// The sums of a pass over row groups of at most `group_rows`, fed in batches of `batch_rows`.
    pub(super) fn sums(
        &self,
        pass: &NewtonPass,
        group_rows: usize,
        batch_rows: usize,
    ) -> NewtonSums {
        let mut accumulator = pass.accumulator();
        let mut part = pass.sums();
        let mut sums = pass.sums();
        let rows: Vec<usize> = (0..self.len()).collect();
        for group in rows.chunks(group_rows) {
            for batch in group.chunks(batch_rows) {
                let (first, end) = (batch[0], batch[0] + batch.len());
                let selected: Vec<u32> = (0..batch.len() as u32)
                    .filter(|row| self.weights[first + *row as usize] > 0.0)
                    .collect();
                let (labels, weights) = (&self.labels[first..end], &self.weights[first..end]);
                accumulator.update(&selected, labels, weights, |rows, tile| {
                    for feature in 0..tile.features() {
                        for (value, row) in tile.column_mut(feature).iter_mut().zip(rows) {
                            *value = self.x[first + *row as usize][feature] as f32;
                        }
                    }
                });
            }
            accumulator.finish_row_group_into(&mut part);
            sums.merge(&part);
        }
        sums
    }

    /// Trains from an evenly spaced sample of about `sample_rows` rows (none for 0).
    pub(super) fn fit(
        &self,
        options: &LogisticOptions,
        classes: usize,
        sample_rows: usize,
    ) -> LogisticFit {
        let mut learner = Logistic::new(options, self.x[0].len(), classes).unwrap();
        if let Some(step) = self.len().checked_div(sample_rows) {
            let order: Vec<usize> = (0..self.len()).step_by(step).collect();
            let sample = self.ordered(&order);
            learner
                .start_from_sample(&sample.tile(), &sample.labels, &sample.weights)
                .unwrap();
        }
        while let Some(pass) = learner.next_pass() {
            learner.finish_pass(&self.sums(&pass, 700, 300)).unwrap();
        }
        learner.into_fit()
    }

    /// The weighted mean log-loss of a binary model, naively.
    pub(super) fn binary_loss(&self, fitted: &LogisticFit) -> f64 {
        let (mut loss, mut weight) = (0.0, 0.0);
        for ((x, label), w) in self.x.iter().zip(&self.labels).zip(&self.weights) {
            let terms = x.iter().zip(&fitted.coefficients[0]).map(|(x, c)| x * c);
            let margin = terms.sum::<f64>() + fitted.intercepts[0];
            let towards = if *label == 1.0 { -margin } else { margin };
            loss += f64::from(*w) * (towards.max(0.0) + (-towards.abs()).exp().ln_1p());
            weight += f64::from(*w);
        }
        loss / weight
    }
}

/// Options with a penalty, otherwise the defaults.
pub(super) fn options(l2: f64) -> LogisticOptions {
    LogisticOptions {
        l2,
        ..LogisticOptions::default()
    }
}
