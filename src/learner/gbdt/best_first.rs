//! Best-first growth, simulated on the gains that are known.
//!
//! Leaf-wise trees split the leaf of the largest gain, one after the other (Shi 2007, *Best-first
//! decision tree learning*): on disk that would be a pass a split. Here a pass evaluates the children
//! of a whole batch:
//!
//! ```text
//!  order   the first `leaves - 1` splits, children whose gain is not known yet left out
//!  batch   those of them that are leaves yet: all are split, one pass yields all their children
//!          until the batch is empty
//! ```
//!
//! A gain that becomes known can only put a split into the order and move later ones back, never
//! change which of two others comes first. So a node that is not in the order will never be: it is
//! cut off at once, and a tree never has more leaves than its budget. The tree is that of growing one
//! split at a time, ties included.

use std::{cmp::Ordering, collections::BinaryHeap};

use crate::learner::gbdt::tree::GrowingTree;

/// A node that waits to be split.
#[derive(Debug, PartialEq)]
struct QueuedNode {
    gain: f64,
    /// The number the node has when nodes are numbered as they are split.
    number: usize,
    node: u32,
}

impl Eq for QueuedNode {}

impl Ord for QueuedNode {
    /// The larger gain is greater, then the smaller number.
    fn cmp(&self, other: &Self) -> Ordering {
        let by_gain = self.gain.total_cmp(&other.gain);
        by_gain.then(other.number.cmp(&self.number))
    }
}

impl PartialOrd for QueuedNode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The nodes that best-first growth splits, in its order, at most `splits_max`; the children of a node
/// that is not split yet count as leaves. Cost O(nodes log nodes).
pub(crate) fn order(tree: &GrowingTree, splits_max: usize) -> Vec<u32> {
    let waiting = |node: u32, number: usize| {
        let gain = tree.best(node)?.gain;
        Some(QueuedNode { gain, number, node })
    };
    let mut heap: BinaryHeap<QueuedNode> = waiting(0, 0).into_iter().collect();
    let mut order = Vec::with_capacity(splits_max);
    while order.len() < splits_max
        && let Some(next) = heap.pop()
    {
        let numbers = 2 * order.len() + 1;
        let children = tree.children(next.node).into_iter().flatten();
        heap.extend(
            children
                .zip(numbers..)
                .filter_map(|(node, number)| waiting(node, number)),
        );
        order.push(next.node);
    }
    order
}

/// The leaves to split before more gains can be known.
#[derive(Debug)]
pub(crate) struct Batch {
    /// The leaves, in the order of their splits.
    pub nodes: Vec<u32>,
    /// True if the tree is grown once they are split.
    pub completes: bool,
}

/// The leaves of an order that are to be split now.
///
/// The last split that the budget allows has leaves for children whatever their gains are, so it waits
/// until no other is left that could push it out.
pub(crate) fn batch(tree: &GrowingTree, order: &[u32], splits_max: usize) -> Batch {
    let is_leaf = |&node: &u32| tree.children(node).is_none();
    let (all, but_last) = (order.len(), order.len().min(splits_max - 1));
    let mut nodes: Vec<u32> = order[..but_last].iter().copied().filter(is_leaf).collect();
    let completes = nodes.is_empty();
    if completes {
        nodes.extend(order[but_last..all].iter().copied().filter(is_leaf));
    }
    Batch { nodes, completes }
}
