//! Finished trees applied to the rows of a block, a node at a time.
//!
//! A node's rows are a list in row order: splitting it reads one byte column forwards, and the whole
//! list is in the first or second cache. Measured, a tree of 63 leaves costs about as much a row as
//! its depth times 1.2 ns; walking the tree row by row costs several times that.

use crate::{
    data::{CodeLayout, Split},
    learner::gbdt::{features::FeatureCodes, histogram::column, kernel::Column, tree::compile},
    limits::{BLOCK_ROWS, CODES_MAX},
    model::{Node, Tree},
};

/// A node over byte columns.
#[derive(Debug)]
enum BlockNode {
    Leaf(f32),
    Split {
        byte_column: u32,
        /// 1 for the bytes that go left.
        left: Box<[u8; CODES_MAX]>,
        children: [u32; 2],
    },
}

/// A finished tree, ready to be applied to blocks.
#[derive(Debug)]
pub(in crate::learner::gbdt) struct BlockTree {
    nodes: Vec<BlockNode>,
}

impl BlockTree {
    /// Compiles a tree for a layout.
    pub(super) fn new(tree: &Tree, features: &[FeatureCodes], layout: &CodeLayout) -> Self {
        let nodes = tree.nodes.iter().map(|node| match node {
            Node::Leaf(leaf) => BlockNode::Leaf(leaf.value),
            Node::Split(split) => {
                let (rule, missing_left) = (&split.rule, split.missing_left);
                let route = compile(split.feature, rule, missing_left, 0, features, layout);
                let left = std::array::from_fn(|byte| u8::from(route.is_left(byte as u8)));
                BlockNode::Split {
                    byte_column: route.byte_column,
                    left: Box::new(left),
                    children: [split.left, split.right],
                }
            }
        });
        Self {
            nodes: nodes.collect(),
        }
    }

    /// How many nodes.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The byte columns that are read.
    pub(super) fn byte_columns(&self) -> impl Iterator<Item = u32> {
        self.nodes.iter().filter_map(|node| match node {
            BlockNode::Leaf(_) => None,
            BlockNode::Split { byte_column, .. } => Some(*byte_column),
        })
    }
}

/// Row numbers in a block: a `u16` masks to an index without a check.
type RowList = [u16; BLOCK_ROWS];

/// The memory in which rows of a block find their leaves.
#[derive(Debug)]
pub(super) struct BlockLists {
    /// Train and valid rows of the block, ascending.
    all: Box<RowList>,
    len: usize,
    rows: Box<RowList>,
    right: Box<RowList>,
    /// Nodes to be split, with the places of their rows.
    stack: Vec<(u32, usize, usize)>,
}

impl Default for BlockLists {
    fn default() -> Self {
        let list = || -> Box<RowList> {
            let list = vec![0; BLOCK_ROWS].into_boxed_slice();
            list.try_into().expect("a block long")
        };
        Self {
            all: list(),
            len: 0,
            rows: list(),
            right: list(),
            stack: Vec::new(),
        }
    }
}

impl BlockLists {
    /// Bytes held.
    pub(super) const BYTES: usize = 3 * size_of::<RowList>();

    /// Lists the train and valid rows of a block.
    pub(super) fn begin(&mut self, split: &[u8]) {
        assert!(split.len() <= BLOCK_ROWS);
        let mut len = 0;
        for (row, &split) in split.iter().enumerate() {
            self.all[len & (BLOCK_ROWS - 1)] = row as u16;
            len += usize::from(split <= Split::Valid as u8);
        }
        self.len = len;
    }

    /// Adds a tree's values to the margins of the rows that were listed, and its training rows to
    /// the counts of its leaves. `codes` are all byte columns of the block.
    ///
    /// Cost O(rows * depth of their leaves).
    pub(super) fn apply(
        &mut self,
        tree: &BlockTree,
        codes: &[u8],
        split: &[u8],
        margin: &mut [f32],
        counts: &mut [u64],
    ) {
        assert_eq!(margin.len(), split.len());
        assert_eq!(counts.len(), tree.nodes.len());
        self.rows[..self.len].copy_from_slice(&self.all[..self.len]);
        self.stack.clear();
        self.stack.push((0, 0, self.len));
        while let Some((node, start, end)) = self.stack.pop() {
            match &tree.nodes[node as usize] {
                BlockNode::Leaf(value) => {
                    let mut trained = 0;
                    for &row in &self.rows[start..end] {
                        margin[usize::from(row)] += value;
                        trained += u32::from(split[usize::from(row)] == Split::Train as u8);
                    }
                    counts[node as usize] += u64::from(trained);
                }
                BlockNode::Split {
                    byte_column,
                    left,
                    children,
                } => {
                    let column = column(codes, *byte_column);
                    let middle =
                        partition(column, left, &mut self.rows, start, end, &mut self.right);
                    self.stack.push((children[1], middle, end));
                    self.stack.push((children[0], start, middle));
                }
            }
        }
    }
}

/// Puts the rows of `start..end` that go left before the others, each in their order, and answers
/// where the others begin. `right` is lent. No branch depends on a row.
fn partition(
    column: &Column,
    left: &[u8; CODES_MAX],
    rows: &mut RowList,
    start: usize,
    end: usize,
    right: &mut RowList,
) -> usize {
    const MASK: usize = BLOCK_ROWS - 1;
    let (mut left_end, mut rights) = (start, 0usize);
    for place in start..end {
        let row = rows[place & MASK];
        let is_left = usize::from(left[usize::from(column[usize::from(row)])]);
        rows[left_end & MASK] = row;
        right[rights & MASK] = row;
        left_end += is_left;
        rights += 1 - is_left;
    }
    rows[left_end..end].copy_from_slice(&right[..rights]);
    left_end
}
