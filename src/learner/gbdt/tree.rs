//! A tree during its growth.

use crate::{
    data::CodeLayout,
    group::hash::{Purpose, row_hash},
    learner::gbdt::{
        features::FeatureCodes,
        gain::{NodeTotals, Regularisation},
        growth_context::SplitContext,
        histogram::Sums,
        partition::PartitionRule,
        split::Candidate,
        value_range::ValueRange,
    },
    limits::CODES_MAX,
    model::{Leaf, Node, NodeSplit, Rule, Tree},
};

/// Stands for no node.
pub(crate) const NO_NODE: u32 = u32::MAX;

/// A node of a tree that grows.
#[derive(Debug, Clone)]
struct GrowingNode {
    totals: NodeTotals,
    depth: u32,
    /// The number rows of this node carry while it is a leaf.
    leaf: u16,
    /// The range of its leaves' values.
    range: ValueRange,
    /// A number distinct in the tree: a hash of the path from the root.
    key: u64,
    /// The features of the splits above it, ascending.
    path: Vec<u32>,
    /// The best split, once it is known; `None` if there is none.
    best: Option<Candidate>,
    /// The children, once the node is split by `best`.
    children: Option<[u32; 2]>,
}

impl GrowingNode {
    fn root(range: ValueRange) -> Self {
        Self {
            totals: NodeTotals {
                sums: Sums::default(),
                rows: 0,
            },
            depth: 0,
            leaf: 0,
            range,
            key: 1,
            path: Vec::new(),
            best: None,
            children: None,
        }
    }

    /// The children of a node, which differ in everything but their path.
    fn children(&self, best: &Candidate, right_leaf: u16, context: &SplitContext<'_>) -> [Self; 2] {
        let NodeTotals { sums, rows } = self.totals;
        let rows_per_unit = rows as f64 / sums.hessian as f64;
        let both = [best.left, sums - best.left];
        let direction = context.options.feature_constraints.direction(best.feature);
        let ranges = self
            .range
            .of_children(direction, both.map(|sums| context.rules.value(sums)));
        let mut path = self.path.clone();
        if let Err(place) = path.binary_search(&best.feature) {
            path.insert(place, best.feature);
        }
        let leaves = [self.leaf, right_leaf];
        std::array::from_fn(|side| Self {
            totals: NodeTotals {
                sums: both[side],
                rows: (both[side].hessian as f64 * rows_per_unit).round() as u64,
            },
            depth: self.depth + 1,
            leaf: leaves[side],
            range: ranges[side],
            key: row_hash(self.key, side as u64, self.depth, Purpose::TreeSample),
            path: path.clone(),
            best: None,
            children: None,
        })
    }
}

/// One tree while it grows, and where its rows go next.
#[derive(Debug)]
pub(crate) struct GrowingTree {
    nodes: Vec<GrowingNode>,
    /// The node that each leaf number stands for; [`NO_NODE`] for a number that is free.
    leaves: Vec<u32>,
    /// Leaf numbers that are free.
    free: Vec<u16>,
    /// Rules for the rows of each leaf in the next pass; empty if no leaf was split since the last.
    partition_rules: Vec<PartitionRule>,
    /// The value of each leaf where it is not a Newton step, shrinkage applied.
    renewed: Option<Vec<f32>>,
}

impl GrowingTree {
    /// A root whose leaves may have values in this range.
    pub(crate) fn new(range: ValueRange) -> Self {
        Self {
            nodes: vec![GrowingNode::root(range)],
            leaves: vec![0],
            free: Vec::new(),
            partition_rules: Vec::new(),
            renewed: None,
        }
    }

    /// Leaf numbers in use, free ones below the largest included: as many as leaves where nothing was
    /// cut off.
    pub(crate) fn leaves(&self) -> usize {
        self.leaves.len()
    }

    /// The number of nodes.
    pub(crate) fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// Rules for the rows of each leaf in the next pass; empty if every row stays.
    pub(crate) fn partition_rules(&self) -> &[PartitionRule] {
        &self.partition_rules
    }

    /// Forgets the rules, once rows have followed them.
    pub(crate) fn clear_partition_rules(&mut self) {
        self.partition_rules.clear();
    }

