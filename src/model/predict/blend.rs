//! A tree evaluated from the leaves up, many rows an instruction.
//!
//! Every node is computed for every row: its result is its left child's where the row goes left, and
//! else its right child's. Results are leaf numbers, a byte a row, so a 16-byte register blends 16
//! rows; the 63 nodes of a full tree of depth 6 cost less than 6 dependent steps a row.
//!
//! ```text
//!         n0            postfix:   n1(leaf 0, leaf 1)   n2(leaf 2, leaf 3)   n0(pop, pop)
//!       /    \
//!     n1      n2        a code goes left if  code + shift <= last  (mod 256)
//!    /  \    /  \
//!   0    1  2    3      then            margin += values[number], a row at a time
//! ```
//!
//! The shift makes the missing code, the largest one, either stay largest (0: right) or wrap to
//! zero (left). Sets of categories go through a table first. O(rows * nodes / 16).

use crate::{
    limits::CODES_MAX,
    model::{
        predict::tile::{TILE_ROWS, TileColumn},
        tree::{Node, NodeSplit, Rule, Tree},
    },
};

/// The cost of one row of one node: some 0.1 ns.
const NODE_COST: usize = 1;
/// The cost of a look-up of one row in a set.
const SET_COST: usize = 8;

/// One tree, children before parents.
#[derive(Debug)]
pub(crate) struct BlendTree {
    steps: Vec<Step>,
    /// Tables of sets: 0 for codes that go left, else 1.
    sets: Vec<[u8; CODES_MAX]>,
    /// Leaf values by leaf number.
    values: Box<[f32; CODES_MAX]>,
    stack_columns: usize,
}

/// One node.
#[derive(Debug, Clone, Copy)]
struct Step {
    slot: u32,
    /// A table to put codes through before the comparison.
    set: Option<u32>,
    shift: u8,
    last: u8,
    left: Operand,
    right: Operand,
}

/// A child's result.
#[derive(Debug, Clone, Copy)]
enum Operand {
    /// The number of a leaf.
    Leaf(u8),
    /// The top of the stack; of two such children the right one is on top.
    Stack,
}

/// Working memory: results of nodes whose parents are still to come.
#[derive(Debug, Clone)]
pub(crate) struct BlendStack {
    columns: Vec<TileColumn>,
    looked_up: Box<TileColumn>,
}

impl BlendStack {
    pub(crate) fn new(columns: usize) -> Self {
        Self {
            columns: vec![[0; TILE_ROWS]; columns],
            looked_up: Box::new([0; TILE_ROWS]),
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        (self.columns.capacity() + 1) * TILE_ROWS
    }
}

impl BlendTree {
    /// Compiles a tree; `None` if it is a leaf or has more leaves than a byte can number.
    pub(crate) fn compile(
        tree: &Tree,
        slot_of: impl Fn(u32) -> usize,
        missing_codes: &[u8],
    ) -> Option<Self> {
        let leaves = tree.leaves().count();
        if !(2..=CODES_MAX).contains(&leaves) {
            return None;
        }
        let mut compiled = Self {
            steps: Vec::with_capacity(leaves - 1),
            sets: Vec::new(),
            values: Box::new([0.0; CODES_MAX]),
            stack_columns: 0,
        };
        let mut numbers = vec![0; tree.nodes.len()];
        for (number, index) in leaf_indexes(tree).enumerate() {
            numbers[index] = number as u8;
        }
        for (leaf, value) in tree.leaves().zip(compiled.values.iter_mut()) {
            *value = leaf.value;
        }
        let operand = |child: u32| match tree.nodes[child as usize] {
            Node::Leaf(_) => Operand::Leaf(numbers[child as usize]),
            Node::Split(_) => Operand::Stack,
        };
        let mut height = 0_usize;
        for split in postorder(tree) {
            let (left, right) = (operand(split.left), operand(split.right));
            let (set, shift, last) = compiled.test(split, missing_codes[split.feature as usize]);
            compiled.steps.push(Step {
                slot: slot_of(split.feature) as u32,
                set,
                shift,
                last,
                left,
                right,
            });
            let popped = [left, right]
                .iter()
                .filter(|side| matches!(side, Operand::Stack))
                .count();
            height = height + 1 - popped;
            compiled.stack_columns = compiled.stack_columns.max(height);
        }
        Some(compiled)
    }

    /// The columns that the stack must have.
    pub(crate) fn stack_columns(&self) -> usize {
        self.stack_columns
    }

    /// The cost of the tree for a tile, however many of its rows count.
    pub(crate) fn cost(&self) -> usize {
        TILE_ROWS * (self.steps.len() * NODE_COST + self.sets.len() * SET_COST)
    }

