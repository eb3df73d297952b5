//! One round's trees, grown a batch of nodes at a time.
//!
//! ```text
//!  targets: the nodes whose histograms the next pass yields
//!     absorb(histograms)   siblings by subtraction, best split of each node so far
//!     advance()            splits the nodes that the growth wants; their children are the targets
//! ```
//!
//! Depth-wise, a batch is a level. Leaf-wise, it is every node that best-first growth would split as
//! far as gains are known ([`best_first`]); a split that turns out not to be among the best is cut off
//! again.
//!
//! If parents' histograms are kept, a target is the smaller child of a node split and brings the
//! larger one with it. If they are not, every node is a target of its own, a tile of byte columns
//! at a time.

use std::collections::BTreeMap;

use crate::{
    error::Result,
    learner::gbdt::{
        Growth, best_first,
        features::FeatureDraw,
        gain::{NodeTotals, Regularisation},
        growth_context::GrowthContext,
        histogram::{NodeHistogram, Sums, subtract},
        partition::NO_SLOT,
        plan::BoosterPlan,
        search::{ResolvedNode, SplitSearch},
        split::Candidate,
        tree::GrowingTree,
    },
    limits::CODES_MAX,
    platform::parallel::Parallel,
};

/// A node whose histogram the next pass yields, and the sibling that follows from it.
#[derive(Debug)]
struct Target {
    output: usize,
    node: u32,
    /// True if the node itself may be split; if not, only its sibling may.
    wanted: bool,
    sibling: Option<Sibling>,
}

/// The other child of a node split whose smaller child is a target.
#[derive(Debug)]
struct Sibling {
    node: u32,
    wanted: bool,
    /// The histogram of the parent; the sibling's after the target's is subtracted.
    histogram: NodeHistogram,
}

/// A node that may be split, with the best split found so far.
#[derive(Debug)]
struct OpenNode {
    output: usize,
    node: u32,
    best: Option<Candidate>,
    /// Its histogram, where it is kept for its children.
    histogram: NodeHistogram,
}

/// The trees of one round, one an output.
#[derive(Debug)]
pub(crate) struct Grower {
    trees: Vec<GrowingTree>,
    rules: Regularisation,
    draw: FeatureDraw,
    /// The byte columns that hold a used feature, ascending.
    byte_columns: Vec<u32>,
    targets: Vec<Target>,
    open: Vec<OpenNode>,
    /// The start of the next tile in `byte_columns`.
    tile_start: usize,
}

impl Grower {
    /// Trees that are one root each.
    pub(crate) fn new(
        context: GrowthContext<'_>,
        outputs: usize,
        draw: FeatureDraw,
        rules: Regularisation,
    ) -> Self {
        let is_used = |&byte_column: &u32| {
            let members = &context.layout.byte_columns[byte_column as usize];
            members
                .iter()
                .any(|member| draw.used()[member.feature as usize])
        };
        let byte_columns = (0..context.layout.len() as u32).filter(is_used).collect();
        let root = |output| Target {
            output,
            node: 0,
            sibling: None,
            wanted: true,
        };
        Self {
            trees: (0..outputs)
                .map(|_| GrowingTree::new(rules.root_range()))
                .collect(),
            rules,
            draw,
            byte_columns,
            targets: (0..outputs).map(root).collect(),
            open: Vec::new(),
            tile_start: 0,
        }
    }

    /// The trees, one an output.
    pub(crate) fn trees(&self) -> &[GrowingTree] {
        &self.trees
    }

    /// The trees, to be given the counts of a pass.
    pub(crate) fn trees_mut(&mut self) -> &mut [GrowingTree] {
        &mut self.trees
    }

    /// The rules of this round.
    pub(crate) fn rules(&self) -> &Regularisation {
        &self.rules
    }

    /// Nodes whose histograms the next pass yields.
    pub(crate) fn slots(&self) -> usize {
        self.targets.len()
    }

    /// True if the next pass is a level's first, in which rows move to the children.
    pub(crate) fn at_first_tile(&self) -> bool {
        self.tile_start == 0
    }

    /// The byte columns of the next pass.
    pub(crate) fn tile(&self, plan: &BoosterPlan) -> &[u32] {
        let rest = &self.byte_columns[self.tile_start..];
        if plan.parents_kept {
            return rest;
        }
        &rest[..plan.tile_columns(self.slots()).min(rest.len())]
    }