    /// A node's totals.
    pub(crate) fn totals(&self, node: u32) -> NodeTotals {
        self.nodes[node as usize].totals
    }

    /// A node's leaf number.
    pub(crate) fn leaf(&self, node: u32) -> u16 {
        self.nodes[node as usize].leaf
    }

    /// Edges from the root.
    pub(crate) fn depth(&self, node: u32) -> u32 {
        self.nodes[node as usize].depth
    }

    /// The range of the values of a node's leaves.
    pub(crate) fn range(&self, node: u32) -> ValueRange {
        self.nodes[node as usize].range
    }

    /// A number of the node, distinct in its tree and independent of the order of growing.
    pub(crate) fn key(&self, node: u32) -> u64 {
        self.nodes[node as usize].key
    }

    /// The features of the splits above a node, ascending.
    pub(crate) fn path(&self, node: u32) -> &[u32] {
        &self.nodes[node as usize].path
    }

    /// The best split of a node as far as it is known.
    pub(crate) fn best(&self, node: u32) -> Option<&Candidate> {
        self.nodes[node as usize].best.as_ref()
    }

    /// Sets the best split of a node, `None` if there is none.
    pub(crate) fn set_best(&mut self, node: u32, best: Option<Candidate>) {
        self.nodes[node as usize].best = best;
    }

    /// The children of a node that is split.
    pub(crate) fn children(&self, node: u32) -> Option<[u32; 2]> {
        self.nodes[node as usize].children
    }

    /// Sets the root's totals, once its histogram is complete.
    pub(crate) fn set_root(&mut self, totals: NodeTotals) {
        self.nodes[0].totals = totals;
    }

    /// Sets how many rows each leaf has, as counted when rows were routed.
    pub(crate) fn set_rows(&mut self, counts: &[u64]) {
        assert_eq!(counts.len(), self.leaves.len());
        for (&node, &rows) in self.leaves.iter().zip(counts) {
            if node != NO_NODE {
                self.nodes[node as usize].totals.rows = rows;
            }
        }
    }

    /// Splits a leaf by its best split and returns its children, left and right. How many rows they
    /// have is an estimate from their hessians until a pass has counted them.
    ///
    /// # Panics
    /// If no split of the node is known.
    pub(crate) fn split(&mut self, node: u32, context: &SplitContext<'_>) -> [u32; 2] {
        let right_leaf = self.take_leaf();
        let parent = &self.nodes[node as usize];
        let best = parent.best.expect("the best split of the node is known");
        let leaf = parent.leaf;
        let [left, right] = parent.children(&best, right_leaf, context);
        let children = [self.nodes.len() as u32, self.nodes.len() as u32 + 1];
        self.nodes.extend([left, right]);
        self.nodes[node as usize].children = Some(children);
        self.leaves[usize::from(leaf)] = children[0];
        self.leaves[usize::from(right_leaf)] = children[1];
        self.partition_rules[usize::from(leaf)] = partition_rule(
            best.feature,
            &best.rule,
            best.missing_left,
            right_leaf,
            context.features,
            context.layout,
        );
        children
    }

    /// A leaf number that no row has after routing.
    fn take_leaf(&mut self) -> u16 {
        let leaf = self.free.pop().unwrap_or_else(|| {
            self.leaves.push(NO_NODE);
            self.leaves.len() as u16 - 1
        });
        self.fill_partition_rules();
        leaf
    }

    /// Fills up the rules so that there is one for each leaf number.
    fn fill_partition_rules(&mut self) {
        while self.partition_rules.len() < self.leaves.len() {
            self.partition_rules
                .push(PartitionRule::stay(self.partition_rules.len() as u16));
        }
    }

