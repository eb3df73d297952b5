//! The rounds of a booster: from the roots of trees to their place in the ensemble and on the curve.

use crate::{
    error::Result,
    learner::gbdt::{
        boost::booster::Booster, curve::RoundLoss, histogram::NodeHistogram, metric::EvalSums,
        pass::PassKind, quantise::Scale,
    },
    platform::parallel::Parallel,
    stats::ExactSum,
};

impl Booster {
    /// Starts the trees of a round; the next root pass computes its gradients, or the next sample gives
    /// its rows.
    pub(super) fn begin_round(&mut self, round: u32) {
        self.next = Some(self.round_pass(self.grown.is_none()));
        if self.sampler.is_none() {
            self.scale = Scale::new(self.builder.constants.objective.bounds(&self.bounds));
            self.grower = Some(self.builder.grower(round, self.scale));
        }
    }

    /// Takes a pass's histograms; splits nodes when their level is complete, and ends the round when
    /// there is nothing more to split.
    pub(super) fn grow(
        &mut self,
        histograms: Vec<NodeHistogram>,
        parallel: &dyn Parallel,
    ) -> Result<()> {
        let mut grower = self.grower.take().expect("trees grow");
        let train_rows = self.labels.train_rows;
        let is_complete = grower.absorb(
            self.builder.growth_context(),
            histograms,
            train_rows,
            parallel,
        )?;
        if !is_complete || grower.advance(self.builder.growth_context()) {
            self.next = Some(if is_complete {
                PassKind::Level
            } else {
                PassKind::Tile
            });
            self.grower = Some(grower);
            return Ok(());
        }
        let leaves = grower.trees()[0].leaves();
        self.grown = Some(grower);
        match self.builder.constants.objective.renewal() {
            Some(alpha) => {
                self.quantiles = Some(self.quantiles_of(alpha, leaves));
                self.next = Some(PassKind::Renew { is_first: true });
            }
            None => self.end_round(),
        }
        Ok(())
    }

    /// The grown trees have their values; they are applied in the next round's first pass.
    pub(super) fn end_round(&mut self) {
        let grown = self.grown.as_ref().expect("trees are grown");
        let values = grown
            .trees()
            .iter()
            .map(|tree| tree.leaf_values(grown.rules()));
        let steps = values.flatten().map(|value| f64::from(value.abs()));
        self.bounds.step_max = steps.fold(0.0, f64::max);
        let round = self.rounds() + 1;
        if round < self.builder.options.n_estimators {
            self.begin_round(round);
        } else {
            self.next = Some(PassKind::Scores);
        }
    }

    /// Adds the trees that the pass has applied to the ensemble.
    pub(super) fn finish_trees(&mut self, counts: &[Vec<u64>]) {
        let mut grown = self.grown.take().expect("trees were applied");
        for (tree, counts) in grown.trees_mut().iter_mut().zip(counts) {
            tree.set_rows(counts);
        }
        let rules = grown.rules();
        let trees = grown.trees().iter().map(|tree| tree.finish(rules));
        self.builder.trees.extend(trees);
    }

    /// Adds a point to the learning curve; `train` is whether training rows were summed up.
    pub(super) fn add_losses(
        &mut self,
        losses: &[ExactSum; 2],
        train: bool,
        eval: Option<&EvalSums>,
    ) {
        let metrics = eval.map(|sums| sums.finish(&self.builder.constants.eval));
        let mean = |sum: &ExactSum, weight: f64| sum.rounded_by_bin() / weight;
        let valid_weight = self.labels.valid_weight();
        self.curve.push(RoundLoss {
            rounds: self.curve.points().len() as u32,
            train: train.then(|| mean(&losses[0], self.labels.train_weight())),
            valid: (valid_weight > 0.0).then(|| mean(&losses[1], valid_weight)),
            metrics: metrics.unwrap_or_default(),
        });
    }

    pub(super) fn stops_early(&self) -> bool {
        let patience = self.builder.options.early_stopping_rounds;
        patience.is_some_and(|patience| {
            self.curve
                .is_stalled(self.builder.options.early_stopping_metric, patience)
        })
    }

    /// Ends training; takes back the trees past the best round if early stopping is on.
    pub(super) fn end(&mut self) {
        self.grower = None;
        self.next = None;
        let outputs = self.builder.outputs();
        let stopping = self.builder.options.early_stopping_rounds.is_some();
        if let Some(best) = self
            .curve
            .best_rounds(self.builder.options.early_stopping_metric)
            && stopping
            && best < self.rounds()
        {
            let cut_off = self.builder.trees.split_off(best as usize * outputs);
            self.checkpoint_state.cut_off(cut_off);
            self.next = Some(PassKind::Replay);
        }
    }
}