    /// The targets of an output: its first slot, and for each leaf its slot counted from there.
    pub(crate) fn slots_of(&self, output: usize) -> (usize, usize, Vec<u16>) {
        let first_slot = self
            .targets
            .partition_point(|target| target.output < output);
        let tree = &self.trees[output];
        let mut slot_of = vec![NO_SLOT; tree.leaves()];
        let targets = self.targets.iter().filter(|target| target.output == output);
        let mut slots = 0;
        for target in targets {
            slot_of[usize::from(tree.leaf(target.node))] = slots;
            slots += 1;
        }
        (first_slot, usize::from(slots), slot_of)
    }

    /// Takes the histograms of a pass, one a slot, over [`Grower::tile`]; returns whether the level
    /// is complete. `train_rows` are the root's.
    ///
    /// Cost O(nodes * columns * 256) for each member of a pack, nodes at once.
    ///
    /// # Errors
    /// As [`Parallel::for_each`].
    pub(crate) fn absorb(
        &mut self,
        context: GrowthContext<'_>,
        histograms: Vec<NodeHistogram>,
        train_rows: u64,
        parallel: &dyn Parallel,
    ) -> Result<bool> {
        assert_eq!(histograms.len(), self.targets.len());
        let tile = self.tile(context.plan).to_vec();
        let is_first = self.at_first_tile();
        if is_first {
            self.set_root_totals(&histograms, train_rows);
            self.open.clear();
        }
        let nodes = self.resolve(histograms);
        let search = SplitSearch {
            context,
            trees: &self.trees,
            draw: &self.draw,
            rules: &self.rules,
            tile: &tile,
        };
        let candidates = search.run(&nodes, parallel)?;
        for (index, (resolved, candidate)) in nodes.into_iter().zip(candidates).enumerate() {
            let ResolvedNode {
                output,
                node,
                histogram,
            } = resolved;
            if is_first {
                self.open.push(OpenNode {
                    output,
                    node,
                    best: None,
                    histogram: NodeHistogram::new(),
                });
            }
            let open = &mut self.open[index];
            assert_eq!((open.output, open.node), (output, node));
            if let Some(candidate) = candidate
                && candidate.is_better(open.best.as_ref())
            {
                open.best = Some(candidate);
            }
            if context.plan.parents_kept {
                open.histogram = histogram;
            }
        }
        self.tile_start += tile.len();
        Ok(self.tile_start == self.byte_columns.len())
    }

    /// The roots' sums are those of any column.
    fn set_root_totals(&mut self, histograms: &[NodeHistogram], train_rows: u64) {
        for (target, histogram) in self.targets.iter().zip(histograms) {
            if target.node == 0 {
                let bins = histogram[..CODES_MAX].iter().copied();
                let sums = bins.fold(Sums::default(), |sums, bin| sums + bin);
                self.trees[target.output].set_root(NodeTotals {
                    sums,
                    rows: train_rows,
                });
            }
        }
    }

    /// The histograms of all nodes that may be split, siblings by subtraction, in the order of
    /// outputs and nodes: it decides how children are numbered, so it must not depend on the plan.
    fn resolve(&mut self, histograms: Vec<NodeHistogram>) -> Vec<ResolvedNode> {
        let mut resolved = Vec::with_capacity(2 * histograms.len());
        for (target, histogram) in self.targets.iter_mut().zip(histograms) {
            let output = target.output;
            if let Some(mut sibling) = target.sibling.take()
                && sibling.wanted
            {
                subtract(&mut sibling.histogram, &histogram);
                resolved.push(ResolvedNode {
                    output,
                    node: sibling.node,
                    histogram: sibling.histogram,
                });
            }
            if target.wanted {
                resolved.push(ResolvedNode {
                    output,
                    node: target.node,
                    histogram,
                });
            }
        }
        resolved.sort_by_key(|resolved| (resolved.output, resolved.node));
        resolved
    }

    /// Splits nodes, and makes the children that may be split further the next targets. Answers
    /// whether there are any; if not, the trees are grown.
    pub(crate) fn advance(&mut self, context: GrowthContext<'_>) -> bool {
        let opens = std::mem::take(&mut self.open);
        self.targets.clear();
        self.tile_start = 0;
        match context.options.grow_policy {
            Growth::DepthWise => self.split_level(context, opens),
            Growth::LeafWise => self.split_best(context, opens),
        }
        !self.targets.is_empty()
    }

