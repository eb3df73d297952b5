//! What a booster needs to go on where another one was, and going on.
//!
//! ```text
//!   straight:  ... root(r-1) level level  root(r): applies trees r-1, gradients of r  level ...
//!                                            |
//!                                            `-> checkpoint: trees 0..r, curve, reach before root(r)
//!   resumed:   labels                     root(r): replays trees 0..r, gradients of r  level ...
//! ```
//!
//! A boundary is the end of a pass that applied all grown trees. What follows a boundary is a function
//! of the trees, the data, the options and the reach from which the next round's scale was taken;
//! margins are the same additions in the same order, so they are replayed and not stored. A
//! resumed booster's next losses must be the checkpoint's to the last bit: the proof that data and
//! trees belong together.

use std::borrow::Cow;

use crate::{
    Error, Result,
    learner::gbdt::{
        Booster,
        curve::{Curve, RoundLoss},
        loss::Reach,
        pass::PassKind,
    },
    model::{Node, Tree},
};

/// All that a booster carries from one round to the next.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct BoosterCheckpoint<'a> {
    /// Trees a round.
    pub outputs: usize,
    /// The trees of all finished rounds, also those that early stopping would take back.
    pub trees: Cow<'a, [Tree]>,
    /// Losses after each round, from the base margin on.
    pub curve: Cow<'a, [RoundLoss]>,
    /// How far derivatives reach in the round that comes next.
    pub reach: Reach,
}

impl BoosterCheckpoint<'_> {
    /// Rounds in the checkpoint.
    pub fn rounds(&self) -> u32 {
        (self.trees.len() / self.outputs.max(1)) as u32
    }
}

/// The booster's last boundary, and the one it goes on from.
#[derive(Debug, Default)]
pub(super) struct Boundary {
    /// The reach at the last boundary.
    reach: Option<Reach>,
    /// Trees that early stopping took back.
    cut_off: Vec<Tree>,
    /// What is restored once the labels are known.
    resumed: Option<Reach>,
    /// The losses that the replayed margins must have.
    expected: Option<RoundLoss>,
}

impl Boundary {
    /// Remembers the reach that the next round's scale was taken from.
    pub(super) fn reached(&mut self, reach: Reach) {
        self.reach = Some(reach);
    }

    /// Keeps trees that the ensemble loses.
    pub(super) fn cut_off(&mut self, trees: Vec<Tree>) {
        self.cut_off = trees;
    }
}

impl Booster {
    /// What is needed to go on from the last boundary; `None` before the first.
    ///
    /// A booster that goes on from it ends in the same trees as this one. Where a sample serves
    /// several rounds, a boundary lies where the next sample is drawn.
    pub fn checkpoint(&self) -> Option<BoosterCheckpoint<'_>> {
        let reach = self.boundary.reach?;
        let outputs = self.constants.objective.outputs();
        let all = self.trees.len() + self.boundary.cut_off.len();
        let rounds = (all / outputs).min(self.curve.points().len() - 1);
        let rounds = rounds - rounds % self.rounds_of_sample();
        let trees = if rounds * outputs <= self.trees.len() {
            Cow::Borrowed(&self.trees[..rounds * outputs])
        } else {
            let mut trees = [&self.trees[..], &self.boundary.cut_off].concat();
            trees.truncate(rounds * outputs);
            Cow::Owned(trees)
        };
        Some(BoosterCheckpoint {
            outputs,
            trees,
            curve: Cow::Borrowed(&self.curve.points()[..=rounds]),
            reach,
        })
    }

    /// Rounds whose trees grow from the same rows.
    fn rounds_of_sample(&self) -> usize {
        match self.sampler {
            Some(_) => self.options.sample_keep.max(1) as usize,
            None => 1,
        }
    }

    /// A booster of no trees goes on from a checkpoint instead.
    ///
    /// # Errors
    /// A sentence about what in the checkpoint cannot be: it is damaged, or of other data.
    ///
    /// # Panics
    /// If a pass was asked for already.
    pub fn resume(mut self, checkpoint: BoosterCheckpoint<'_>) -> Result<Self, String> {
        assert!(self.next == Some(PassKind::Labels) && self.work.is_none());
        let outputs = self.constants.objective.outputs();
        if checkpoint.outputs != outputs {
            return Err(format!(
                "it has {} trees a round and {outputs} are grown",
                checkpoint.outputs
            ));
        }
        let rounds = checkpoint.rounds();
        if checkpoint.trees.len() != rounds as usize * outputs
            || checkpoint.curve.len() != rounds as usize + 1
        {
            return Err("its trees and its learning curve have not the same rounds".to_owned());
        }
        if rounds > self.options.n_estimators {
            return Err(format!(
                "it has {rounds} rounds and {} are asked for; ask for at least as many",
                self.options.n_estimators
            ));
        }
        let mut usable = vec![false; self.features.len()];
        for member in self.layout.byte_columns.iter().flatten() {
            usable[member.feature as usize] = true;
        }
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
        self.trees = checkpoint.trees.into_owned();
        self.boundary = Boundary {
            reach: Some(checkpoint.reach),
            resumed: Some(checkpoint.reach),
            ..Boundary::default()
        };
        Ok(self)
    }

    /// Begins the first round, or the one after the checkpoint's; with nothing left to grow, margins
    /// are replayed.
    pub(super) fn begin(&mut self) {
        let Some(reach) = self.boundary.resumed.take() else {
            self.begin_round(0);
            return;
        };
        self.reach = reach;
        if self.rounds() == self.options.n_estimators {
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
        self.boundary.expected = Some(last.clone());
        self.begin_round(self.rounds());
    }

    /// Replayed margins must have the checkpoint's losses.
    ///
    /// # Errors
    /// [`Error::Dataset`] if they have not.
    pub(super) fn check_replayed(&mut self) -> Result<()> {
        let Some(expected) = self.boundary.expected.take() else {
            return Ok(());
        };
        let found = self.curve.points().last();
        // Early stopping may have ended at a round whose training loss nobody has summed up.
        let train = |point: &RoundLoss| expected.train.and(point.train).map(f64::to_bits);
        let bits = |point: &RoundLoss| (train(point), point.valid.map(f64::to_bits));
        if found.map(bits) == Some(bits(&expected)) {
            return Ok(());
        }
        Err(Error::Dataset(format!(
            "the trees of the checkpoint have another loss on these data ({found:?} and not \
             {expected:?}), so they were grown from other data; start anew with --overwrite"
        )))
    }
}

/// Refuses a tree that cannot be walked: children come after their parent, each once.
pub(super) fn check_tree(tree: &Tree, usable: &[bool]) -> Result<(), String> {
    let mut parents = vec![0u8; tree.nodes.len()];
    let Some(root) = parents.first_mut() else {
        return Err("one of its trees has no node".to_owned());
    };
    *root = 1;
    for (index, node) in tree.nodes.iter().enumerate() {
        let Node::Split(split) = node else {
            continue;
        };
        if usable.get(split.feature as usize) != Some(&true) {
            return Err(format!(
                "a tree splits feature {}, which is not learned from",
                split.feature
            ));
        }
        for child in [split.left as usize, split.right as usize] {
            match parents.get_mut(child) {
                Some(parents @ 0) if child > index => *parents = 1,
                _ => return Err("a node of a tree has no parent or two".to_owned()),
            }
        }
    }
    if parents.contains(&0) {
        return Err("a node of a tree has no parent".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
