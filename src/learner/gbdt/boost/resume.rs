//! Checkpoints of a booster: taking one, and resuming from one.

use std::borrow::Cow;

use crate::{
    error::{Error, Result},
    learner::gbdt::{
        boost::booster::Booster,
        checkpoint::{BoosterCheckpoint, CheckpointState, check_tree},
        curve::{Curve, RoundLoss},
        pass::PassKind,
    },
};

impl Booster {
    /// A checkpoint of the last boundary; `None` before the first.
    ///
    /// A booster that resumes from it ends in the same trees as this one. Where a sample serves
    /// several rounds, a boundary is where the next sample is drawn.
    pub(crate) fn checkpoint(&self) -> Option<BoosterCheckpoint<'_>> {
        let bounds = self.checkpoint_state.bounds?;
        let outputs = self.builder.outputs();
        let all = self.builder.trees.len() + self.checkpoint_state.cut_off.len();
        let rounds = (all / outputs).min(self.curve.points().len() - 1);
        let rounds = rounds - rounds % self.rounds_of_sample();
        let trees = if rounds * outputs <= self.builder.trees.len() {
            Cow::Borrowed(&self.builder.trees[..rounds * outputs])
        } else {
            let mut trees = [&self.builder.trees[..], &self.checkpoint_state.cut_off].concat();
            trees.truncate(rounds * outputs);
            Cow::Owned(trees)
        };
        Some(BoosterCheckpoint {
            outputs,
            trees,
            curve: Cow::Borrowed(&self.curve.points()[..=rounds]),
            bounds,
        })
    }

    /// Rounds whose trees grow from the same rows.
    fn rounds_of_sample(&self) -> usize {
        match self.sampler {
            Some(_) => self.builder.options.sample_keep.max(1) as usize,
            None => 1,
        }
    }

    /// Resumes a booster of no trees from a checkpoint.
    ///
    /// # Errors
    /// A sentence about what in the checkpoint cannot be: it is damaged, or of other data.
    ///
    /// # Panics
    /// If a pass was asked for already.
    pub(crate) fn resume(mut self, checkpoint: BoosterCheckpoint<'_>) -> Result<Self, String> {
        assert!(self.next == Some(PassKind::Labels) && self.work.is_none());
        let outputs = self.builder.outputs();
        if checkpoint.outputs != outputs {
            return Err(format!(
                "it has {} trees per round, but this run grows {outputs}",
                checkpoint.outputs
            ));
        }
        let rounds = checkpoint.rounds();
        if checkpoint.trees.len() != rounds as usize * outputs
            || checkpoint.curve.len() != rounds as usize + 1
        {
            return Err(
                "its trees and its learning curve have different numbers of rounds".to_owned(),
            );
        }
        if rounds > self.builder.options.n_estimators {
            return Err(format!(
                "it has {rounds} rounds, but n_estimators is {}; use at least as many",
                self.builder.options.n_estimators
            ));
        }
        let usable = self.builder.laid_out();
        for tree in checkpoint.trees.iter() {
            check_tree(tree, &usable)?;
        }
        let mut curve = Curve::default();
        for (index, point) in checkpoint.curve.iter().enumerate() {
            if point.rounds as usize != index {
                return Err("its learning curve is not in the order of the rounds".to_owned());
            }
            curve.push(point.clone());
        }
        self.curve = curve;
        self.builder.trees = checkpoint.trees.into_owned();
        self.checkpoint_state = CheckpointState {
            bounds: Some(checkpoint.bounds),
            resumed: Some(checkpoint.bounds),
            ..CheckpointState::default()
        };
        Ok(self)
    }

    /// Begins the first round, or the one after the checkpoint's; with nothing left to grow, margins
    /// are replayed.
    pub(super) fn begin(&mut self) {
        let Some(bounds) = self.checkpoint_state.resumed.take() else {
            self.begin_round(0);
            return;
        };
        self.bounds = bounds;
        if self.rounds() == self.builder.options.n_estimators {
            self.end();
            self.next = Some(PassKind::Replay);
            return;
        }
        // The point comes again with the replayed margins.
        let points = self.curve.points().to_vec();
        let (last, before) = points.split_last().expect("a curve begins at the base");
        self.curve = Curve::default();
        before
            .iter()
            .for_each(|point| self.curve.push(point.clone()));
        self.checkpoint_state.expected = Some(last.clone());
        self.begin_round(self.rounds());
    }

    /// Replayed margins must have the checkpoint's losses.
    ///
    /// # Errors
    /// [`Error::Dataset`] if they have not.
    pub(super) fn check_replayed(&mut self) -> Result<()> {
        let Some(expected) = self.checkpoint_state.expected.take() else {
            return Ok(());
        };
        let found = self.curve.points().last();
        // Early stopping may have ended at a round whose training loss nobody has summed up.
        let train = |point: &RoundLoss| expected.train.and(point.train).map(f64::to_bits);
        let bits = |point: &RoundLoss| (train(point), point.valid.map(f64::to_bits));
        if found.map(bits) == Some(bits(&expected)) {
            return Ok(());
        }
        let text =
            |loss: Option<f64>| loss.map_or_else(|| "none".to_owned(), |loss| loss.to_string());
        let losses =
            |point: &RoundLoss| format!("train {}, valid {}", text(point.train), text(point.valid));
        Err(Error::Dataset(format!(
            "the loss of the checkpoint's trees on these data ({}) differs from the saved loss ({}), so \
             the trees belong to other data; start over with --overwrite",
            found.map_or_else(|| text(None), losses),
            losses(&expected)
        )))
    }
}
