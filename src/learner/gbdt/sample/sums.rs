//! The sums of a sample pass beside the sample itself.

use crate::{
    learner::gbdt::{constants::Constants, metric::EvalSums, sample::work::SampleWork},
    stats::ExactSum,
};

/// The sums of a sample pass: losses, metrics and row counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct SampleSums {
    /// Loss times weight of train and valid, after each round that was applied; after none, one. Those
    /// of train are summed up after the last round, and where there are metrics.
    pub(crate) losses: Vec<[ExactSum; 2]>,
    /// Metrics after each of them.
    pub(crate) eval: Vec<Option<EvalSums>>,
    /// Training rows in each node of the trees, where it is a leaf.
    pub(crate) counts: Vec<Vec<u64>>,
}

impl SampleSums {
    pub(crate) fn new(work: &SampleWork, constants: &Constants) -> Self {
        let outputs = constants.objective.outputs();
        let points = (work.trees.len() / outputs).max(1);
        Self {
            losses: (0..points).map(|_| Default::default()).collect(),
            eval: (0..points).map(|_| constants.eval.sums()).collect(),
            counts: work
                .trees
                .iter()
                .map(|tree| vec![0; tree.nodes()])
                .collect(),
        }
    }

    /// Adds another worker's. Exact in any order.
    pub(crate) fn merge(&mut self, other: Self) {
        if self.losses.is_empty() {
            *self = other;
            return;
        }
        let losses = self.losses.iter_mut().flatten();
        for (total, loss) in losses.zip(other.losses.iter().flatten()) {
            total.merge(loss);
        }
        let eval = self.eval.iter_mut().flatten();
        for (total, eval) in eval.zip(other.eval.iter().flatten()) {
            total.merge(eval);
        }
        let counts = self.counts.iter_mut().flatten();
        for (total, count) in counts.zip(other.counts.iter().flatten()) {
            *total += count;
        }
    }
}
