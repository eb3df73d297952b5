//! Sampled rounds: what the booster does before and after a sample pass.

use std::sync::{Mutex, PoisonError};

use crate::{
    Result,
    learner::gbdt::{
        Booster, Parallel,
        pass::PassKind,
        replay::CompiledTree,
        sample::{
            Carry, SampleFound, SampleWork,
            collect::Draw,
            growth::Nursery,
            selection::Policy,
            store::{Collector, SampleRows, capacity},
        },
    },
    model::{Node, Tree},
};

/// What a booster that samples holds between passes.
#[derive(Debug, Default)]
pub(in crate::learner::gbdt) struct Sampler {
    carry: Carry,
    /// Trees that grew since the last pass, round by round.
    pending: Vec<Tree>,
    /// The memory of the sample, lent to the collector of a pass.
    rows: Option<SampleRows>,
    /// The memory in which its trees grow.
    nursery: Option<Nursery>,
}

impl Sampler {
    /// Bytes held, by capacity.
    pub(in crate::learner::gbdt) fn heap_bytes(&self) -> usize {
        let trees: usize = self.pending.iter().map(Tree::heap_bytes).sum();
        let rows = self.rows.as_ref().map_or(0, SampleRows::heap_bytes);
        trees + rows + self.nursery.as_ref().map_or(0, Nursery::heap_bytes)
    }
}

impl Booster {
    /// The first pass of a round, given whether there are no margins yet.
    pub(in crate::learner::gbdt) fn round_pass(&self, is_first: bool) -> PassKind {
        if self.sampler.is_some() {
            PassKind::Sample { is_first }
        } else {
            PassKind::Root { is_first }
        }
    }

    /// What the workers of a sample pass need; `None` for a pass of another kind.
    pub(in crate::learner::gbdt) fn prepare_sample(
        &mut self,
        kind: PassKind,
    ) -> Option<SampleWork> {
        let draws = match kind {
            PassKind::Sample { .. } => true,
            PassKind::SampleScores => false,
            _ => return None,
        };
        let outputs = self.constants.objective.outputs();
        let byte_columns = self.layout.len();
        let rounds = self.rounds();
        let sampler = self.sampler.as_mut().expect("the booster samples");
        let compile = |tree| CompiledTree::new(tree, &self.features, &self.layout);
        let trees: Vec<CompiledTree> = sampler.pending.iter().map(compile).collect();
        let draw = draws.then(|| {
            let policy = Policy::new(self.options.sampling, self.labels.train_rows)
                .expect("the booster samples");
            let capacity = capacity(policy.rows());
            let rows = sampler
                .rows
                .take()
                .unwrap_or_else(|| SampleRows::new(capacity, byte_columns, outputs));
            Draw {
                policy,
                byte_columns,
                collector: Mutex::new(Collector::new(rows, policy, sampler.carry.prefilter())),
            }
        });
        Some(SampleWork {
            round: rounds + (trees.len() / outputs) as u32,
            trees,
            draw,
        })
    }

    /// Takes what a sample pass found and grows the next trees.
    ///
    /// # Errors
    /// As [`Parallel::for_each`].
    pub(in crate::learner::gbdt) fn finish_sample(
        &mut self,
        work: SampleWork,
        found: &SampleFound,
        parallel: &dyn Parallel,
    ) -> Result<()> {
        self.take_pending(found);
        self.check_replayed()?;
        self.boundary.reached(self.reach);
        let Some(draw) = work.draw else {
            self.end();
            return Ok(());
        };
        if self.stops_early() {
            self.end();
            return Ok(());
        }
        let collector = draw.collector.into_inner();
        let mut collector = collector.unwrap_or_else(PoisonError::into_inner);
        let settled = collector.settle(self.labels.train_rows);
        let mut rows = collector.into_rows();
        let mut sampler = self.sampler.take().expect("the booster samples");
        sampler.carry = sampler.carry.next(settled);
        self.next = Some(PassKind::Sample { is_first: false });
        // Where too few rows reached what the last sample's did, the pass is made again for all.
        if settled.is_some() {
            self.grow_from_sample(&mut sampler, &mut rows, parallel)?;
        }
        sampler.rows = Some(rows);
        self.sampler = Some(sampler);
        Ok(())
    }

    /// Grows the trees that this sample is for.
    fn grow_from_sample(
        &mut self,
        sampler: &mut Sampler,
        rows: &mut SampleRows,
        parallel: &dyn Parallel,
    ) -> Result<()> {
        let outputs = self.constants.objective.outputs();
        let train_rows = self.labels.train_rows;
        let nursery = sampler
            .nursery
            .get_or_insert_with(|| Nursery::new(outputs, rows.len));
        for _ in 0..self.options.sample_keep.max(1) {
            let round = self.rounds() + (sampler.pending.len() / outputs) as u32;
            if round == self.options.n_estimators {
                break;
            }
            let scale = nursery.derive(&self.constants, rows, round, parallel)?;
            let mut grower = self.plant(round, scale);
            nursery.grow(&mut grower, self.ground(), rows, train_rows, parallel)?;
            if let Some(alpha) = self.constants.objective.renewal() {
                nursery.renew(&mut grower, rows, alpha, self.options.learning_rate);
            }
            nursery.apply(&grower, rows);
            let rules = grower.rules();
            let trees = grower.trees().iter().map(|tree| tree.finish(rules));
            sampler.pending.extend(trees);
        }
        let grown = self.rounds() + (sampler.pending.len() / outputs) as u32;
        if grown == self.options.n_estimators {
            self.next = Some(PassKind::SampleScores);
        }
        Ok(())
    }

    /// Adds the trees that the pass has applied to the ensemble, and their losses to the curve.
    fn take_pending(&mut self, found: &SampleFound) {
        // A pass that is made again finds a loss that is known.
        let known = self.curve().len() as u32 > self.rounds();
        let sampler = self.sampler.as_mut().expect("the booster samples");
        let mut trees = std::mem::take(&mut sampler.pending);
        let is_repeated = trees.is_empty() && known;
        for (tree, counts) in trees.iter_mut().zip(&found.counts) {
            set_counts(tree, counts);
        }
        self.extend(trees);
        let last = found.losses.len().saturating_sub(1);
        let points = found.losses.iter().zip(&found.eval).enumerate();
        for (point, (losses, eval)) in points.filter(|_| !is_repeated) {
            self.add_losses(losses, point == last || eval.is_some(), eval.as_ref());
            // What came after would not have been grown one by one either; it is taken back.
            if self.stops_early() {
                break;
            }
        }
    }
}

/// Sets how many training rows each node has, given those of the leaves.
fn set_counts(tree: &mut Tree, counts: &[u64]) {
    let mut counts = counts.to_vec();
    // Children come after their parent.
    for (index, node) in tree.nodes.iter_mut().enumerate().rev() {
        match node {
            Node::Leaf(leaf) => leaf.count = counts[index],
            Node::Split(split) => {
                counts[index] = counts[split.left as usize] + counts[split.right as usize];
                split.count = counts[index];
            }
        }
    }
}
