//! Margins from finished trees, for the rows that training keeps margins of.
//!
//! A tree has two forms. Where vectors are fast and its leaves' numbers fit a byte, all its node
//! splits move the rows of a chunk one split after the other ([`move_right`]). Elsewhere rows walk
//! from the root, a few of them side by side, since each waits for its codes. Both find the same
//! leaf, and a margin takes one value a tree, in the order of the trees.
//!
//! Needed when early stopping removes trees that margins already include, since f32 additions cannot
//! be undone, and when training resumes from a checkpoint.

use crate::{
    data::{CodeBlock, CodeLayout, Split},
    learner::gbdt::{
        features::FeatureCodes,
        partition::PartitionRule,
        partition::vectors::{self, CHUNK_ROWS, LEAVES_MAX, RightBytes, move_right},
        tree::partition_rule,
    },
    limits::CODES_MAX,
    model::{Node, Tree},
};

/// Rows that walk side by side.
const WALKERS: usize = 8;

/// A node split as a move: rows of a leaf number move to another, or stay.
#[derive(Debug, Clone)]
struct Move {
    byte_column: u32,
    /// The number of the node and its left child, and the one of its right child.
    numbers: [u8; 2],
    right: RightBytes,
}

/// A node to walk over; a leaf is its own child on both sides.
#[derive(Debug, Clone)]
struct WalkNode {
    rule: PartitionRule,
    children: [u32; 2],
    value: f32,
}

/// A finished tree over byte columns.
#[derive(Debug, Clone)]
pub struct CompiledTree {
    nodes: Vec<WalkNode>,
    depth: u32,
    /// Node splits, parents before children; empty where leaves do not fit a byte.
    moves: Vec<Move>,
    /// The node of each leaf number, likewise.
    leaf_nodes: Vec<u32>,
    /// Leaf values by leaf number.
    values: Box<[f32; CODES_MAX]>,
}

impl CompiledTree {
    /// Compiles a tree for a layout.
    pub fn new(tree: &Tree, features: &[FeatureCodes], layout: &CodeLayout) -> Self {
        let nodes = tree
            .nodes
            .iter()
            .zip(0u32..)
            .map(|(node, index)| match node {
                Node::Leaf(leaf) => WalkNode {
                    rule: PartitionRule::stay(0),
                    children: [index; 2],
                    value: leaf.value,
                },
                Node::Split(split) => WalkNode {
                    rule: partition_rule(
                        split.feature,
                        &split.rule,
                        split.missing_left,
                        0,
                        features,
                        layout,
                    ),
                    children: [split.left, split.right],
                    value: 0.0,
                },
            });
        let mut compiled = Self {
            nodes: nodes.collect(),
            depth: 0,
            moves: Vec::new(),
            leaf_nodes: Vec::new(),
            values: Box::new([0.0; CODES_MAX]),
        };
        compiled.number_leaves(tree);
        compiled
    }

    /// Finds the depth and, if leaf numbers fit a byte, the moves.
    fn number_leaves(&mut self, tree: &Tree) {
        // A byte holds a leaf's number only while there are few leaves; larger trees are walked.
        let is_small = tree.leaves().count() <= LEAVES_MAX;
        let mut places = vec![(0u32, 0u8); tree.nodes.len()];
        let mut leaves = 1;
        if is_small {
            self.leaf_nodes = vec![0; tree.leaves().count()];
        }
        for (index, step) in self.nodes.iter().enumerate() {
            let (depth, number) = places[index];
            self.depth = self.depth.max(depth);
            let [left, right] = step.children.map(|child| child as usize);
            if left == index {
                if is_small {
                    self.values[usize::from(number)] = step.value;
                    self.leaf_nodes[usize::from(number)] = index as u32;
                }
                continue;
            }
            // Children come after their parent, so places are known when they are needed. The left
            // child inherits the number, so only rows that go right have to move.
            places[left] = (depth + 1, number);
            places[right] = (depth + 1, if is_small { leaves } else { 0 });
            if is_small {
                self.moves.push(Move {
                    byte_column: step.rule.byte_column,
                    numbers: [number, leaves],
                    right: RightBytes::new(&step.rule),
                });
                leaves += 1;
            }
        }
    }

