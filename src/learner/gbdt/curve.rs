//! The learning curve, and when to stop.

/// Mean losses after some rounds.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct RoundLoss {
    /// Rounds in the ensemble; 0 is the base margin alone.
    pub rounds: u32,
    /// Mean loss of the training rows, weighted.
    pub train: f64,
    /// Mean loss of the valid rows, weighted, class weights included; `None` without valid rows.
    pub valid: Option<f64>,
}

/// Losses after each round, from the base margin on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Curve {
    points: Vec<RoundLoss>,
}

impl Curve {
    /// Adds the next point.
    pub fn push(&mut self, point: RoundLoss) {
        assert_eq!(point.rounds as usize, self.points.len());
        self.points.push(point);
    }

    /// The points, by rounds.
    pub fn points(&self) -> &[RoundLoss] {
        &self.points
    }

    /// The rounds with the smallest valid loss, the first of equals, at least 1; `None` without
    /// valid rows.
    pub fn best_rounds(&self) -> Option<u32> {
        let mut best: Option<(f64, u32)> = None;
        for point in self.points.iter().skip(1) {
            let valid = point.valid?;
            if best.is_none_or(|(loss, _)| valid < loss) {
                best = Some((valid, point.rounds));
            }
        }
        best.map(|(_, rounds)| rounds)
    }

    /// Whether the valid loss has not become smaller for `patience` rounds.
    pub fn is_stalled(&self, patience: u32) -> bool {
        let rounds = self.points.len().saturating_sub(1) as u32;
        self.best_rounds()
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
                train: 0.0,
                valid: (!valid.is_nan()).then_some(valid),
            });
        }
        curve
    }

    #[test]
    fn the_first_of_the_smallest_is_best() {
        assert_eq!(curve(&[0.1, 0.9, 0.5, 0.5, 0.6]).best_rounds(), Some(2));
        assert_eq!(curve(&[0.1, 0.9]).best_rounds(), Some(1));
        assert_eq!(curve(&[0.1]).best_rounds(), None);
        assert_eq!(curve(&[f64::NAN, f64::NAN]).best_rounds(), None);
    }

    #[test]
    fn stalls_after_as_many_rounds_as_patience_has() {
        assert!(!curve(&[1.0, 0.9, 0.5, 0.6]).is_stalled(2));
        assert!(curve(&[1.0, 0.9, 0.5, 0.6, 0.5]).is_stalled(2));
        assert!(!curve(&[f64::NAN; 9]).is_stalled(1));
    }
}