    /// Cuts off every split that is not in `order`, and renumbers nodes: the root is 0, and pairs
    /// of children follow in `order`, which has parents before children and may have leaves.
    ///
    /// The rows below a node that is a leaf again go back to its leaf number. Returns each node's
    /// new number, [`NO_NODE`] if it is removed. Cost O(nodes).
    pub(crate) fn keep(&mut self, order: &[u32]) -> Vec<u32> {
        let mut numbers = vec![NO_NODE; self.nodes.len()];
        let mut stays_split = vec![false; self.nodes.len()];
        let mut kept = vec![0];
        numbers[0] = 0;
        for &node in order {
            stays_split[node as usize] = true;
            for child in self.children(node).into_iter().flatten() {
                numbers[child as usize] = kept.len() as u32;
                kept.push(child);
            }
        }
        for &node in kept.iter().filter(|&&node| !stays_split[node as usize]) {
            self.cut_off(node);
        }
        let renumbered = kept.iter().map(|&node| {
            let mut node = self.nodes[node as usize].clone();
            for child in node.children.iter_mut().flatten() {
                *child = numbers[*child as usize];
            }
            node
        });
        self.nodes = renumbered.collect();
        for node in self.leaves.iter_mut().filter(|node| **node != NO_NODE) {
            *node = numbers[*node as usize];
        }
        numbers
    }

    /// Makes a node a leaf again, to be split no more.
    fn cut_off(&mut self, node: u32) {
        let to = self.nodes[node as usize].leaf;
        self.nodes[node as usize].best = None;
        let below = self.nodes[node as usize].children.take();
        let mut below: Vec<u32> = below.into_iter().flatten().collect();
        while let Some(gone) = below.pop() {
            if let Some(children) = self.nodes[gone as usize].children {
                below.extend(children);
                continue;
            }
            let leaf = self.nodes[gone as usize].leaf;
            if leaf != to {
                self.fill_partition_rules();
                self.partition_rules[usize::from(leaf)] = PartitionRule::to(leaf, to);
                self.leaves[usize::from(leaf)] = NO_NODE;
                self.free.push(leaf);
            }
        }
        self.leaves[usize::from(to)] = node;
    }

    /// Gives every leaf number a value, shrinkage applied, in place of its Newton step.
    pub(crate) fn renew(&mut self, values: Vec<f32>) {
        assert_eq!(values.len(), self.leaves.len());
        self.renewed = Some(values);
    }

    /// The value of each leaf number, shrinkage applied; 0 for those that are free.
    pub(crate) fn leaf_values(&self, rules: &Regularisation) -> Vec<f32> {
        let value = |&node: &u32| match node {
            NO_NODE => 0.0,
            node => self.leaf_value(node as usize, rules),
        };
        self.leaves.iter().map(value).collect()
    }

    fn leaf_value(&self, node: usize, rules: &Regularisation) -> f32 {
        let node = &self.nodes[node];
        match &self.renewed {
            Some(values) => values[usize::from(node.leaf)],
            None => rules.leaf_value(node.totals.sums, node.range),
        }
    }

    /// The finished tree.
    pub(crate) fn finish(&self, rules: &Regularisation) -> Tree {
        let nodes = self.nodes.iter().enumerate().map(|(index, node)| {
            let cover = rules.hessian(node.totals.sums);
            let count = node.totals.rows;
            let split = node.children.zip(node.best.as_ref());
            match split {
                None => Node::Leaf(Leaf {
                    value: self.leaf_value(index, rules),
                    cover,
                    count,
                }),
                Some(([left, right], candidate)) => Node::Split(NodeSplit {
                    feature: candidate.feature,
                    rule: candidate.rule,
                    missing_left: candidate.missing_left,
                    left,
                    right,
                    gain: candidate.gain,
                    cover,
                    count,
                }),
            }
        });
        Tree {
            nodes: nodes.collect(),
        }
    }
}

/// A node split as a set over the bytes of its column: thresholds, subsets, missing directions and
/// packs are one mechanism.
pub(super) fn partition_rule(
    feature: u32,
    rule: &Rule,
    missing_left: bool,
    right: u16,
    features: &[FeatureCodes],
    layout: &CodeLayout,
) -> PartitionRule {
    let (byte_column, member) = layout
        .find(feature)
        .expect("only features that are laid out are split on");
    let codes = &features[feature as usize];
    let mut left = [0; CODES_MAX / 64];
    for byte in 0..=u8::MAX {
        let code = member.code(byte);
        let is_left = if codes.missing && u16::from(code) == codes.values {
            missing_left
        } else {
            rule.is_left(code)
        };
        left[usize::from(byte / 64)] |= u64::from(is_left) << (byte % 64);
    }
    PartitionRule {
        byte_column: byte_column as u32,
        right,
        left,
    }
}