    /// Bytes held, by capacity.
    pub(super) fn heap_bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<WalkNode>()
            + self.moves.capacity() * size_of::<Move>()
            + self.leaf_nodes.capacity() * 4
            + size_of_val(&*self.values)
    }

    /// The number of nodes.
    pub(super) fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// The byte columns that are read.
    pub fn byte_columns(&self) -> impl Iterator<Item = u32> {
        let is_split = |&(step, index): &(&WalkNode, u32)| step.children != [index; 2];
        let splits = self.nodes.iter().zip(0u32..).filter(is_split);
        splits.map(|(node, _)| node.rule.byte_column)
    }

    /// Adds the tree's values to the margins of a block's rows from `first` on.
    ///
    /// Cost a row, 64 leaves: about 4 ns with vectors, and elsewhere 3 ns an edge.
    ///
    /// # Panics
    /// If there are more margins than rows.
    pub fn add(&self, codes: &CodeBlock<'_>, first: usize, margins: &mut [f32]) {
        let is_fast = vectors::are_fast() && !self.moves.is_empty();
        for (chunk, margins) in margins.chunks_mut(CHUNK_ROWS).enumerate() {
            let first = first + chunk * CHUNK_ROWS;
            if is_fast {
                self.add_moving(codes, first, margins);
            } else {
                self.walk(codes, first, margins.len(), |row, place| {
                    margins[row] += self.value(place);
                });
            }
        }
    }

    /// Finds the node of each row's leaf, for a whole block.
    ///
    /// Cost as [`CompiledTree::add`]'s.
    pub(super) fn find(&self, codes: &CodeBlock<'_>, places: &mut [u32]) {
        let is_fast = vectors::are_fast() && !self.moves.is_empty();
        for (chunk, places) in places.chunks_mut(CHUNK_ROWS).enumerate() {
            let first = chunk * CHUNK_ROWS;
            if !is_fast {
                self.walk(codes, first, places.len(), |row, place| places[row] = place);
                continue;
            }
            let mut nodes = [0; CHUNK_ROWS];
            let nodes = &mut nodes[..places.len()];
            self.move_rows(codes, first, nodes);
            for (place, &mut node) in places.iter_mut().zip(nodes) {
                *place = self.leaf_nodes[usize::from(node)];
            }
        }
    }

    /// The value of a leaf's node.
    #[inline(always)]
    pub(super) fn value(&self, node: u32) -> f32 {
        self.nodes[node as usize].value
    }

    /// Takes over the leaf values of the tree it was compiled from, which may have changed since.
    ///
    /// Both forms keep the values, so both are updated.
    pub(super) fn take_values(&mut self, tree: &Tree) {
        for (step, node) in self.nodes.iter_mut().zip(&tree.nodes) {
            if let Node::Leaf(leaf) = node {
                step.value = leaf.value;
            }
        }
        for (value, &node) in self.values.iter_mut().zip(&self.leaf_nodes) {
            *value = self.nodes[node as usize].value;
        }
    }

    /// [`CompiledTree::add`] for a whole block, and a count of the training rows in each leaf, which
    /// has an entry a node of the tree.
    pub(super) fn add_and_count(
        &self,
        codes: &CodeBlock<'_>,
        split: &[u8],
        margins: &mut [f32],
        counts: &mut [u64],
    ) {
        assert_eq!(split.len(), margins.len());
        assert_eq!(counts.len(), self.nodes.len());
        let is_fast = vectors::are_fast() && !self.moves.is_empty();
        let chunks = margins.chunks_mut(CHUNK_ROWS).zip(split.chunks(CHUNK_ROWS));
        for (chunk, (margins, split)) in chunks.enumerate() {
            let first = chunk * CHUNK_ROWS;
            if !is_fast {
                self.walk(codes, first, margins.len(), |row, place| {
                    margins[row] += self.value(place);
                    counts[place as usize] += u64::from(split[row] == Split::Train as u8);
                });
                continue;
            }
            let mut nodes = [0; CHUNK_ROWS];
            let nodes = &mut nodes[..margins.len()];
            self.move_rows(codes, first, nodes);
            // Rows that are not trained on are counted apart, so that no branch depends on a row.
            let mut trained = [[0u32; 2]; CODES_MAX];
            for ((margin, &node), &split) in margins.iter_mut().zip(&*nodes).zip(split) {
                *margin += self.values[usize::from(node)];
                trained[usize::from(node)][usize::from(split != Split::Train as u8)] += 1;
            }
            for (&[trained, _], &node) in trained.iter().zip(&self.leaf_nodes) {
                counts[node as usize] += u64::from(trained);
            }
        }
    }

    /// Finds the leaf numbers of a chunk's rows, which are all 0 before.
    fn move_rows(&self, codes: &CodeBlock<'_>, first: usize, nodes: &mut [u8]) {
        for step in &self.moves {
            let column = codes.column(step.byte_column as usize);
            let bytes = &column[first..][..nodes.len()];
            move_right(&step.right, step.numbers, bytes, nodes);
        }
    }

    /// [`CompiledTree::add`] for a chunk, by moves.
    fn add_moving(&self, codes: &CodeBlock<'_>, first: usize, margins: &mut [f32]) {
        let mut nodes = [0; CHUNK_ROWS];
        let nodes = &mut nodes[..margins.len()];
        self.move_rows(codes, first, nodes);
        for (margin, &mut node) in margins.iter_mut().zip(nodes) {
            *margin += self.values[usize::from(node)];
        }
    }

    /// Walks a chunk of `rows` rows to their leaves; `visit` is given each row's place in the chunk and
    /// its leaf's node.
    fn walk(
        &self,
        codes: &CodeBlock<'_>,
        first: usize,
        rows: usize,
        mut visit: impl FnMut(usize, u32),
    ) {
        for group in (0..rows).step_by(WALKERS) {
            let first = first + group;
            let mut places = [0u32; WALKERS];
            let places = &mut places[..WALKERS.min(rows - group)];
            // As many steps as the deepest leaf needs: a row that has arrived stays, since a leaf is its
            // own child, and no branch asks which rows are done.
            for _ in 0..self.depth {
                for (row, place) in (first..).zip(&mut *places) {
                    let WalkNode { rule, children, .. } = &self.nodes[*place as usize];
                    let byte = codes.column(rule.byte_column as usize)[row];
                    *place = children[usize::from(!rule.is_left(byte))];
                }
            }
            for (row, &mut place) in (group..).zip(&mut *places) {
                visit(row, place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        limits::BLOCK_ROWS,
        model::{Leaf, NodeSplit, Rule},
    };

    /// A tree of so many leaves over two features, grown like a comb or like a bush.
    fn tree(leaves: u32, is_comb: bool) -> Tree {
        let leaf = |value: u32| {
            Node::Leaf(Leaf {
                value: value as f32 * 0.37 - 9.0,
                cover: 1.0,
                count: 1,
            })
        };
        let mut nodes = vec![leaf(0)];
        let mut open = std::collections::VecDeque::from([0]);
        for number in 1..leaves {
            let index = open.pop_front().expect("a leaf to split");
            let (left, right) = (nodes.len() as u32, nodes.len() as u32 + 1);
            nodes[index] = Node::Split(NodeSplit {
                feature: number % 2,
                rule: if number % 3 == 0 {
                    Rule::subset((0..=u8::MAX).filter(|code| (u32::from(*code) * number) % 5 < 2))
                } else {
                    Rule::AtMost((number * 89) as u8)
                },
                missing_left: number % 7 < 3,
                left,
                right,
                gain: 1.0,
                cover: 1.0,
                count: 1,
            });
            nodes.extend([leaf(2 * number), leaf(2 * number + 1)]);
            if is_comb {
                open.push_front(right as usize);
            } else {
                open.extend([left as usize, right as usize]);
            }
        }
        Tree { nodes }
    }

    /// The naive twin: a row at a time, over codes of features.
    fn value(tree: &Tree, codes: [u8; 2]) -> f32 {
        let mut index = 0;
        loop {
            match &tree.nodes[index] {
                Node::Leaf(leaf) => return leaf.value,
                Node::Split(split) => {
                    let is_left = split.is_left(codes[split.feature as usize], u8::MAX);
                    index = if is_left { split.left } else { split.right } as usize;
                }
            }
        }
    }

    #[test]
    fn both_forms_agree_with_the_naive_twin() {
        let rows = CHUNK_ROWS + 1_234;
        let mut codes = vec![0u8; 2 * BLOCK_ROWS];
        for row in 0..rows {
            codes[row] = ((row * 40_503) >> 7) as u8;
            codes[BLOCK_ROWS + row] = ((row * 30_011) >> 5) as u8;
        }
        let block = CodeBlock {
            first_row: 0,
            rows,
            codes: &codes,
        };
        let features = [FeatureCodes::number(255, true); 2];
        let layout = CodeLayout::identity(2);
        for (leaves, is_comb) in [
            (1, false),
            (2, false),
            (23, true),
            (64, false),
            (255, true),
            (256, false),
            (300, false),
        ] {
            let tree = tree(leaves, is_comb);
            let mut compiled = CompiledTree::new(&tree, &features, &layout);
            assert_eq!(compiled.byte_columns().count() as u32, leaves - 1);
            assert_eq!(compiled.moves.is_empty(), leaves == 1 || leaves > 255);
            let first = 77;
            let of_row = |row: usize| value(&tree, [codes[row], codes[BLOCK_ROWS + row]]);
            let expected: Vec<f32> = (first..rows).map(|row| 0.1 + of_row(row)).collect();
            let mut margins = vec![0.1; rows - first];
            compiled.add(&block, first, &mut margins);
            assert_eq!(margins, expected, "{leaves} leaves");
            compiled.moves.clear();
            margins.fill(0.1);
            compiled.add(&block, first, &mut margins);
            assert_eq!(margins, expected, "{leaves} leaves, walking");
        }
    }
}
