//! Progressive validation: each batch is scored before it is learned.

use ndarray::ArrayView2;

use crate::{
    data::Task,
    pipeline::evaluate::evaluation::{Metrics, Table},
};

/// Points that are kept; beyond them neighbours become one.
const POINTS_MAX: usize = 2_048;

/// The progressive validation of a batch: its metrics before the update, or the mean of some batches.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct CurvePoint {
    /// Rows that were learned before.
    pub rows_learned: u64,
    /// Batches.
    pub batches: u64,
    /// Their rows.
    pub rows: u64,
    /// Mean log-loss of their rows.
    pub log_loss: f64,
    /// Share of their rows that were decided rightly.
    pub accuracy: f64,
    /// Area under the ROC curve of a batch (of several, their mean by rows); `None` where a batch has
    /// rows of one class only.
    pub auc_roc: Option<f64>,
}

/// The points so far, in a bounded number.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Curve {
    points: Vec<CurvePoint>,
}

impl Curve {
    /// The points, in order.
    pub(crate) fn points(&self) -> &[CurvePoint] {
        &self.points
    }

    /// Appends a batch.
    pub(crate) fn push(&mut self, point: CurvePoint) {
        let batches_of_a_point = self.points.first().map_or(1, |first| first.batches);
        match self.points.last_mut() {
            Some(last) if last.batches < batches_of_a_point => *last = joined(last, &point),
            _ => self.points.push(point),
        }
        if self.points.len() == POINTS_MAX {
            let join = |pair: &[CurvePoint]| match pair {
                [one, two] => joined(one, two),
                rest => rest[0],
            };
            self.points = self.points.chunks(2).map(join).collect();
        }
    }

    /// Mean log-loss of all rows so far, each predicted before it was learned.
    pub(crate) fn mean_log_loss(&self) -> Option<f64> {
        let rows: u64 = self.points.iter().map(|point| point.rows).sum();
        let sum: f64 = (self.points.iter())
            .map(|point| point.log_loss * point.rows as f64)
            .sum();
        (rows > 0).then(|| sum / rows as f64)
    }
}

/// Two neighbours as one point.
fn joined(one: &CurvePoint, two: &CurvePoint) -> CurvePoint {
    let rows = one.rows + two.rows;
    let mean = |a: f64, b: f64| (a * one.rows as f64 + b * two.rows as f64) / rows as f64;
    CurvePoint {
        rows_learned: one.rows_learned,
        batches: one.batches + two.batches,
        rows,
        log_loss: mean(one.log_loss, two.log_loss),
        accuracy: mean(one.accuracy, two.accuracy),
        auc_roc: one.auc_roc.zip(two.auc_roc).map(|(a, b)| mean(a, b)),
    }
}

/// Scores rows of a batch: probabilities rows by classes, and the class of each row.
pub(crate) fn score(
    table: &mut Table,
    task: Task,
    probabilities: ArrayView2<'_, f64>,
    classes: &[u32],
) {
    let margins = margins(task, probabilities);
    let labels: Vec<f32> = classes.iter().map(|class| *class as f32).collect();
    let at: Vec<u32> = (0..classes.len() as u32).collect();
    table.update(&margins, &labels, &at);
}

/// The point of a batch of so many rows, all of which are in the table.
pub(crate) fn point(table: &Table, rows_learned: u64, rows: u64) -> CurvePoint {
    let (log_loss, accuracy, auc) = match table.finish() {
        Metrics::Binary(found) => (found.log_loss, found.accuracy, found.auc_roc),
        Metrics::Multiclass(found) => (found.log_loss, found.accuracy, found.auc_roc),
        Metrics::Regression(_) => unreachable!("learners of batches learn classes"),
    };
    CurvePoint {
        rows_learned,
        batches: 1,
        rows,
        log_loss: log_loss.unwrap_or(0.0),
        accuracy: accuracy.unwrap_or(0.0),
        auc_roc: auc.map(|interval| interval.value),
    }
}

/// Margins that mean these probabilities, output-major.
pub(crate) fn margins(task: Task, probabilities: ArrayView2<'_, f64>) -> Vec<f32> {
    let logarithm = |p: f64| p.max(f64::MIN_POSITIVE).ln();
    if task == Task::Binary {
        let of_row = |row: usize| {
            let (no, yes) = (probabilities[[row, 0]], probabilities[[row, 1]]);
            (logarithm(yes) - logarithm(no)) as f32
        };
        return (0..probabilities.nrows()).map(of_row).collect();
    }
    let columns = probabilities.columns().into_iter();
    columns
        .flat_map(|column| {
            column
                .into_iter()
                .map(|p| logarithm(*p) as f32)
                .collect::<Vec<_>>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn point(rows_learned: u64, log_loss: f64) -> CurvePoint {
        CurvePoint {
            rows_learned,
            batches: 1,
            rows: 10,
            log_loss,
            accuracy: 0.5,
            auc_roc: Some(0.5),
        }
    }

    #[test]
    fn a_long_curve_keeps_its_mean_and_its_bound() {
        let mut curve = Curve::default();
        let count = 5 * POINTS_MAX as u64 + 3;
        for batch in 0..count {
            curve.push(point(batch * 10, batch as f64));
            assert!(curve.points().len() < POINTS_MAX);
        }
        let points = curve.points();
        assert_eq!(points.iter().map(|point| point.batches).sum::<u64>(), count);
        assert!(
            points
                .windows(2)
                .all(|pair| { pair[0].rows_learned + pair[0].rows == pair[1].rows_learned })
        );
        let mean = (count - 1) as f64 / 2.0;
        assert!((curve.mean_log_loss().unwrap() - mean).abs() < 1e-6 * mean);
    }

    #[test]
    fn margins_mean_the_probabilities() {
        let found = margins(Task::Binary, array![[0.5, 0.5], [0.1, 0.9]].view());
        assert_eq!(found[0], 0.0);
        assert!((f64::from(found[1]) - 9f64.ln()).abs() < 1e-6);
        let found = margins(Task::Multiclass, array![[0.2, 0.3, 0.5]].view());
        assert!((f64::from(found[2] - found[0]) - 2.5f64.ln()).abs() < 1e-6);
        let found = margins(Task::Binary, array![[1.0, 0.0]].view());
        assert!(found[0] < -700.0);
    }
}