    /// Splits the best nodes of the level within the leaf budget.
    fn split_level(&mut self, context: GrowthContext<'_>, mut opens: Vec<OpenNode>) {
        self.keep_within_leaf_budget(&mut opens, context.options.num_leaves as usize);
        let mut pairs = Vec::with_capacity(opens.len());
        for open in opens.into_iter().filter(|open| open.best.is_some()) {
            let tree = &mut self.trees[open.output];
            tree.set_best(open.node, open.best);
            let children = tree.split(open.node, &context.split_context(&self.rules));
            pairs.push((open.output, children, open.histogram));
        }
        for (output, children, histogram) in pairs {
            if self.trees[output].leaves() < context.options.num_leaves as usize {
                self.target_children(context, output, children, histogram);
            }
        }
    }

    /// Splits all nodes that best-first growth is to split as far as gains are known, and cuts off
    /// what it is not.
    fn split_best(&mut self, context: GrowthContext<'_>, opens: Vec<OpenNode>) {
        let mut histograms: Vec<BTreeMap<u32, NodeHistogram>> = Vec::new();
        histograms.resize_with(self.trees.len(), BTreeMap::new);
        for open in opens {
            self.trees[open.output].set_best(open.node, open.best);
            histograms[open.output].insert(open.node, open.histogram);
        }
        for (output, histograms) in histograms.into_iter().enumerate() {
            // A tree that no histogram came for is grown.
            if !histograms.is_empty() {
                self.split_best_of(context, output, histograms);
            }
        }
    }

    /// The same for one tree, given the histograms of the nodes whose best split is new.
    fn split_best_of(
        &mut self,
        context: GrowthContext<'_>,
        output: usize,
        mut histograms: BTreeMap<u32, NodeHistogram>,
    ) {
        let splits_max = context.options.num_leaves as usize - 1;
        let targets_before = self.targets.len();
        loop {
            let tree = &mut self.trees[output];
            let order = best_first::order(tree, splits_max);
            let batch = best_first::batch(tree, &order, splits_max);
            let numbers = tree.keep(&order);
            let batch_histograms = batch.nodes.iter().map(|node| histograms.remove(node));
            let batch_histograms: Vec<Option<NodeHistogram>> = batch_histograms.collect();
            for (&node, histogram) in batch.nodes.iter().zip(batch_histograms) {
                let node = numbers[node as usize];
                let split_context = context.split_context(&self.rules);
                let children = self.trees[output].split(node, &split_context);
                if !batch.completes {
                    let histogram = histogram.unwrap_or_default();
                    self.target_children(context, output, children, histogram);
                }
            }
            // What was split may have children that are leaves for certain; then no pass is needed
            // to go on.
            if batch.completes || self.targets.len() > targets_before {
                return;
            }
        }
    }

    /// Takes the split from the nodes that are not worth a leaf: when a tree's budget does not reach
    /// for the whole level, larger gains go first, then earlier nodes.
    fn keep_within_leaf_budget(&self, opens: &mut [OpenNode], leaves_max: usize) {
        for (output, tree) in self.trees.iter().enumerate() {
            let mut order: Vec<(f64, usize)> = opens
                .iter()
                .enumerate()
                .filter(|(_, open)| open.output == output)
                .filter_map(|(index, open)| Some((open.best?.gain, index)))
                .collect();
            order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            let left_over = leaves_max.saturating_sub(tree.leaves());
            for &(_, index) in order.iter().skip(left_over) {
                opens[index].best = None;
            }
        }
    }

    /// Makes the children of a node split targets, as far as they may be split.
    fn target_children(
        &mut self,
        context: GrowthContext<'_>,
        output: usize,
        children: [u32; 2],
        histogram: NodeHistogram,
    ) {
        let tree = &self.trees[output];
        let may_split = |node: u32| {
            tree.depth(node) < context.options.max_depth && self.rules.can_split(tree.totals(node))
        };
        let wanted = children.map(may_split);
        if wanted == [false, false] {
            return;
        }
        if !context.plan.parents_kept {
            for (node, _) in children
                .into_iter()
                .zip(wanted)
                .filter(|&(_, wanted)| wanted)
            {
                self.targets.push(Target {
                    output,
                    node,
                    wanted: true,
                    sibling: None,
                });
            }
            return;
        }
        let hessians = children.map(|node| tree.totals(node).sums.hessian);
        let smaller = usize::from(hessians[1] < hessians[0]);
        self.targets.push(Target {
            output,
            node: children[smaller],
            wanted: wanted[smaller],
            sibling: Some(Sibling {
                node: children[1 - smaller],
                wanted: wanted[1 - smaller],
                histogram,
            }),
        });
    }
}

#[cfg(test)]
mod tests;
