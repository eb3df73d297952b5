//! Sampled rounds: the booster's steps before and after a sample pass.

use std::sync::{Mutex, PoisonError};

use crate::{
    error::Result,
    learner::gbdt::{
        boost::booster::Booster,
        pass::PassKind,
        replay::CompiledTree,
        sample::{
            Collector, Draw, Policy, SampleGrower, SampleRows, SampleSums, SampleWork, Sampler,
            capacity,
        },
    },
    model::{Node, Tree},
    platform::parallel::Parallel,
};

impl Booster {
    /// The first pass of a round, given whether there are no margins yet.
    pub(super) fn round_pass(&self, is_first: bool) -> PassKind {
        if self.sampler.is_some() {
            PassKind::Sample { is_first }
        } else {
            PassKind::Root { is_first }
        }
    }

    /// The work of a sample pass; `None` for a pass of another kind.
    pub(super) fn prepare_sample(&mut self, kind: PassKind) -> Option<SampleWork> {
        let draws = match kind {
            PassKind::Sample { .. } => true,
            PassKind::SampleScores => false,
            _ => return None,
        };
        let outputs = self.builder.outputs();
        let byte_columns = self.builder.layout.len();
        let rounds = self.rounds();
        let sampler = self.sampler.as_mut().expect("the booster samples");
        let compile = |tree| self.builder.compile(tree);
        let trees: Vec<CompiledTree> = sampler.pending.iter().map(compile).collect();
        let draw = draws.then(|| {
            let policy = Policy::new(self.builder.options.sampling, self.labels.train_rows)
                .expect("the booster samples");
            let capacity = capacity(policy.rows());
            let rows = sampler
                .rows
                .take()
                .unwrap_or_else(|| SampleRows::new(capacity, byte_columns, outputs));
            Draw {
                policy,
                byte_columns,
                collector: Mutex::new(Collector::new(rows, policy, sampler.forecast.prefilter())),
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
    pub(super) fn finish_sample(
        &mut self,
        work: SampleWork,
        found: &SampleSums,
        parallel: &dyn Parallel,
    ) -> Result<()> {
        self.take_pending(found);
        self.check_replayed()?;
        self.checkpoint_state.set_bounds(self.bounds);
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
        let thresholds = collector.finish(self.labels.train_rows);
        let mut rows = collector.into_rows();
        let mut sampler = self.sampler.take().expect("the booster samples");
        sampler.forecast = sampler.forecast.next(thresholds);
        self.next = Some(PassKind::Sample { is_first: false });
        // Where too few rows reached what the last sample's did, the pass is made again for all.
        if thresholds.is_some() {
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
        let outputs = self.builder.outputs();
        let train_rows = self.labels.train_rows;
        let sample_grower = sampler
            .sample_grower
            .get_or_insert_with(|| SampleGrower::new(outputs, rows.len));
        for _ in 0..self.builder.options.sample_keep.max(1) {
            let round = self.rounds() + (sampler.pending.len() / outputs) as u32;
            if round == self.builder.options.n_estimators {
                break;
            }
            let scale = sample_grower.derive(&self.builder.constants, rows, round, parallel)?;
            let mut grower = self.builder.grower(round, scale);
            sample_grower.grow(
                &mut grower,
                self.builder.growth_context(),
                rows,
                train_rows,
                parallel,
            )?;
            if let Some(alpha) = self.builder.constants.objective.renewal() {
                sample_grower.renew(&mut grower, rows, alpha, self.builder.options.learning_rate);
            }
            sample_grower.apply(&grower, rows);
            let rules = grower.rules();
            let trees = grower.trees().iter().map(|tree| tree.finish(rules));
            sampler.pending.extend(trees);
        }
        let grown = self.rounds() + (sampler.pending.len() / outputs) as u32;
        if grown == self.builder.options.n_estimators {
            self.next = Some(PassKind::SampleScores);
        }
        Ok(())
    }

    /// Adds the trees that the pass has applied to the ensemble, and their losses to the curve.
    fn take_pending(&mut self, found: &SampleSums) {
        // A pass that is made again finds a loss that is known.
        let known = self.curve().len() as u32 > self.rounds();
        let sampler = self.sampler.as_mut().expect("the booster samples");
        let mut trees = std::mem::take(&mut sampler.pending);
        let is_repeated = trees.is_empty() && known;
        for (tree, counts) in trees.iter_mut().zip(&found.counts) {
            set_counts(tree, counts);
        }
        self.builder.trees.extend(trees);
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