    /// Adds the tree's values to the margins of the tile's rows.
    pub(crate) fn add(&self, tile: &[TileColumn], stack: &mut BlendStack, margins: &mut [f32]) {
        assert!(margins.len() <= TILE_ROWS, "rows of one tile");
        let BlendStack { columns, looked_up } = stack;
        let mut height = 0;
        for step in &self.steps {
            let codes = &tile[step.slot as usize];
            let codes = match step.set {
                None => codes,
                Some(set) => {
                    look_up(&self.sets[set as usize], codes, looked_up);
                    &**looked_up
                }
            };
            height = step.run(codes, columns, height);
        }
        for (margin, number) in margins.iter_mut().zip(&columns[0]) {
            *margin += self.values[usize::from(*number)];
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.steps.capacity() * size_of::<Step>()
            + self.sets.capacity() * CODES_MAX
            + size_of_val(&*self.values)
    }

    /// The table, shift and last code of a node's question.
    fn test(&mut self, split: &NodeSplit, missing_code: u8) -> (Option<u32>, u8, u8) {
        match split.rule {
            Rule::AtMost(last) if !split.missing_left => (None, 0, last),
            Rule::AtMost(last) => {
                // The missing code becomes 0 and the others follow it: one more of them is left.
                let shift = missing_code.wrapping_neg();
                (None, shift, last.wrapping_add(shift))
            }
            Rule::Subset(_) => {
                let mut table = [0; CODES_MAX];
                for (code, goes_right) in table.iter_mut().enumerate() {
                    *goes_right = u8::from(!split.is_left(code as u8, missing_code));
                }
                self.sets.push(table);
                (Some(self.sets.len() as u32 - 1), 0, 0)
            }
        }
    }
}

impl Step {
    /// Replaces the children's results by the node's own. Returns the new height.
    fn run(&self, codes: &TileColumn, columns: &mut [TileColumn], height: usize) -> usize {
        let (shift, last) = (self.shift, self.last);
        match (self.left, self.right) {
            (Operand::Leaf(left), Operand::Leaf(right)) => {
                blend_into(codes, shift, last, &mut columns[height], |_| (left, right));
                height + 1
            }
            (Operand::Leaf(left), Operand::Stack) => {
                let results = &mut columns[height - 1];
                blend_into(codes, shift, last, results, |right| (left, right));
                height
            }
            (Operand::Stack, Operand::Leaf(right)) => {
                let results = &mut columns[height - 1];
                blend_into(codes, shift, last, results, |left| (left, right));
                height
            }
            (Operand::Stack, Operand::Stack) => {
                let (below, top) = columns.split_at_mut(height - 1);
                let (left, right) = (&mut below[height - 2], &top[0]);
                for row in 0..TILE_ROWS {
                    left[row] = pick(codes[row], shift, last, left[row], right[row]);
                }
                height - 1
            }
        }
    }
}

/// Blends what `sides` makes of each row's present result.
#[inline(always)]
fn blend_into(
    codes: &TileColumn,
    shift: u8,
    last: u8,
    results: &mut TileColumn,
    sides: impl Fn(u8) -> (u8, u8),
) {
    for row in 0..TILE_ROWS {
        let (left, right) = sides(results[row]);
        results[row] = pick(codes[row], shift, last, left, right);
    }
}

/// The left or the right value, by masks: a choice in source becomes a branch a row.
#[inline(always)]
fn pick(code: u8, shift: u8, last: u8, left: u8, right: u8) -> u8 {
    let is_left = u8::from(code.wrapping_add(shift) <= last).wrapping_neg();
    right ^ ((left ^ right) & is_left)
}

fn look_up(table: &[u8; CODES_MAX], codes: &TileColumn, looked_up: &mut TileColumn) {
    for (result, code) in looked_up.iter_mut().zip(codes) {
        *result = table[usize::from(*code)];
    }
}

fn leaf_indexes(tree: &Tree) -> impl Iterator<Item = usize> {
    let is_leaf = |(index, node): (usize, &Node)| matches!(node, Node::Leaf(_)).then_some(index);
    tree.nodes.iter().enumerate().filter_map(is_leaf)
}

/// The nodes with children: left subtree, right subtree, node. The larger stack that a deep right
/// spine needs is bounded by the depth.
fn postorder(tree: &Tree) -> Vec<&NodeSplit> {
    let mut order = Vec::new();
    let mut pending = vec![0_usize];
    while let Some(index) = pending.pop() {
        if let Node::Split(split) = &tree.nodes[index] {
            order.push(split);
            pending.extend([split.left as usize, split.right as usize]);
        }
    }
    // Node, right subtree, left subtree, reversed.
    order.reverse();
    order
}
