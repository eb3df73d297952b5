//! Checkpoints: the state from which another booster grows the same trees.
//!
//! ```text
//!   straight:  ... root(r-1) level level  root(r): applies trees r-1, gradients of r  level ...
//!                                            |
//!                                            `-> checkpoint: trees 0..r, curve, bounds before root(r)
//!   resumed:   labels                     root(r): replays trees 0..r, gradients of r  level ...
//! ```
//!
//! A boundary is the end of a pass that applied all grown trees. What follows a boundary is a function
//! of the trees, the data, the options and the bounds from which the next round's scale was taken;
//! margins are the same additions in the same order, so they are replayed and not stored. A
//! resumed booster's next losses must be the checkpoint's to the last bit: the proof that data and
//! trees belong together.

use std::borrow::Cow;

use crate::{
    learner::gbdt::{curve::RoundLoss, loss::DerivativeBounds},
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
    /// Bounds of the derivatives in the next round.
    pub bounds: DerivativeBounds,
}

impl BoosterCheckpoint<'_> {
    /// Rounds in the checkpoint.
    pub fn rounds(&self) -> u32 {
        (self.trees.len() / self.outputs.max(1)) as u32
    }
}

/// The last boundary of a booster, and the one it was resumed from.
#[derive(Debug, Default)]
pub(crate) struct CheckpointState {
    /// The bounds at the last boundary.
    pub(crate) bounds: Option<DerivativeBounds>,
    /// Trees that early stopping took back.
    pub(crate) cut_off: Vec<Tree>,
    /// The bounds to restore once the labels are known.
    pub(crate) resumed: Option<DerivativeBounds>,
    /// The losses that the replayed margins must have.
    pub(crate) expected: Option<RoundLoss>,
}

impl CheckpointState {
    /// Remembers the bounds that the next round's scale was taken from.
    pub(crate) fn set_bounds(&mut self, bounds: DerivativeBounds) {
        self.bounds = Some(bounds);
    }

    /// Keeps trees that the ensemble loses.
    pub(crate) fn cut_off(&mut self, trees: Vec<Tree>) {
        self.cut_off = trees;
    }
}

/// Refuses a tree that cannot be walked: children come after their parent, each once.
pub(crate) fn check_tree(tree: &Tree, usable: &[bool]) -> Result<(), String> {
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
                "a tree splits on feature {}, which this run does not use",
                split.feature
            ));
        }
        for child in [split.left as usize, split.right as usize] {
            match parents.get_mut(child) {
                Some(parents @ 0) if child > index => *parents = 1,
                _ => return Err("a node of a tree has no parent, or has two".to_owned()),
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
