//! The gain of a node split, and the value of a leaf.

use crate::learner::gbdt::{
    BoosterOptions, histogram::Sums, quantise::Scale, value_range::ValueRange,
};

/// A part of the noise in sums of scores; a gain below this share of them is no gain.
const GAIN_SHARE_MIN: f64 = 1e-12;

/// A node's rows: their sums, and how many they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NodeTotals {
    /// Sums over the node's training rows.
    pub sums: Sums,
    /// The number of these rows.
    pub rows: u64,
}

/// The rules of one tree: regularisation, the smallest children, and what a unit is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Regularisation {
    lambda_l1: f64,
    lambda_l2: f64,
    child_hessian_min: f64,
    child_rows_min: f64,
    gain_min: f64,
    value_max: f64,
    shrinkage: f64,
    gradient_unit: f64,
    hessian_unit: f64,
}

impl Regularisation {
    /// The options' rules for a tree whose integers have this scale.
    pub(crate) fn new(options: &BoosterOptions, scale: Scale) -> Self {
        Self {
            lambda_l1: options.reg_alpha,
            lambda_l2: options.reg_lambda,
            child_hessian_min: options.min_child_weight,
            child_rows_min: f64::from(options.min_child_samples),
            gain_min: options.min_split_gain,
            value_max: options.max_delta_step,
            shrinkage: options.learning_rate,
            gradient_unit: 1.0 / scale.gradient,
            hessian_unit: 1.0 / scale.hessian,
        }
    }

    /// The same with a larger L2 penalty.
    #[must_use]
    pub(crate) fn with_more_l2(mut self, more: f64) -> Self {
        self.lambda_l2 += more;
        self
    }

    /// The hessian that an integer sum stands for.
    pub(crate) fn hessian(&self, sums: Sums) -> f64 {
        sums.hessian as f64 * self.hessian_unit
    }

    /// A gradient sum over a hessian sum; orders categories.
    pub(crate) fn slope(&self, sums: Sums, smoothing: f64) -> f64 {
        sums.gradient as f64 * self.gradient_unit / (self.hessian(sums) + smoothing)
    }

    /// T(G)^2 / (H + lambda), T the soft threshold by the L1 penalty: twice the loss that a leaf
    /// of these rows removes (Chen & Guestrin 2016, equation 6).
    pub(crate) fn score(&self, sums: Sums) -> f64 {
        let [gradient, hessian] = self.in_units_of_loss(sums);
        let gradient = self.soft_threshold(gradient);
        let denominator = hessian + self.lambda_l2;
        if denominator > 0.0 {
            gradient * gradient / denominator
        } else {
            0.0
        }
    }

    /// The gain of splitting a node into two children, `None` if it is not enough.
    ///
    /// Equation 7 of Chen & Guestrin 2016 without its factor 1/2, as both XGBoost and LightGBM
    /// compute it, so that `gain_min` means the same.
    pub(crate) fn gain(&self, node_score: f64, left: Sums, right: Sums) -> Option<f64> {
        self.enough(self.score(left) + self.score(right), node_score)
    }

    fn enough(&self, children: f64, node_score: f64) -> Option<f64> {
        let gain = children - node_score;
        (gain > self.gain_min && gain > GAIN_SHARE_MIN * children).then_some(gain)
    }

    /// The range of the root's value.
    pub(crate) fn root_range(&self) -> ValueRange {
        ValueRange::within(self.value_max)
    }

    /// The best value of a leaf that may have any (equation 5).
    pub(crate) fn value(&self, sums: Sums) -> f64 {
        let [gradient, hessian] = self.in_units_of_loss(sums);
        self.step(gradient, hessian)
    }

    /// The same from sums that are no integers.
    pub(crate) fn step(&self, gradient: f64, hessian: f64) -> f64 {
        let denominator = hessian + self.lambda_l2;
        if denominator > 0.0 {
            -self.soft_threshold(gradient) / denominator
        } else {
            0.0
        }
    }

    /// The gradient and the hessian that integer sums stand for.
    pub(crate) fn in_units_of_loss(&self, sums: Sums) -> [f64; 2] {
        let gradient = sums.gradient as f64 * self.gradient_unit;
        [gradient, self.hessian(sums)]
    }

    /// [`Regularisation::score`] of a leaf whose value must stay in a range: twice the loss that the
    /// nearest allowed value removes.
    pub(crate) fn score_within(&self, sums: Sums, range: ValueRange) -> f64 {
        if range.is_free() {
            return self.score(sums);
        }
        let value = range.clamp(self.value(sums));
        let gradient = sums.gradient as f64 * self.gradient_unit;
        let penalties = (self.hessian(sums) + self.lambda_l2) * value * value
            + 2.0 * self.lambda_l1 * value.abs();
        -(2.0 * gradient * value + penalties)
    }

    /// [`Regularisation::gain`] where values must stay in a range and rise (1) or fall (-1) from left
    /// to right; 0 for any direction.
    pub(crate) fn gain_within(
        &self,
        node_score: f64,
        [left, right]: [Sums; 2],
        range: ValueRange,
        direction: i8,
    ) -> Option<f64> {
        let [value_left, value_right] = [left, right].map(|sums| range.clamp(self.value(sums)));
        if f64::from(direction) * (value_right - value_left) < 0.0 {
            return None;
        }
        let children = self.score_within(left, range) + self.score_within(right, range);
        self.enough(children, node_score)
    }

    /// The value of a leaf within its range, shrinkage applied.
    pub(crate) fn leaf_value(&self, sums: Sums, range: ValueRange) -> f32 {
        (self.shrinkage * range.clamp(self.value(sums))) as f32
    }

