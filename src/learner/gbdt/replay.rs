//! Margins from finished trees, for the rows that training keeps margins of.
//!
//! Needed when early stopping takes back trees that margins already hold, since f32 additions cannot
//! be undone, and when training goes on from a checkpoint.

use crate::{
    data::CodeLayout,
    learner::gbdt::{features::FeatureCodes, lists::Route, tree::compile},
    limits::BLOCK_ROWS,
    model::{Node, Tree},
};

/// A node over byte columns.
#[derive(Debug, Clone, Copy)]
enum CompiledNode {
    Leaf(f32),
    Split { route: Route, children: [u32; 2] },
}

/// A finished tree over byte columns.
#[derive(Debug, Clone)]
pub struct CompiledTree {
    nodes: Vec<CompiledNode>,
}

impl CompiledTree {
    /// Compiles a tree for a layout.
    pub fn new(tree: &Tree, features: &[FeatureCodes], layout: &CodeLayout) -> Self {
        let nodes = tree.nodes.iter().map(|node| match node {
            Node::Leaf(leaf) => CompiledNode::Leaf(leaf.value),
            Node::Split(split) => CompiledNode::Split {
                route: compile(
                    split.feature,
                    &split.rule,
                    split.missing_left,
                    0,
                    features,
                    layout,
                ),
                children: [split.left, split.right],
            },
        });
        Self {
            nodes: nodes.collect(),
        }
    }

    /// The byte columns that are read.
    pub fn byte_columns(&self) -> impl Iterator<Item = u32> {
        self.nodes.iter().filter_map(|node| match node {
            CompiledNode::Leaf(_) => None,
            CompiledNode::Split { route, .. } => Some(route.byte_column),
        })
    }

    /// The leaf value of a row of a block.
    pub fn value(&self, codes: &[u8], row: usize) -> f32 {
        let mut index = 0;
        loop {
            match &self.nodes[index] {
                CompiledNode::Leaf(value) => return *value,
                CompiledNode::Split { route, children } => {
                    let byte = codes[route.byte_column as usize * BLOCK_ROWS + row];
                    index = children[usize::from(!route.is_left(byte))] as usize;
                }
            }
        }
    }
}
