//! The learning curve, and early stopping.

use crate::{learner::gbdt::metric::RoundMetric, stats::metrics::Metric};

/// Mean losses after some rounds, and the metrics that were asked for.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct RoundLoss {
    /// Rounds in the ensemble; 0 is the base margin alone.
    pub rounds: u32,
    /// Mean loss of the training rows, weighted; `None` where no pass over them ended with this round.
    pub train: Option<f64>,
    /// Mean loss of the valid rows, weighted, class weights included; `None` without valid rows.
    pub valid: Option<f64>,
    /// Metrics, weighted, class weights left out.
    #[serde(default)]
    pub metrics: Vec<RoundMetric>,
}

impl RoundLoss {
    /// The figure that early stopping makes as small as it can: the valid loss, or the watched metric of the
    /// valid rows, negated if more is better.
    fn watched(&self, metric: Option<Metric>) -> Option<f64> {
        let Some(metric) = metric else {
            return self.valid;
        };
        let found = self.metrics.iter().find(|found| found.metric == metric);
        let valid = found?.valid?;
        Some(if metric.larger_is_better() {
            -valid
        } else {
            valid
        })
    }
}

/// Losses after each round, from the base margin on.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Curve {
    points: Vec<RoundLoss>,
}

impl Curve {
    /// Adds the next point.
    pub(crate) fn push(&mut self, point: RoundLoss) {
        assert_eq!(point.rounds as usize, self.points.len());
        self.points.push(point);
    }

    /// The points, by rounds.
    pub(crate) fn points(&self) -> &[RoundLoss] {
        &self.points
    }

    /// The rounds with the best valid loss or metric, the first of equals, at least 1; `None` without
    /// valid rows. `metric` is `None` for the loss.
    pub(crate) fn best_rounds(&self, metric: Option<Metric>) -> Option<u32> {
        let mut best: Option<(f64, u32)> = None;
        for point in self.points.iter().skip(1) {
            let Some(valid) = point.watched(metric) else {
                continue;
            };
            if best.is_none_or(|(least, _)| valid < least) {
                best = Some((valid, point.rounds));
            }
        }
        best.map(|(_, rounds)| rounds)
    }

    /// True if the valid loss or metric has not improved for `patience` rounds.
    pub(crate) fn is_stalled(&self, metric: Option<Metric>, patience: u32) -> bool {
        let rounds = self.points.len().saturating_sub(1) as u32;
        self.best_rounds(metric)
            .is_some_and(|best| rounds >= best + patience)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(valid: &[f64]) -> Curve {
        let mut curve = Curve::default();
        for (rounds, &valid) in valid.iter().enumerate() {
            curve.push(RoundLoss {
                rounds: rounds as u32,
                train: Some(0.0),
                valid: (!valid.is_nan()).then_some(valid),
                metrics: vec![RoundMetric {
                    metric: Metric::Auc,
                    train: None,
                    valid: (!valid.is_nan()).then_some(1.0 - valid / 2.0),
                }],
            });
        }
        curve
    }

    #[test]
    fn the_first_of_the_smallest_is_best() {
        assert_eq!(curve(&[0.1, 0.9, 0.5, 0.5, 0.6]).best_rounds(None), Some(2));
        assert_eq!(curve(&[0.1, 0.9]).best_rounds(None), Some(1));
        assert_eq!(curve(&[0.1]).best_rounds(None), None);
        assert_eq!(curve(&[f64::NAN, f64::NAN]).best_rounds(None), None);
    }

    #[test]
    fn the_watched_metric_has_its_own_direction() {
        let auc = Some(Metric::Auc);
        assert_eq!(curve(&[0.1, 0.9, 0.5, 0.5, 0.6]).best_rounds(auc), Some(2));
        assert_eq!(curve(&[0.1, 0.2, f64::NAN, 0.1]).best_rounds(auc), Some(3));
        assert_eq!(curve(&[0.1, 0.2]).best_rounds(Some(Metric::Error)), None);
        assert!(curve(&[1.0, 0.9, 0.5, 0.6, 0.5]).is_stalled(auc, 2));
    }

    #[test]
    fn stalls_after_as_many_rounds_as_patience_has() {
        assert!(!curve(&[1.0, 0.9, 0.5, 0.6]).is_stalled(None, 2));
        assert!(curve(&[1.0, 0.9, 0.5, 0.6, 0.5]).is_stalled(None, 2));
        assert!(!curve(&[f64::NAN; 9]).is_stalled(None, 1));
    }
}