    /// The smallest integer hessian a child of this node may have.
    ///
    /// Rows of a child are estimated from its share of the node's hessian, as LightGBM does:
    /// histograms hold no counts. Exact for squared error with equal weights.
    pub(crate) fn child_hessian_units_min(&self, node: NodeTotals) -> i64 {
        let of_hessian = self.child_hessian_min / self.hessian_unit;
        // A child that rounds to `child_rows_min` rows is enough, as in LightGBM.
        let rows = (self.child_rows_min - 0.5).max(0.0);
        let of_rows = rows * node.sums.hessian as f64 / (node.rows as f64).max(1.0);
        (of_hessian.max(of_rows).ceil() as i64).max(1)
    }

    /// True if the totals of a node allow any split.
    pub(crate) fn can_split(&self, node: NodeTotals) -> bool {
        let child_min = self.child_hessian_units_min(node);
        node.rows >= 2 && child_min <= node.sums.hessian / 2
    }

    fn soft_threshold(&self, gradient: f64) -> f64 {
        let magnitude = (gradient.abs() - self.lambda_l1).max(0.0);
        if gradient < 0.0 {
            -magnitude
        } else {
            magnitude
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREE: ValueRange = ValueRange {
        lower: f64::NEG_INFINITY,
        upper: f64::INFINITY,
    };

    fn rules(options: &BoosterOptions) -> Regularisation {
        let scale = Scale {
            gradient: 4.0,
            hessian: 2.0,
        };
        Regularisation::new(options, scale)
    }

    fn sums(gradient: i64, hessian: i64) -> Sums {
        Sums { gradient, hessian }
    }

    #[test]
    fn scores_and_leaves_follow_the_formulas() {
        let mut options = BoosterOptions {
            reg_lambda: 1.0,
            learning_rate: 0.5,
            ..BoosterOptions::depth_wise()
        };
        // G = 3, H = 5.
        assert_eq!(rules(&options).score(sums(12, 10)), 9.0 / 6.0);
        assert_eq!(rules(&options).leaf_value(sums(12, 10), FREE), -0.25);
        options.reg_alpha = 2.0;
        assert_eq!(rules(&options).score(sums(-12, 10)), 1.0 / 6.0);
        assert_eq!(
            rules(&options).leaf_value(sums(-12, 10), FREE),
            (0.5 / 6.0) as f32
        );
        assert_eq!(rules(&options).score(sums(7, 10)), 0.0);
        options.reg_lambda = 0.0;
        assert_eq!(rules(&options).leaf_value(sums(12, 0), FREE), 0.0);
    }

    #[test]
    fn values_stay_in_their_range() {
        let options = BoosterOptions {
            reg_lambda: 1.0,
            reg_alpha: 0.5,
            learning_rate: 0.5,
            ..BoosterOptions::depth_wise()
        };
        let rules = rules(&options);
        let node = sums(-12, 10);
        let best = rules.value(node);
        assert_eq!(best, 2.5 / 6.0);
        // The bounded formula at the best value is the usual one, and every other value is worse.
        let at = |value: f64| {
            let range = ValueRange {
                lower: value,
                upper: value,
            };
            rules.score_within(node, range)
        };
        assert!((at(best) - rules.score(node)).abs() < 1e-12);
        for value in [best - 0.1, best + 0.1, 0.0, -0.3] {
            assert!(at(value) < rules.score(node), "{value}");
        }
        let narrow = ValueRange::within(0.25);
        assert_eq!(rules.leaf_value(node, narrow), 0.125);
        assert_eq!(rules.leaf_value(sums(12, 10), narrow), -0.125);
        assert!(ValueRange::within(0.0).is_free());
    }

    #[test]
    fn gains_against_the_direction_are_none() {
        let rules = rules(&BoosterOptions::depth_wise());
        let children = [sums(12, 10), sums(-12, 10)];
        let gain = |direction| rules.gain_within(0.0, children, FREE, direction);
        assert_eq!(gain(0), rules.gain(0.0, children[0], children[1]));
        assert_eq!((gain(1), gain(-1)), (gain(0), None));
        // The middle of the values parts what lies below.
        let range = ValueRange::within(1.0);
        let values = children.map(|sums| rules.value(sums));
        let [left, right] = range.of_children(1, values);
        assert_eq!((left.lower, left.upper), (-1.0, 0.0));
        assert_eq!((right.lower, right.upper), (0.0, 1.0));
        let [left, right] = range.of_children(-1, values);
        assert_eq!((left.lower, right.upper), (0.0, 0.0));
    }

    #[test]
    fn small_gains_are_none() {
        let mut options = BoosterOptions::depth_wise();
        let gain = |options: &BoosterOptions| {
            let rules = rules(options);
            rules.gain(rules.score(sums(0, 20)), sums(12, 10), sums(-12, 10))
        };
        assert_eq!(gain(&options), Some(3.0));
        options.min_split_gain = 3.0;
        assert_eq!(gain(&options), None);
        let rules = rules(&BoosterOptions::depth_wise());
        let same = rules.gain(rules.score(sums(0, 20)), sums(0, 10), sums(0, 10));
        assert_eq!(same, None);
    }

    #[test]
    fn the_smallest_child_is_by_hessian_or_by_estimated_rows() {
        let node = NodeTotals {
            sums: sums(0, 1_000),
            rows: 100,
        };
        let check = |child_hessian_min, child_rows_min, expected| {
            let options = BoosterOptions {
                min_child_weight: child_hessian_min,
                min_child_samples: child_rows_min,
                ..BoosterOptions::depth_wise()
            };
            assert_eq!(rules(&options).child_hessian_units_min(node), expected);
        };
        check(0.0, 0, 1);
        check(30.0, 0, 60);
        check(30.0, 20, 195);
        check(1e9, 20, 2_000_000_000);
    }
}
