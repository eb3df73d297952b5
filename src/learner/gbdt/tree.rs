//! The tree that grows.

use crate::{
    data::CodeLayout,
    learner::gbdt::{
        features::FeatureCodes,
        gain::{NodeTotals, Regularisation},
        histogram::Sums,
        lists::Route,
        split::Candidate,
    },
    limits::CODES_MAX,
    model::{Leaf, Node, NodeSplit, Rule, Tree},
};

/// A node of a tree that grows.
#[derive(Debug, Clone)]
struct GrowingNode {
    totals: NodeTotals,
    depth: u32,
    /// The number rows of this node carry while it is a leaf.
    leaf: u16,
    split: Option<(Candidate, [u32; 2])>,
}

/// One tree while it grows, and where its rows go next.
#[derive(Debug)]
pub struct GrowingTree {
    nodes: Vec<GrowingNode>,
    /// The node that each leaf number stands for.
    leaves: Vec<u32>,
    /// How the rows of each leaf go on in the next pass; empty when nothing was split since.
    routes: Vec<Route>,
    /// The value of each leaf where it is not a Newton step, shrinkage applied.
    renewed: Option<Vec<f32>>,
}

impl Default for GrowingTree {
    fn default() -> Self {
        let root = GrowingNode {
            totals: NodeTotals {
                sums: Sums::default(),
                rows: 0,
            },
            depth: 0,
            leaf: 0,
            split: None,
        };
        Self {
            nodes: vec![root],
            leaves: vec![0],
            routes: Vec::new(),
            renewed: None,
        }
    }
}

impl GrowingTree {
    /// How many leaves.
    pub fn leaves(&self) -> usize {
        self.leaves.len()
    }

    /// Routes for the next pass, one a leaf; empty if every row stays.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// Forgets the routes, once rows have followed them.
    pub fn clear_routes(&mut self) {
        self.routes.clear();
    }

    /// A node's totals.
    pub fn totals(&self, node: u32) -> NodeTotals {
        self.nodes[node as usize].totals
    }

    /// A node's leaf number.
    pub fn leaf(&self, node: u32) -> u16 {
        self.nodes[node as usize].leaf
    }

    /// Edges from the root.
    pub fn depth(&self, node: u32) -> u32 {
        self.nodes[node as usize].depth
    }

    /// Sets the root's totals, once its histogram is there.
    pub fn set_root(&mut self, totals: NodeTotals) {
        self.nodes[0].totals = totals;
    }

    /// Sets how many rows each leaf has, as counted when rows were routed.
    pub fn set_rows(&mut self, counts: &[u64]) {
        assert_eq!(counts.len(), self.leaves.len());
        for (&node, &rows) in self.leaves.iter().zip(counts) {
            self.nodes[node as usize].totals.rows = rows;
        }
    }

    /// Splits a leaf and answers its children, left and right. How many rows they have is an estimate
    /// from their hessians until a pass has counted them.
    pub fn split(
        &mut self,
        node: u32,
        candidate: Candidate,
        features: &[FeatureCodes],
        layout: &CodeLayout,
    ) -> [u32; 2] {
        let parent = &self.nodes[node as usize];
        let (leaf, depth) = (parent.leaf, parent.depth + 1);
        let NodeTotals { sums, rows } = parent.totals;
        let rows_per_unit = rows as f64 / sums.hessian as f64;
        let right_leaf = self.leaves.len() as u16;
        let children = [self.nodes.len() as u32, self.nodes.len() as u32 + 1];
        let sides = [(leaf, candidate.left), (right_leaf, sums - candidate.left)];
        for (leaf, sums) in sides {
            let rows = (sums.hessian as f64 * rows_per_unit).round() as u64;
            self.nodes.push(GrowingNode {
                totals: NodeTotals { sums, rows },
                depth,
                leaf,
                split: None,
            });
        }
        self.nodes[node as usize].split = Some((candidate, children));
        self.leaves[usize::from(leaf)] = children[0];
        self.leaves.push(children[1]);
        while self.routes.len() < self.leaves.len() {
            self.routes.push(Route::stay(self.routes.len() as u16));
        }
        self.routes[usize::from(leaf)] = compile(
            candidate.feature,
            &candidate.rule,
            candidate.missing_left,
            right_leaf,
            features,
            layout,
        );
        children
    }

    /// Gives every leaf a value, shrinkage applied, in place of its Newton step.
    pub fn renew(&mut self, values: Vec<f32>) {
        assert_eq!(values.len(), self.leaves.len());
        self.renewed = Some(values);
    }

    /// The value of each leaf, shrinkage applied.
    pub fn leaf_values(&self, rules: &Regularisation) -> Vec<f32> {
        let value = |&node: &u32| self.leaf_value(node as usize, rules);
        self.leaves.iter().map(value).collect()
    }

    fn leaf_value(&self, node: usize, rules: &Regularisation) -> f32 {
        let node = &self.nodes[node];
        match &self.renewed {
            Some(values) => values[usize::from(node.leaf)],
            None => rules.leaf_value(node.totals.sums),
        }
    }

    /// The finished tree.
    pub fn finish(&self, rules: &Regularisation) -> Tree {
        let nodes = self.nodes.iter().enumerate().map(|(index, node)| {
            let cover = rules.hessian(node.totals.sums);
            let count = node.totals.rows;
            match &node.split {
                None => Node::Leaf(Leaf {
                    value: self.leaf_value(index, rules),
                    cover,
                    count,
                }),
                Some((candidate, [left, right])) => Node::Split(NodeSplit {
                    feature: candidate.feature,
                    rule: candidate.rule,
                    missing_left: candidate.missing_left,
                    left: *left,
                    right: *right,
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
pub(super) fn compile(
    feature: u32,
    rule: &Rule,
    missing_left: bool,
    right: u16,
    features: &[FeatureCodes],
    layout: &CodeLayout,
) -> Route {
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
    Route {
        byte_column: byte_column as u32,
        right,
        left,
    }
}
