//! Base margins, and leaves that are quantiles: the passes that find a quantile's digits.

use crate::learner::gbdt::{
    boost::booster::Booster,
    loss::DerivativeBounds,
    pass::PassKind,
    renew::{QuantileHistogram, Quantiles, WeightUnits},
};

impl Booster {
    /// Computes the base margins, or asks for the passes that find them.
    pub(super) fn find_base(&mut self) {
        let objective = &self.builder.constants.objective;
        match objective.renewal() {
            Some(alpha) => {
                self.quantiles = Some(self.quantiles_of(alpha, 1));
                self.next = Some(PassKind::Base);
            }
            None => {
                let base = objective.base_margins(&self.labels);
                self.set_base(base);
            }
        }
    }

    /// Sets the base margins and the bounds of derivatives there, and begins the rounds.
    fn set_base(&mut self, base: Vec<f32>) {
        let objective = &self.builder.constants.objective;
        let largest = objective.bounds_at_base(&self.labels, &base);
        self.bounds = DerivativeBounds {
            weight_max: self.labels.weight_max,
            gradient_max: largest.gradient,
            hessian_max: largest.hessian,
            step_max: 0.0,
        };
        self.builder.constants.base_margins = base;
        self.begin();
    }

    /// Quantiles of `leaves` leaves, of which no digit is known yet.
    pub(super) fn quantiles_of(&self, alpha: f64, leaves: usize) -> Quantiles {
        let units = WeightUnits::new(self.labels.weight_max, self.labels.train_rows);
        Quantiles::new(alpha, leaves, units)
    }

    /// Takes over a digit of the quantiles; when all are known, begins the next step of the round.
    pub(super) fn narrow(&mut self, histogram: &QuantileHistogram) {
        let mut quantiles = self.quantiles.take().expect("quantiles are looked for");
        quantiles.narrow(histogram);
        let of_leaves = self.grown.is_some();
        if !quantiles.is_done() {
            self.quantiles = Some(quantiles);
            self.next = Some(if of_leaves {
                PassKind::Renew { is_first: false }
            } else {
                PassKind::Base
            });
            return;
        }
        if !of_leaves {
            self.set_base(quantiles.values());
            return;
        }
        let shrinkage = self.builder.options.learning_rate;
        let step = |value: f32| (f64::from(value) * shrinkage) as f32;
        let values = quantiles.values().into_iter().map(step).collect();
        let grown = self.grown.as_mut().expect("trees are grown");
        grown.trees_mut()[0].renew(values);
        self.end_round();
    }

    /// Rows are in the leaves of the grown trees.
    pub(super) fn set_leaf_rows(&mut self, counts: &[Vec<u64>]) {
        let grown = self.grown.as_mut().expect("trees are grown");
        for (tree, counts) in grown.trees_mut().iter_mut().zip(counts) {
            tree.set_rows(counts);
            tree.clear_partition_rules();
        }
    }
}
