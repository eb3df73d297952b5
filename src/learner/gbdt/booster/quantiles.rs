//! Where margins start, and leaves that are quantiles: the passes that find a quantile's digits.

use crate::learner::gbdt::{
    booster::Booster,
    loss::Reach,
    pass::PassKind,
    renew::{Quantiles, Tally, WeightUnits},
};

impl Booster {
    /// Looks for what margins start from.
    pub(super) fn find_base(&mut self) {
        let objective = &self.constants.objective;
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

    /// Sets what margins start from, and how far derivatives reach there; the rounds begin.
    fn set_base(&mut self, base: Vec<f32>) {
        let objective = &self.constants.objective;
        let reach = objective.bounds_at_base(&self.labels, &base);
        self.reach = Reach {
            weight_max: self.labels.weight_max,
            gradient_max: reach.gradient,
            hessian_max: reach.hessian,
            step_max: 0.0,
        };
        self.constants.base_margins = base;
        self.begin();
    }

    /// Quantiles of so many leaves, of which nothing is known yet.
    pub(super) fn quantiles_of(&self, alpha: f64, leaves: usize) -> Quantiles {
        let units = WeightUnits::new(self.labels.weight_max, self.labels.train_rows);
        Quantiles::new(alpha, leaves, units)
    }

    /// Learns a digit of the quantiles, and goes on when all are known.
    pub(super) fn narrow(&mut self, tally: &Tally) {
        let mut quantiles = self.quantiles.take().expect("quantiles are looked for");
        quantiles.narrow(tally);
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
        let shrinkage = self.options.learning_rate;
        let step = |value: f32| (f64::from(value) * shrinkage) as f32;
        let values = quantiles.values().into_iter().map(step).collect();
        let grown = self.grown.as_mut().expect("trees are grown");
        grown.trees_mut()[0].renew(values);
        self.end_round();
    }

    /// Rows are in the leaves of the grown trees.
    pub(super) fn settle_routes(&mut self, counts: &[Vec<u64>]) {
        let grown = self.grown.as_mut().expect("trees are grown");
        for (tree, counts) in grown.trees_mut().iter_mut().zip(counts) {
            tree.set_rows(counts);
            tree.clear_routes();
        }
    }
}
